"""REPLACE: a new message in the place of an old one (RFC 8508)."""

from mailaccess.imap import respelling, telling
from mailaccess.imap.changing import present, target_with_room, tell_soft_quota, writable
from mailaccess.imap.errors import No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import STAR, NumSet
from mailaccess.imap.receiving import receiving
from mailaccess.imap.registry import SELECTED, command
from mailaccess.imap.session import Session
from mailaccess.imap.upload import Upload
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import call


def parse_number(cursor: Cursor) -> NumSet:
    """seq-number = nz-number / "*" """
    number = STAR if cursor.skip(b"*") else cursor.nz_number()
    return ((number, number),)


@command(b"REPLACE", when=SELECTED, stream=True, uid=True, capability=b"REPLACE", rfc=8508)
async def replace(session: Session, line: bytes) -> bytes:
    """RFC 8508 section 3; all that APPEND takes for one message. Nothing is taken over from the message replaced."""
    source = session.mailbox
    async with receiving(session, line) as receiver:
        rest = receiver.rest
        numbers = parse_number(rest.cursor)
        rest.cursor.sp()
        name = await rest.mailbox()
        message = receiver.announced()
        writable(session)
        there, _ = present(session, numbers)
        if not there:
            raise No("There is no such message", b"NONEXISTENT")
        target, receiver.room = await target_with_room(session, name, (source, there[0]))
        await receiver.take(message, target)
        if not rest.finished:
            raise rest.cursor.bad("the end of the command")
        new = await call(_store, receiver.upload, source, there[0], target)
    session.brought(target, [new])
    tell_soft_quota(session, target)
    await respelling.tell_respelled(session, name)
    # "advised to send the APPENDUID response code in an untagged OK before sending the EXPUNGE" (section 4.3)
    session.untagged(b"OK [APPENDUID %d %d] Replacement message ready" % (target.uidvalidity, new))
    await telling.update(session, expunges=True)
    return b"[HIGHESTMODSEQ %d] REPLACE completed" % session.view.highest if session.condstore else b"REPLACE completed"


def _store(upload: Upload, source: Mailbox, uid: int, target: Mailbox) -> int:
    """Blocking: the new message's UID."""
    [item] = upload.written(target)
    return source.replace(uid, item, target)
