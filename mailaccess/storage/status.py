"""What is told of a mailbox that nobody need have open."""

from dataclasses import dataclass

from mailaccess.storage.box import Box
from mailaccess.storage.contents import make_sizes
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import MailboxRow
from mailaccess.storage.sync import sync_with_room


@dataclass(frozen=True, slots=True)
class Status:
    """A mailbox's sums. Sizes in octets."""

    messages: int
    recent: int
    uidnext: int
    uidvalidity: int
    unseen: int
    deleted: int
    size: int
    highestmodseq: int
    guid: str
    stored_deleted: int  # on disk, of those with \\Deleted


def look(box: Box, *, size: bool) -> Status:
    """The sums, fresh with disk. `size`: without it, files not yet read are not, and count as nothing."""
    sync_with_room(box)
    row = box.look()
    if size and row.unsized:
        make_sizes(box, box.index.read_apart(lambda connection: reading.unsized(connection, box.id)))
        row = box.look()
    recent = row.messages
    if row.first_recent > 1:
        recent = box.index.read(lambda connection: reading.count_from(connection, box.id, row.first_recent))
    return of(row, recent)


def of(row: MailboxRow, recent: int) -> Status:
    """The sums that the row has, and how many are \\Recent."""
    return Status(
        messages=row.messages,
        recent=recent,
        uidnext=row.uidnext,
        uidvalidity=row.uidvalidity,
        unseen=row.unseen,
        deleted=row.deleted,
        size=row.size,
        highestmodseq=row.highestmodseq,
        guid=row.guid,
        stored_deleted=row.stored_deleted,
    )
