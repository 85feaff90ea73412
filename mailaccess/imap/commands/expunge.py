"""EXPUNGE and UID EXPUNGE."""

from mailaccess.imap import limiting, telling
from mailaccess.imap.changing import tell_highest, writable
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import NumSet
from mailaccess.imap.registry import SELECTED, command
from mailaccess.imap.session import Session
from mailaccess.mail.flags import DELETED
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import call, compute_steps


@command(b"EXPUNGE", when=SELECTED)
async def expunge(session: Session) -> bytes | None:
    """RFC 3501 6.4.3"""
    return await _expunge(session, None)


def parse_uid_expunge(cursor: Cursor) -> tuple[NumSet]:
    """uid-expunge = "UID" SP "EXPUNGE" SP sequence-set"""
    numset = cursor.numset()
    cursor.end()
    return (numset,)


@command(b"UID EXPUNGE", when=SELECTED, parse=parse_uid_expunge, by_uid=True, capability=b"UIDPLUS", rfc=4315)
async def uid_expunge(session: Session, numset: NumSet) -> bytes | None:
    """RFC 4315 2.1: only what is \\Deleted and in the set."""
    uids, lowest = session.view.uids(session.ranges(numset)), 0
    limit = session.settings.max_messages
    if len(uids) > limit:  # only what is \Deleted is processed
        uids = await compute_steps(len(uids), _deleted, session.mailbox, uids)
        if len(uids) > limit:
            uids = uids[-limit:]
            lowest = uids[0]
    return await _expunge(session, uids, lowest)


def _deleted(mailbox: Mailbox, uids: list[int]) -> list[int]:
    messages = mailbox.messages
    rows = map(messages.position, uids)
    return [uid for uid, row in zip(uids, rows, strict=True) if row >= 0 and DELETED in messages.flags[row]]


async def _expunge(session: Session, uids: list[int] | None, lowest: int = 0) -> bytes | None:
    """`lowest` as in `limiting.within`."""
    writable(session)
    gone = await call(session.mailbox.expunge, uids)
    await telling.update(session, expunges=True)
    if lowest:
        tell_highest(session)
        return limiting.completed(session, lowest)
    if gone and session.condstore:
        # "MUST send the HIGHESTMODSEQ response code" to a client that enabled QRESYNC (RFC 7162 3.2.7)
        return b"[HIGHESTMODSEQ %d] Expunged" % session.view.highest
    return None
