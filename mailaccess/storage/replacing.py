"""One message in another's place (RFC 8508): the new one is there and the old one is gone, or nothing has changed."""

import contextlib
from functools import partial
from pathlib import Path

from mailaccess.storage.box import Box
from mailaccess.storage.disk import rename_noreplace
from mailaccess.storage.errors import MessageGone
from mailaccess.storage.expunging import expunge
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import MailboxRow, Message
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.locating import Locator
from mailaccess.storage.names import new_base
from mailaccess.storage.writing import Item, add, append


def replace(box: Box, uid: int, item: Item, target: Box) -> int:
    """Adds a message to `target` and removes one from `box`, whatever its flags. The new one's UID. MessageGone.

    In one transaction, unless the two are of different accounts: then the new one is there before the old one goes.
    """
    if box.index is not target.index:
        if box.index.read(lambda connection: reading.message(connection, box.id, uid)) is None:
            raise MessageGone(uid)
        [new] = append(target, [item], "cur").uids
        expunge(box, [uid], only_deleted=False)
        return new
    incoming, _, date = item
    incoming.sync(date)
    new, left = target.index.write(partial(_replace, box=box, uid=uid, item=item, target=target))
    with contextlib.suppress(OSError):
        left.unlink()
    return new


def _replace(transaction: Transaction, box: Box, uid: int, item: Item, target: Box) -> tuple[int, Path]:
    """The new message's UID, and where the old one's file is: nothing is destroyed before the commit."""
    row = box.row(transaction)
    old = transaction.message(row, uid)
    if old is None:
        raise MessageGone(uid)
    target.admit(transaction, item[0].size - old.stamp.size, 0)
    [new] = add(transaction, target, [item], "cur")
    target.maildir.sync("cur")  # first: at no moment may neither of them outlive a power failure
    with box.changing(row):
        old, left = _set_aside(transaction, box, row, old)
    transaction.sync_before_commit(box.directory / old.entry.where)
    transaction.remove(row, [old])
    box.changed(transaction, -old.stamp.size, -1)
    return new, left


def _set_aside(transaction: Transaction, box: Box, row: MailboxRow, message: Message) -> tuple[Message, Path]:
    """Moves a message's file to tmp/, which is cleaned up if we are not there to do it; as it was then, and where."""
    locator = Locator(transaction, box, row)
    tmp = box.directory / "tmp"
    tmp.mkdir(mode=0o700, exist_ok=True)
    left = tmp / new_base()
    found: Message | None = message
    while found is not None:
        path = box.maildir.file(found.entry)
        try:
            rename_noreplace(path, left)
        except FileNotFoundError:
            found = locator.again(found)
        else:
            transaction.on_failure(partial(rename_noreplace, left, path))
            return found, left
    raise MessageGone(message.uid)
