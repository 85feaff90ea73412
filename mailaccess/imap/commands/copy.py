"""COPY and MOVE."""

from mailaccess.imap import limiting, telling
from mailaccess.imap.changing import present, target_mailbox, tell_highest, tell_soft_quota, writable
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import NumSet, render
from mailaccess.imap.registry import SELECTED, command
from mailaccess.imap.session import Session
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import call


def parse_copy(cursor: Cursor) -> tuple[NumSet, str]:
    """copy = "COPY" SP sequence-set SP mailbox"""
    numset = cursor.numset()
    cursor.sp()
    name = cursor.mailbox()
    cursor.end()
    return numset, name


@command(b"COPY", when=SELECTED, parse=parse_copy, uid=True, rfc=(3501, 4315))
async def copy(session: Session, numset: NumSet, name: str) -> bytes | None:
    """RFC 3501 6.4.7; COPYUID is RFC 4315's."""
    uids, lowest = present(session, numset)
    if lowest:
        raise limiting.too_many(session, lowest)
    target = await target_mailbox(session, name)
    if not uids:
        return None
    pairs = await call(session.mailbox.copy, uids, target)
    session.brought(target, [new for _, new in pairs])
    tell_soft_quota(session, target)
    return copyuid(target, pairs) + b" Copied" if pairs else None


@command(b"MOVE", when=SELECTED, parse=parse_copy, uid=True, capability=b"MOVE", rfc=6851)
async def move(session: Session, numset: NumSet, name: str) -> bytes | None:
    """RFC 6851. COPYUID goes in an untagged OK before the first EXPUNGE (section 4.3)."""
    writable(session)
    uids, lowest = present(session, numset)
    target = await target_mailbox(session, name)
    if not uids:
        return None
    pairs = await call(session.mailbox.move, uids, target)
    session.brought(target, [new for _, new in pairs])
    if not pairs:
        return None
    session.untagged(b"OK " + copyuid(target, pairs) + b" Moved")
    await telling.update(session, expunges=True)
    if lowest:
        tell_highest(session)
        return limiting.completed(session, lowest)
    return b"[HIGHESTMODSEQ %d] Moved" % session.view.highest if session.condstore else None


def copyuid(target: Mailbox, pairs: list[tuple[int, int]]) -> bytes:
    """resp-code-copy = "COPYUID" SP uidvalidity SP uid-set SP uid-set   (RFC 4315)"""
    return b"[COPYUID %d %s %s]" % (
        target.uidvalidity,
        render(source for source, _ in pairs),
        render(copied for _, copied in pairs),
    )
