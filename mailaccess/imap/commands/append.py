"""APPEND: messages go to disk as they arrive, however large, and all of one command or none (RFC 3502)."""

from mailaccess.imap import respelling
from mailaccess.imap.changing import target_with_room, tell_soft_quota
from mailaccess.imap.numset import render
from mailaccess.imap.receiving import receiving
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.session import Session
from mailaccess.wire.traps import call

feature(b"MULTIAPPEND", rfc=3502)
feature(b"APPENDLIMIT", rfc=7889)
feature(b"CATENATE", rfc=4469)


@command(b"APPEND", when=AUTHENTICATED, stream=True, rfc=(3501, 3502, 3516, 4469))
async def append(session: Session, line: bytes) -> bytes:
    """RFC 3501 6.3.11; literal8, which may hold NULs, is RFC 3516's. What is sent is kept octet for octet."""
    async with receiving(session, line) as receiver:
        name = await receiver.rest.mailbox()
        message = receiver.announced()
        mailbox, receiver.room = await target_with_room(session, name)
        await receiver.take(message, mailbox)
        while not receiver.rest.finished:
            await receiver.take(receiver.announced(), mailbox)
        uids = await call(receiver.upload.store, mailbox)
    session.brought(mailbox, uids)
    tell_soft_quota(session, mailbox)
    await respelling.tell_respelled(session, name)
    return b"[APPENDUID %d %s] APPEND completed" % (mailbox.uidvalidity, render(uids))
