"""All mailboxes of an account at a glance: which there are, and what STATUS tells of those that are as the index has
them.

To look into one mailbox takes half a millisecond, which is too long for each of hundreds. Here a mailbox costs three
stat calls, and the index is asked once for all, when anything was committed. Where that is asked for again and again,
the directories are watched, and cost nothing while nothing happens in them.
"""
# Paths are str here: making a Path costs more than the calls.
# ruff: noqa: PTH116

import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

from mailaccess.storage import acl, special_uses
from mailaccess.storage.errors import StorageError
from mailaccess.storage.folders import Folders, directory_name
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.sums import Totals, totals
from mailaccess.storage.maildir import is_settled
from mailaccess.storage.quiet import Quiet
from mailaccess.storage.status import Status
from mailaccess.storage.sync import first_looks
from mailaccess.storage.uidlist import stamp_of

Times = tuple[int, int, int]
"""Inode, mtime and ctime: what changes when anything is made, removed or renamed in a directory."""


class Found(NamedTuple):
    """One mailbox."""

    path: str
    uses: frozenset[str]  # those it was given
    listed: bool  # there is a list of who may do what with it


class _Seen(NamedTuple):
    """A directory of the account's root, when it was last read."""

    times: Times
    settled: bool  # a change since then shows in the times
    name: str | None  # None: it is no mailbox
    found: Found
    uidlist: tuple[int, ...] | None  # its stamp


class Overview:
    """One account's. For threads."""

    def __init__(self, root: Path, index: Index, folders: Folders) -> None:
        self._root = str(root)
        self._index = index
        self._folders = folders
        self._lock = threading.Lock()  # around all that follows
        self._times: Times | None = None  # the root's, when it was last listed
        self._settled = False
        self._directories: list[str] = []  # "" for the root, and those in it that may be mailboxes
        self._seen: dict[str, _Seen] = {}  # by directory
        self._tree: dict[str, Found] = {}  # by name
        self._places: dict[str, str] = {}  # directory by name
        self._connection: Connection | None = None  # that the next two come from
        self._version = 0
        self._totals: dict[str, Totals] = {}  # by directory
        self._statuses: dict[str, Status] = {}  # by name
        self._unsized: set[str] = set()  # of these, where the size of a message is not known
        self._quiet = Quiet()

    def mailboxes(self) -> Mapping[str, Found]:
        """Every mailbox that exists as a directory, by name; the same object as long as that does not change."""
        with self._lock:
            if not self._quiet.lasts():
                self._look()
            return self._tree

    def with_statuses(self, *, size: bool) -> tuple[Mapping[str, Found], Mapping[str, Status]]:
        """The same, and what STATUS tells of those that have no list of who may do what with them.

        Missing are those that differ from what the index has, and with `size` those where it would have to be found
        out: they have to be looked into.
        """
        self._index.verify()
        unknown = self._be_up_to_date()
        with suppress(StorageError, OSError):  # what is wrong is told of the mailbox that is looked into alone
            if first_looks(Path(self._root), self._index, unknown):
                self._be_up_to_date()
        with self._lock:
            if size and self._unsized:
                return self._tree, {name: self._statuses[name] for name in self._statuses.keys() - self._unsized}
            return self._tree, self._statuses

    def rest(self) -> None:
        """Lets go of watches."""
        self._quiet.rest()

    def _be_up_to_date(self) -> list[str]:
        """Returns the directories of the mailboxes that nobody has ever looked into."""
        with self._lock:
            quiet = self._quiet.lasts()
            if self._ask() or not quiet:
                self._quiet.listen([self._root, *(found.path for found in self._tree.values())])
                before = self._tree
                self._look()
                if self._tree is not before:
                    self._quiet.end()  # what is new is not listened to
                self._compare()
            return [directory for directory in self._places.values() if directory not in self._totals]

    # -- the tree

    def _look(self) -> None:
        now = time.time_ns()
        root = _times(self._root)
        if root != self._times or not self._settled:
            with os.scandir(self._root) as entries:
                found = [entry.name for entry in entries if entry.name[0] == "." and entry.is_dir()]
            self._directories = ["", *sorted(found)]
            self._times, self._settled = root, is_settled(root[2], now)
        seen: dict[str, _Seen] = {}
        for directory in self._directories:
            path = f"{self._root}/{directory}" if directory else self._root
            try:
                times = _times(path)
            except FileNotFoundError:
                continue
            before = self._seen.get(directory)
            if before is None or before.times != times or not before.settled or before.found.uses:
                seen[directory] = self._read(directory, path, times, is_settled(times[2], now))
            else:
                seen[directory] = before
        if seen != self._seen:
            self._seen = seen
            self._places = self._named(seen)
            tree = {name: seen[directory].found for name, directory in self._places.items()}
            if tree != self._tree:
                self._tree = tree

    def _read(self, directory: str, path: str, times: Times, settled: bool) -> _Seen:
        name = self._folders.name(directory)
        if name is None:
            return _Seen(times, settled, None, Found(path, frozenset(), False), None)
        found = Found(path, special_uses.read(path), acl.is_listed(Path(path)))
        return _Seen(times, settled, name, found, stamp_of(Path(path)))

    def _named(self, seen: Mapping[str, _Seen]) -> dict[str, str]:
        """Of several directories of one name the one that is spelled as we do."""
        found: dict[str, str] = {}
        for directory, each in seen.items():
            if each.name is not None and (each.name not in found or directory == directory_name(each.name)):
                found[each.name] = directory
        return found

    # -- the sums

    def _ask(self) -> bool:
        """Has the sums at hand as they are committed. Whether that is more than before."""

        def question(connection: Connection) -> tuple[Connection, int, dict[str, Totals]] | None:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if connection is self._connection and version == self._version:
                return None
            return connection, version, totals(connection)

        answer = self._index.read(question)
        if answer is None:
            return False
        self._connection, self._version, self._totals = answer
        return True

    def _compare(self) -> None:
        """Which of the sums are those of what the directories hold."""
        self._statuses, self._unsized = {}, set()
        for name, directory in self._places.items():
            sums, seen = self._totals.get(directory), self._seen[directory]
            if sums is None or seen.found.listed or not self._reflects(sums, directory, seen):
                continue
            self._statuses[name] = Status(
                messages=sums.messages,
                recent=sums.recent,
                uidnext=sums.uidnext,
                uidvalidity=sums.uidvalidity,
                unseen=sums.unseen,
                deleted=sums.deleted,
                size=sums.size,
                highestmodseq=sums.highestmodseq,
                guid=sums.guid,
                stored_deleted=sums.stored_deleted,
            )
            if sums.unsized:
                self._unsized.add(name)

    def _reflects(self, sums: Totals, directory: str, seen: _Seen) -> bool:
        path = seen.found.path
        if sums.uidlist is None:
            return False
        try:
            if sums.uidlist != seen.uidlist:  # what is written into the file does not show in the directory
                stamp = stamp_of(Path(path))
                if sums.uidlist != stamp:
                    return False
                self._seen[directory] = seen._replace(uidlist=stamp)
            return sums.stamp == _times(f"{path}/new") + _times(f"{path}/cur")
        except OSError:  # as whoever looks into it will be told
            return False


def _times(path: str) -> Times:
    status = os.stat(path)
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns
