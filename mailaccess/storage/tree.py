"""Changes of the tree of mailboxes: made, deleted, renamed, each on disk and in the index under the write lock.

A rename may concern several directories: what is meant is written down before the first is touched, and whoever opens
the account next finishes it.
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from mailaccess.storage import acl, special_uses
from mailaccess.storage.disk import sync_directory
from mailaccess.storage.errors import HasChildren, MailboxExists, NoSuchMailbox
from mailaccess.storage.folders import INBOX, SEPARATOR, Folders, directory_name, normal_name
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.quota import Quota
from mailaccess.storage.subscriptions import change_subscriptions

DefaultMailbox = tuple[str, str]
"""Name and special use."""


def prepare(root: Path, index: Index, folders: Folders, defaults: Iterable[DefaultMailbox]) -> None:
    """Makes the account's INBOX, with the default mailboxes if there was nothing at all; finishes what was begun."""
    if not (root / "cur").is_dir():
        if _is_new(root, defaults):
            _make_defaults(root, folders, defaults)
        with suppress(MailboxExists):
            folders.create(INBOX)  # last: it is what makes this an account
    for number, work in index.read(lambda connection: reading.intents(connection, "rename")).items():
        old, new, moves = work["old"], work["new"], work["moves"]
        index.write(partial(_finish_rename, folders=folders, number=number, old=old, new=new, moves=moves))


def create(index: Index, folders: Folders, quota: Quota, name: str, special_use: frozenset[str]) -> None:
    """Makes a mailbox."""

    def work(transaction: Transaction) -> None:
        if folders.find(name) is None:
            quota.admit_mailbox(lambda: len(folders.mailboxes()))
        directory = folders.create(name)
        _inherit(folders, name, directory)
        if special_use:
            special_uses.write(directory, special_use)
        earlier = transaction.find_mailbox(directory=directory.name)
        if earlier is not None:
            transaction.set_directory(earlier, None)  # of the same name, and removed by another program

    index.write(work)


def _inherit(folders: Folders, name: str, directory: Path) -> None:
    """The nearest parent that exists says who may do what with the new mailbox."""
    parts = normal_name(name).split(SEPARATOR)
    parents = (SEPARATOR.join(parts[:depth]) for depth in range(len(parts) - 1, 0, -1))
    nearest = next(filter(None, map(folders.find, parents)), None)
    if nearest is not None:
        acl.inherit(nearest, directory)


def delete(index: Index, folders: Folders, quota: Quota, name: str) -> str | None:
    """Removes a mailbox and its mail. Its children stay. Returns its GUID, if it ever had one."""

    def work(transaction: Transaction) -> str | None:
        directory = folders.find(name)
        if directory is None:
            if any(other.startswith(name + SEPARATOR) for other in folders.mailboxes()):
                raise HasChildren(f"{name} is only the parent of other mailboxes")
            raise NoSuchMailbox(f"there is no mailbox {name}")
        row = transaction.find_mailbox(directory=directory.name) if name != INBOX else None
        folders.delete(name)
        if row is None:
            return None
        transaction.forget_mailbox(row.id)
        quota.changed(transaction, -row.stored, -row.messages)
        return row.guid

    return index.write(work)


def rename(index: Index, folders: Folders, old: str, new: str) -> None:
    """Renames a mailbox and its children; not INBOX."""
    new = normal_name(new)

    def intend(transaction: Transaction) -> tuple[int, dict[str, str]]:
        mailboxes = folders.mailboxes()
        moves = {mailboxes[name].name: target for name, target in folders.check_rename(old, new).items()}
        return transaction.note_intent({"kind": "rename", "old": old, "new": new, "moves": moves}), moves

    number, moves = index.write(intend)
    index.write(partial(_finish_rename, folders=folders, number=number, old=old, new=new, moves=moves))


def _finish_rename(
    transaction: Transaction, folders: Folders, number: int, old: str, new: str, moves: dict[str, str]
) -> None:
    """`moves`: the names that directories (as they were called before) are to get."""
    folders.finish_rename(old, new)
    for directory, name in moves.items():
        target = folders.find(name)
        if target is None or (folders.root / directory).exists():
            continue  # something was in the way
        row = transaction.find_mailbox(directory=directory)
        if row is None:
            continue
        earlier = transaction.find_mailbox(directory=target.name)
        if earlier is not None:
            transaction.set_directory(earlier, None)
        transaction.set_directory(row, target.name)
        transaction.touched.add(row.id)
    transaction.forget_intent(number)


def _is_new(root: Path, defaults: Iterable[DefaultMailbox]) -> bool:
    """There is nothing but what we would make, or had begun to make."""
    ours = {"mailaccess", "tmp", "new", *(directory_name(name) for name, _ in defaults)}
    try:
        return all(
            path.name in ours or path.name.startswith(("mailaccess-", "subscriptions")) for path in root.iterdir()
        )
    except FileNotFoundError:
        return True


def _make_defaults(root: Path, folders: Folders, defaults: Iterable[DefaultMailbox]) -> None:
    names = [INBOX]
    if not root.exists():
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_directory(root.parent)
    for name, special_use in defaults:
        with suppress(MailboxExists):
            special_uses.write(folders.create(name), frozenset([special_use]))
        names.append(name)
    change_subscriptions(root, add=names)
