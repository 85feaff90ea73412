"""APPEND: messages go to disk as they arrive, however large, and all of one command or none (RFC 3502)."""

from mailaccess.imap import respelling
from mailaccess.imap.changing import find_target, target_with_room, tell_soft_quota
from mailaccess.imap.numset import render
from mailaccess.imap.receiving import Receiver, receiving
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.session import Session
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import call

feature(b"MULTIAPPEND", rfc=3502)
feature(b"APPENDLIMIT", rfc=7889)
feature(b"CATENATE", rfc=4469)


@command(b"APPEND", when=AUTHENTICATED, stream=True, rfc=(3501, 3502, 3516, 4469))
async def append(session: Session, line: bytes) -> bytes:
    """RFC 3501 6.3.11; literal8, which may hold NULs, is RFC 3516's. What is sent is kept octet for octet."""
    async with receiving(session, line) as receiver:
        name = await receiver.rest.mailbox()
        target: Mailbox | None = None
        while True:
            message = receiver.announced()
            if target is None and not receiver.is_coming(message):
                target, receiver.room = await target_with_room(session, name)
            await receiver.take(message, target)
            if receiver.rest.finished:
                break
        mailbox, uids, claimed = await call(_store, session, receiver, name, target)
    if claimed and not session.rev2:
        session.view.claimed(uids)
    session.brought(mailbox, uids)
    tell_soft_quota(session, mailbox)
    await respelling.tell_respelled(session, name)
    return b"[APPENDUID %d %s] APPEND completed" % (mailbox.uidvalidity, render(uids))


def _store(session: Session, receiver: Receiver, name: str, target: Mailbox | None) -> tuple[Mailbox, list[int], bool]:
    """Blocking: where the messages were put, their UIDs, and whether the session has claimed \\Recent of them.

    `target`: the mailbox, unless it is yet to be looked for."""
    if target is None:
        target, room = find_target(session.account, name)
        receiver.check(room)
    view = session.selected
    # With NOTIFY the client may not hear of them.
    claiming = view is not None and view.mailbox is target and not view.read_only and session.notifier is None
    uids, claimed = receiver.upload.store(target, claiming=claiming)
    return target, uids, claimed
