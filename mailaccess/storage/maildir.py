"""One Maildir as files: names, info letters, tmp -> new -> cur, scans that can be believed. Knows no UID and no index.

File names are str as `os.fsdecode` makes them: a name that is no UTF-8 holds surrogates, so store names by
`os.fsencode`. Failed system calls raise OSError (`errors.from_os` words them); FileNotFoundError means that the
message's file is not there, NoSuchMailbox that the directories are not.
"""
# Paths are str here: making a Path costs more than most of these calls.
# ruff: noqa: PTH208, PTH102, PTH108, PTH112, PTH116, S108

import contextlib
import errno
import os
import stat
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from mailaccess.storage.disk import rename_noreplace, sync_directory
from mailaccess.storage.errors import NoSuchMailbox
from mailaccess.storage.incoming import Incoming
from mailaccess.storage.names import Entry, Where, info_of, new_base, parse_name, size_hints

TMP_AGE = 36 * 3600
"""Seconds after which a file in tmp/ belongs to nobody."""

_TICK = 25_000_000  # ns: the clock behind file times moves in steps of up to 10 ms
_COARSE_TICK = 2_100_000_000  # where a file system keeps whole seconds, or every other
_RENAME_AGE = 60  # seconds after which two names of one file are no longer an unfinished rename
_NO_LINK = {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}
_COPY_STEP = 1 << 20


class Stamp(NamedTuple):
    """The state of new/ and cur/ as far as it can be told without reading them: their inodes, mtimes and ctimes in ns.

    The ctime is what catches a program that puts the mtime back (rsync, tar).
    """

    new_inode: int
    new_mtime: int
    new_ctime: int
    cur_inode: int
    cur_mtime: int
    cur_ctime: int

    def of(self, where: Where) -> tuple[int, int, int]:
        """The half that concerns one directory."""
        return self[:3] if where == "new" else self[3:]


class Listing(NamedTuple):
    """What a reading of new/ and cur/ showed, as it came: of some files perhaps several names."""

    names: list[str]
    new: set[str]  # those of them that are in new/
    stamp: Stamp  # taken before
    settled: bool  # nothing changed meanwhile: what is not here does not exist


class Scan(NamedTuple):
    """What a reading of new/ and cur/ showed."""

    entries: dict[str, Entry]  # by base
    duplicates: list[Entry]  # further files of a base that is in `entries`; real ones only if settled
    stamp: Stamp  # taken before
    settled: bool  # nothing changed meanwhile: what is not here does not exist


def settled_parts(stamp: Stamp, now_ns: int) -> dict[Where, bool]:
    """The same of each directory."""
    return {
        "new": settled(stamp._replace(cur_ctime=stamp.new_ctime), now_ns),
        "cur": settled(stamp._replace(new_ctime=stamp.cur_ctime), now_ns),
    }


def settled(stamp: Stamp, now_ns: int) -> bool:
    """The stamp is a file system tick away from `now_ns` (time.time_ns()): a change from now on must differ from it."""
    return _ticks_away(stamp, now_ns) <= 0


def is_settled(ctime: int, now_ns: int) -> bool:
    """The same of any one directory."""
    return _ticks_away(Stamp(0, 0, ctime, 0, 0, ctime), now_ns) <= 0


def _ticks_away(stamp: Stamp, now_ns: int) -> int:
    """Nanoseconds until the stamp can be trusted; none if negative. A time in the future is no less distinct."""
    coarse = not stamp.new_ctime % 10**9 and not stamp.cur_ctime % 10**9
    nearest = min(abs(now_ns - stamp.new_ctime), abs(now_ns - stamp.cur_ctime))
    return (_COARSE_TICK if coarse else _TICK) - nearest


class Maildir:
    """One directory with new/, cur/ and tmp/. Holds no state but its path; safe for any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new = f"{path}/new"
        self._cur = f"{path}/cur"
        self._tmp = f"{path}/tmp"

    def create(self) -> None:
        """Makes what is missing of the directory and its three, durably; cur/ last, as it is what makes a mailbox."""
        missing = [path for path in (self.path, *self.path.parents) if not path.exists()]
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in missing:
            sync_directory(path.parent)
        for directory in (self._tmp, self._new, self._cur):
            with contextlib.suppress(FileExistsError):
                os.mkdir(directory, 0o700)
        sync_directory(self.path)

    def exists(self) -> bool:
        """There is a mailbox here."""
        return os.path.isdir(self._cur)

    def file(self, entry: Entry) -> str:
        """The path of an entry's file."""
        return f"{self._new if entry.where == 'new' else self._cur}/{entry.base}{entry.info}"

    def stamp(self, *, mend: bool = True) -> Stamp:
        """The directories' present stamp: two stat calls. NoSuchMailbox; FileNotFoundError, if none is to be mended."""
        try:
            new, cur = os.stat(self._new), os.stat(self._cur)
        except FileNotFoundError:
            if not mend:
                raise
            self._mend()
            new, cur = os.stat(self._new), os.stat(self._cur)
        return Stamp(new.st_ino, new.st_mtime_ns, new.st_ctime_ns, cur.st_ino, cur.st_mtime_ns, cur.st_ctime_ns)

    def scan(self, only: Collection[str] | None = None) -> Scan:
        """Reads new/, then cur/, once; beside a renaming program it may miss files or see some twice. NoSuchMailbox.

        `only`: the bases to be looked for, which is several times faster.
        """
        begun = time.time_ns()
        stamp = self.stamp()
        entries: dict[str, Entry] = {}
        duplicates: list[Entry] = []
        for entry in self._entries(only):
            if entry.base in entries:
                duplicates.append(entries[entry.base])  # the name seen last is the likelier one to be there still
            entries[entry.base] = entry
        return Scan(entries, duplicates, stamp, settled(stamp, begun) and self.stamp() == stamp)

    def listing(self) -> Listing:
        """As `settled_scan(1)`, without anything made of it: where there may be a million. NoSuchMailbox."""
        self.await_tick()
        begun = time.time_ns()
        stamp = self.stamp()
        names = list(_names(self._new))
        new = {name for name in names}  # noqa: C416 - set() of a million is a single step of the interpreter
        names += _names(self._cur)
        return Listing(names, new, stamp, settled(stamp, begun) and self.stamp() == stamp)

    def names(self, where: Where) -> set[str]:
        """The names in one directory, of whatever kind. Proves nothing of what it does not show. NoSuchMailbox."""
        path = self._new if where == "new" else self._cur
        try:
            found = os.listdir(path)
        except FileNotFoundError:
            self._mend()
            found = os.listdir(path)
        return {name for name in found if name[0] != "."}

    def settled_scan(self, attempts: int = 8, only: Collection[str] | None = None) -> Scan:
        """Scans until nothing changed meanwhile, at most `attempts` times; `settled` says whether it came to that.

        Unsettled, it shows what any of the attempts saw, under the name seen last. Sleeps up to 25 ms an attempt, for
        the file system's clock to move on. NoSuchMailbox.
        """
        seen: dict[str, Entry] = {}
        for _ in range(attempts):
            self.await_tick()
            scan = self.scan(only)
            if scan.settled:
                return scan
            seen.update(scan.entries)
        return scan._replace(entries=seen)

    def await_tick(self) -> None:
        """Sleeps up to 25 ms, until the stamp can be trusted. NoSuchMailbox."""
        wait = _ticks_away(self.stamp(), time.time_ns())
        if wait > 0:
            time.sleep(min(wait, _TICK) / 10**9)

    def find(self, entry: Entry) -> Entry | None:
        """The message's file at its last known name or at the likely next ones (moved to cur/, read).

        None means that it is at none of these, not that it is gone: only a settled scan proves that.
        """
        for candidate in (
            entry,
            entry._replace(info=info_of(entry.letters, entry.info), where="cur"),
            entry._replace(info=info_of(entry.letters + "S", entry.info), where="cur"),
        ):
            with contextlib.suppress(FileNotFoundError):
                os.lstat(self.file(candidate))
                return candidate
        return None

    def rename(self, entry: Entry, info: str, where: Where = "cur") -> Entry:
        """Gives the file another info. FileNotFoundError: it is not there; FileExistsError: another has that name."""
        renamed = Entry(entry.base, info, where)
        if renamed != entry:
            rename_noreplace(self.file(entry), self.file(renamed))
        return renamed

    def unlink(self, entry: Entry) -> None:
        """Removes the file. FileNotFoundError: it is not there."""
        os.unlink(self.file(entry))

    def separate(self, kept: Entry, other: Entry) -> Entry | None:
        """Ends a duplicate that a settled scan found: `other` gets a base of its own and is returned.

        None: nothing is left to do, as one of the two is gone, or both were names of one file and `other` is removed,
        or are and may be another program's unfinished rename: that is left for a later scan.
        """
        try:
            first, second = os.lstat(self.file(kept)), os.lstat(self.file(other))
            if (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino):
                if time.time() - second.st_ctime > _RENAME_AGE:
                    self.unlink(other)
                return None
            renamed = Entry(new_base(*size_hints(other.base)), other.info, other.where)
            rename_noreplace(self.file(other), self.file(renamed))
        except FileNotFoundError:
            return None
        return renamed

    def incoming(self) -> Incoming:
        """A new file in tmp/. NoSuchMailbox."""
        try:
            return Incoming(self._tmp)
        except FileNotFoundError:
            self._mend()
            return Incoming(self._tmp)

    def link_in(self, incoming: Incoming, info: str = ":2,", date: int | None = None, where: Where = "cur") -> Entry:
        """Syncs the file (unless that was done) and moves it from tmp/ into place under its final base.

        Durable after `sync(where)`. NoSuchMailbox.
        """
        incoming.sync(date)
        return self._put(incoming, info, where)

    def link_copy(self, entry: Entry, target: "Maildir", info: str) -> Entry:
        """A second message with the same content in `target`'s cur/: a hard link, or a copy where there can be none.

        The mtime is the same. Durable after `target.sync("cur")`. FileNotFoundError: the source is not there;
        NoSuchMailbox: the target is not.
        """
        source = self.file(entry)
        copy = Entry(self._base_for(entry), info, "cur")
        try:
            with target._expected():
                os.link(source, target.file(copy), follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            return self._copy(source, target, info)
        return copy

    def move(self, entry: Entry, target: "Maildir", info: str) -> Entry:
        """Moves the file to `target`'s cur/ under a new base. Durable after `sync` of both directories.

        FileNotFoundError: it is not there; NoSuchMailbox: the target is not.
        """
        moved = Entry(self._base_for(entry), info, "cur")
        try:
            with target._expected():
                rename_noreplace(self.file(entry), target.file(moved))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            moved = self._copy(self.file(entry), target, info)
            target.sync("cur")  # before the only other copy goes
            self.unlink(entry)
        return moved

    def sync(self, *where: Where) -> None:
        """Makes the renames, links and removals in these directories durable (both, if none is named)."""
        for name in where or ("new", "cur"):
            sync_directory(self._new if name == "new" else self._cur)

    def clean_tmp(self, now: float, age: float = TMP_AGE) -> int:
        """Removes files in tmp/ that were not touched for `age` seconds, by ctime: mtime is the message's date."""
        removed = 0
        with contextlib.suppress(FileNotFoundError), os.scandir(self._tmp) as found:
            for item in found:
                with contextlib.suppress(FileNotFoundError):
                    if item.is_file(follow_symlinks=False) and item.stat().st_ctime < now - age:
                        os.unlink(item.path)
                        removed += 1
        return removed

    def _entries(self, only: Collection[str] | None = None) -> Iterator[Entry]:
        # new/ first: a file that moves to cur/ meanwhile is then seen twice, not missed.
        yield from _read(self._new, "new", only)
        yield from _read(self._cur, "cur", only)

    def _mend(self) -> None:
        """Backups leave out empty directories: new/ and tmp/ are made again where there is a cur/."""
        if not self.exists():
            raise NoSuchMailbox("the mailbox is no longer there")
        self.create()

    @contextlib.contextmanager
    def _expected(self) -> Iterator[None]:
        """A call that misses a file may miss this mailbox: then it is NoSuchMailbox."""
        try:
            yield
        except FileNotFoundError:
            if self.exists():
                raise
            raise NoSuchMailbox("the mailbox is no longer there") from None

    def _put(self, incoming: Incoming, info: str, where: Where) -> Entry:
        with self._expected():
            base = incoming.move(self._new if where == "new" else self._cur, info)
        return Entry(base, info, where)

    def _base_for(self, entry: Entry) -> str:
        """A new base for the entry's content, with the sizes its name tells if they are not lies."""
        size, wire_size = size_hints(entry.base)
        actual = os.lstat(self.file(entry)).st_size
        return new_base(actual, wire_size if size == actual else None)

    def _copy(self, source: str, target: "Maildir", info: str) -> Entry:
        fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            with target.incoming() as incoming:
                while data := os.read(fd, _COPY_STEP):
                    incoming.write(data)
                incoming.finish(os.fstat(fd).st_mtime_ns)
                return target._put(incoming, info, "cur")
        finally:
            os.close(fd)


def _read(path: str, where: Where, only: Collection[str] | None) -> Iterator[Entry]:
    if only is not None:
        for name in os.listdir(path):
            if name.partition(":")[0] in only and _is_file(f"{path}/{name}"):
                yield parse_name(name, where)
        return
    infos: dict[str, str] = {}  # one object for all files of the same
    for name in _names(path):
        base, colon, rest = name.partition(":")  # parse_name, without a call for each of 100,000
        info = colon + rest
        yield Entry(base, infos.setdefault(info, info), where)


def _names(path: str) -> Iterator[str]:
    """Of the files in a directory."""
    with os.scandir(path) as found:
        for item in found:
            name = item.name
            if name[0] != "." and item.is_file(follow_symlinks=False):
                yield name


def _is_file(path: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return stat.S_ISREG(os.lstat(path).st_mode)
    return False
