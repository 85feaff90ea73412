"""What commands that change messages have in common: may they, which messages are there, and where new ones go."""

from collections.abc import Iterator
from contextlib import contextmanager

from mailaccess.imap import limiting
from mailaccess.imap.errors import No
from mailaccess.imap.numset import NumSet
from mailaccess.imap.session import Session
from mailaccess.imap.view import length
from mailaccess.storage.access import Access
from mailaccess.storage.errors import NoSuchMailbox
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.quota import Room
from mailaccess.wire.traps import call


def writable(session: Session) -> None:
    """Refuses what a mailbox opened by EXAMINE does not allow."""
    if session.view.read_only:
        raise No("The mailbox is open read-only", b"READ-ONLY")


def tell_highest(session: Session) -> None:
    """HIGHESTMODSEQ, where the tagged OK has another code."""
    if session.condstore:
        session.untagged(b"OK [HIGHESTMODSEQ %d] Highest" % session.view.highest)


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

    return await call(find_target, session.account, name, instead_of)


def find_target(
    account: Access, name: str, instead_of: tuple[Mailbox, int] | None = None
) -> tuple[Mailbox, Room | None]:
    """The same, in a thread."""
    with _creatable():
        target = account.target(name)
        return target, target.room(instead_of)


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
