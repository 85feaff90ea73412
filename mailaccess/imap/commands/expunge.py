"""EXPUNGE and UID EXPUNGE."""

from mailaccess.imap.errors import No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import NumSet
from mailaccess.imap.registry import SELECTED, command
from mailaccess.imap.session import Session
from mailaccess.wire.traps import call


def writable(session: Session) -> None:
    """Refuses what a mailbox opened by EXAMINE does not allow."""
    if session.view.read_only:
        raise No("The mailbox is open read-only", b"READ-ONLY")


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
    return await _expunge(session, session.view.uids(session.ranges(numset)))


async def _expunge(session: Session, uids: list[int] | None) -> bytes | None:
    writable(session)
    gone = await call(session.mailbox.expunge, uids)
    await session.update(expunges=True)
    if gone and session.condstore:
        # "MUST send the HIGHESTMODSEQ response code" to a client that enabled QRESYNC (RFC 7162 3.2.7)
        return b"[HIGHESTMODSEQ %d] Expunged" % session.view.highest
    return None
