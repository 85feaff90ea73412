"""Messages on their way out: EXPUNGE, and POP3's removal.

A file is gone, durably, before the index forgets it: a message that was said to be expunged never comes back.
"""

from collections.abc import Sequence
from functools import partial

from mailaccess.storage.box import Box
from mailaccess.storage.errors import DiskFull
from mailaccess.storage.flagging import slices
from mailaccess.storage.index.rows import Message
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.locating import Locator
from mailaccess.storage.survey import BOTH


def expunge(box: Box, uids: Sequence[int], *, only_deleted: bool) -> list[int]:
    """Removes messages, or those of them that are \\Deleted at that moment. The UIDs that are gone now."""
    gone: list[int] = []
    for piece in slices(uids):
        work = partial(_expunge, box=box, uids=piece, only_deleted=only_deleted)
        try:
            gone += box.index.write(work)
        except DiskFull:  # the index has made room by now, and this is how its user makes more
            gone += box.index.write(partial(work, again=True))
    return gone


def _expunge(
    transaction: Transaction, box: Box, uids: Sequence[int], only_deleted: bool, *, again: bool = False
) -> list[int]:
    """`again`: files may be gone already, but not durably."""
    row = box.row(transaction)
    locator = Locator(transaction, box, row)
    removed: list[Message] = []
    vanished: list[int] = []
    with box.changing(row):
        for known in transaction.messages(row, uids):
            message: Message | None = known
            while message is not None and not (only_deleted and "T" not in message.entry.letters):
                try:
                    box.maildir.unlink(message.entry)
                except FileNotFoundError:
                    message = locator.again(message)
                else:
                    removed.append(message)
                    break
            if message is None:
                vanished.append(known.uid)
    for where in BOTH if again else {message.entry.where for message in removed}:
        transaction.sync_before_commit(box.directory / where)
    transaction.remove(row, removed)
    box.changed(transaction, -sum(message.stamp.size for message in removed), -len(removed))
    return sorted(vanished + [message.uid for message in removed])
