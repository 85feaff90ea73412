"""What other programs did in mailboxes that nobody has open, for sums over an account."""

import time
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from pathlib import Path

from mailaccess.storage.box import Box
from mailaccess.storage.errors import StorageError
from mailaccess.storage.folders import Folders
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.rows import stamp_column
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.maildir import Maildir
from mailaccess.storage.sync import sync

_TICK = 50_000_000
"""Nanoseconds within which two changes of a directory may bear one time."""

_LISTED = 10 * 10**9
"""Nanoseconds after which a directory may have become a mailbox, of which the root tells nothing."""

_LITTLE = 0.005
"""Seconds of work that are not too much for each message that comes in: some hundred mailboxes looked at ..."""
_SHARE = 20
"""... and of more, looking takes no larger part of the time."""


class CatchUp:
    """Has an account's index reflect its directories: those that differ from what it knows are compared."""

    def __init__(self, root: Path, index: Index, folders: Folders) -> None:
        self._root = root
        self._index = index
        self._folders = folders
        self._rest_until = 0.0
        self._count = 0
        self._there: dict[str, Maildir] = {}
        self._listed = 0  # the root's mtime then, once no change can hide behind it
        self._list_until = 0

    def __call__(self) -> int:
        """How many mailboxes there are."""
        if time.monotonic() >= self._rest_until:
            self._count = self._look()
        return self._count

    def _look(self) -> int:
        begun = time.thread_time()
        self._list()
        there, known = self._there, self._index.read(reading.stamps)
        different = [directory for directory in there if _stamp(there[directory]) != known.get(directory)]
        spent = time.thread_time() - begun
        if spent > _LITTLE:
            self._rest_until = time.monotonic() + spent * _SHARE
        for directory in different:
            with suppress(StorageError, OSError):  # what cannot be read counts as it was known
                sync(Box(self._root, self._index, directory))
        gone = known.keys() - there.keys()
        if gone:
            self._index.write(partial(self._lose, directories=gone), durable=False)
        return len(there)

    def _list(self) -> None:
        """Which mailboxes there are: anew where the root has changed since, or from time to time."""
        now, changed = time.time_ns(), self._root.stat().st_mtime_ns
        if changed != self._listed or now > self._list_until:
            paths = self._folders.mailboxes().values()
            self._there = {"" if path == self._root else path.name: Maildir(path) for path in paths}
            self._listed = changed if changed < now - _TICK else 0
            self._list_until = now + _LISTED

    def _lose(self, transaction: Transaction, directories: Collection[str]) -> None:
        """Other programs have removed them, or moved them: then they are found again."""
        for directory in directories:
            row = transaction.find_mailbox(directory=directory)
            if row is not None and directory and not (self._root / directory).exists():
                transaction.set_directory(row, None)


def _stamp(maildir: Maildir) -> str:
    """As the index has it; of one that lacks its parts something else."""
    try:
        return stamp_column(maildir.stamp(mend=False))
    except OSError:
        return "?"
