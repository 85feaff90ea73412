"""COPY and MOVE."""

from collections.abc import Iterator
from contextlib import contextmanager

from mailaccess.imap import limiting
from mailaccess.imap.commands.expunge import tell_highest, writable
from mailaccess.imap.errors import No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import NumSet, render
from mailaccess.imap.registry import SELECTED, command
from mailaccess.imap.session import Session
from mailaccess.imap.view import length
from mailaccess.storage.errors import NoSuchMailbox
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.quota import Room
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
    await session.update(expunges=True)
    if lowest:
        tell_highest(session)
        return limiting.completed(session, lowest)
    return b"[HIGHESTMODSEQ %d] Moved" % session.view.highest if session.condstore else None


def present(session: Session, numset: NumSet) -> tuple[list[int], int]:
    """The UIDs a set names, all of which are there: a sequence number of a message expunged meanwhile is refused.
    And `lowest`, as in `limiting.within`."""
    view = session.view
    ranges, lowest = limiting.within(session, session.ranges(numset))
    there = view.present(ranges)
    if len(there) < length(ranges) and not session.by_uid:
        raise No("Some of the messages no longer exist", b"EXPUNGEISSUED")
    return there, lowest


async def target_mailbox(session: Session, name: str) -> Mailbox:
    """Where messages are put. "the server MUST send [TRYCREATE]" if it could be created (RFC 3501 6.3.11, 6.4.7)."""
    with _creatable():
        return await call(session.account.target, name)


async def target_with_room(
    session: Session, name: str, instead_of: tuple[Mailbox, int] | None = None
) -> tuple[Mailbox, Room | None]:
    """The same, and how much may be added: see Mailbox.room."""

    def look() -> tuple[Mailbox, Room | None]:
        target = session.account.target(name)
        return target, target.room(instead_of)

    with _creatable():
        return await call(look)


@contextmanager
def _creatable() -> Iterator[None]:
    try:
        yield
    except NoSuchMailbox as missing:
        raise No(str(missing), b"TRYCREATE") from None


def tell_soft_quota(session: Session, target: Mailbox) -> None:
    """Where more was let in than there should be, an "untagged NO response" (RFC 9208 4.3.1)."""
    if target.over_quota:
        session.untagged(b"NO [OVERQUOTA] Soft quota has been exceeded")


def copyuid(target: Mailbox, pairs: list[tuple[int, int]]) -> bytes:
    """resp-code-copy = "COPYUID" SP uidvalidity SP uid-set SP uid-set   (RFC 4315)"""
    return b"[COPYUID %d %s %s]" % (
        target.uidvalidity,
        render(source for source, _ in pairs),
        render(copied for _, copied in pairs),
    )
