"""One account's index: its file, this process's connections to it, and what happens when it is lost or corrupt.

The file is a cache of what stands beside the mail (plus mod-sequences), so a corrupt one is set aside and begun anew.
Every write transaction holds the directory's lock shared; who sets a file aside holds it alone.
"""

import contextlib
import fcntl
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

from mailaccess.storage.disk import is_shared, sync_directory
from mailaccess.storage.errors import DiskFull, StorageError, Unavailable, from_os
from mailaccess.storage.index import schema
from mailaccess.storage.index.reserve import Reserve
from mailaccess.storage.index.transaction import Forgotten
from mailaccess.storage.index.writer import Committed, Work, Writer

log = logging.getLogger(__name__)

FILE = "index.sqlite"
BROKEN = "index.sqlite.broken"
WAKE = "wake"
_LOCK = "lock"  # held alone by who replaces the file, shared by who writes to it
_WORK = "work"  # shared by who does in several transactions what is one to its client
_SUFFIXES = ("", "-wal", "-shm")
_NO_JOURNAL = "its journal was removed"
_READ_TRIES = 3  # a reader is refused for a moment while a crashed database recovers

T = TypeVar("T")
Identity = tuple[int, int]  # device and inode


class _Opened:
    """A connection and the file it was made to."""

    __slots__ = ("_journal", "_path", "connection", "identity", "instance", "synchronous")

    def __init__(self, path: Path, *, writing: bool) -> None:
        stat = path.stat()
        self.identity: Identity = stat.st_dev, stat.st_ino
        self._path = str(path)
        self.connection = schema.connect(path, writing=writing)
        self._journal = _journal(self._path)
        try:
            self.instance: str = self.connection.execute("SELECT id FROM instance").fetchone()[0]
        except BaseException:
            self.connection.close()
            raise
        self.synchronous = ""

    def is_orphan(self) -> bool:
        """Another program removed the journal, though as long as one has it open, SQLite does not: who opens the file
        now sees what was before, and does not see that we write."""
        return _journal(self._path) != self._journal and _identity(self._path) == self.identity


class Index:
    """One account's index. Connections are opened when needed and closed by `release`; any thread may call.

    Raises StorageError, or Forgotten once after the file was set aside.
    """

    def __init__(
        self, directory: Path, committed: Committed, opened: Callable[["Index"], None] = lambda _: None
    ) -> None:
        """`opened` is told, outside all locks, by whoever may open connections and can wait."""
        self.directory = directory
        self.wake = directory / WAKE  # the file touched after every commit that a client may notice
        self._opened = opened
        self._path = directory / FILE
        self._reserve = Reserve(directory)
        self._known: tuple[Identity, str] | None = None  # file and instance that were last opened
        self._opening = threading.Lock()
        self._reader: _Opened | None = None
        self._reading = threading.Lock()
        self._writing: _Opened | None = None  # belongs to the writer's leader
        self._writer = Writer(committed)

    def instance(self) -> str:
        """What tells this database from others made in its place."""
        with self._reading, self._reading_faults():
            return self._open_reader().instance

    def verify(self) -> None:
        """Notices that the file was removed or replaced, or its journal."""
        self._opened(self)
        with self._reading, self._reading_faults():
            if self._reader is not None and self._reader.is_orphan():
                self._put_aside(self._reader.identity, _NO_JOURNAL)
            if self._reader is not None and self._reader.identity != self._on_disk():
                self._close_reader()

    def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Asks the reading connection something short. Never waits for a writer: fit for the reactor."""
        with self._reading, self._reading_faults():
            for _ in range(_READ_TRIES):
                try:
                    return question(self._open_reader().connection)
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                        raise
        raise Unavailable("the index is busy")

    def read_apart(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Asks something long, on a connection of its own, in one read transaction. May wait: not on the reactor."""
        self._opened(self)
        with self._reading, self._reading_faults():
            opened = self._open(writing=False)
        try:
            opened.connection.execute(f"PRAGMA busy_timeout = {int(schema.BUSY_SECONDS * 1000)}")
            opened.connection.execute("BEGIN")
            return question(opened.connection)
        except sqlite3.Error as error:
            self._lost(opened.identity, error)
            raise
        finally:
            opened.connection.close()

    def write(self, work: Work[T], *, durable: bool = True) -> T:
        """Runs the work in a write transaction, perhaps together with others'. Never on the reactor."""
        self._opened(self)
        try:
            return self._writer.run(self._transaction, work, durable=durable)
        except OSError as error:
            raise from_os(error) from error

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Around what takes several transactions: as long as its process lives, nobody takes it for interrupted."""
        with self._locked(fcntl.LOCK_SH, _WORK):
            yield

    @contextlib.contextmanager
    def nobody_at_work(self) -> Iterator[bool]:
        """Whether nobody is, and nobody can begin to be meanwhile."""
        try:
            with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB, _WORK):
                yield True
        except BlockingIOError:
            yield False

    def is_sound(self) -> bool:
        """Looks through the whole file; a corrupt one is set aside."""
        try:
            found = self.read_apart(lambda connection: connection.execute("PRAGMA integrity_check").fetchone()[0])
            if found != "ok":
                self._lost(self._on_disk(), schema.Unusable(found))
        except Forgotten:
            return False
        return True

    def release(self) -> bool:
        """Closes the connections unless they are in use."""
        leading = self._writer.pause()
        if not leading.acquire(blocking=False):
            return False
        try:
            if not self._reading.acquire(blocking=False):
                return False
            try:
                self._close_reader()
                self._close_writing()
            finally:
                self._reading.release()
        finally:
            leading.release()
        return True

    def close(self) -> None:
        """Closes the connections, after what is under way."""
        with self._writer.pause(), self._reading:
            self._close_reader()
            self._close_writing()

    # -- the file

    def _prepare(self) -> None:
        """Makes the directory and the database, if need be."""
        if self._on_disk() is not None:
            return
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_shared(self.directory):
            raise Unavailable(
                f"the index cannot be kept in {self.directory}, on a network or FUSE file system: "
                "set storage.index to a local directory"
            )
        with self._locked(fcntl.LOCK_EX):
            if not self._path.exists():
                new = self._path.with_name(f"{FILE}.new")
                for suffix in _SUFFIXES:
                    new.with_name(new.name + suffix).unlink(missing_ok=True)
                    self._path.with_name(FILE + suffix).unlink(missing_ok=True)
                schema.create(new)
                new.replace(self._path)
                sync_directory(self.directory)

    @contextlib.contextmanager
    def _locked(self, operation: int, name: str = _LOCK) -> Iterator[None]:
        fd = os.open(f"{self.directory}/{name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, operation)
            yield
        finally:
            os.close(fd)

    def _on_disk(self) -> Identity | None:
        return _identity(str(self._path))

    def _lost(self, broken: Identity | None, error: sqlite3.Error) -> NoReturn:
        """Sets a corrupt file aside, unless another process has done so, and raises Forgotten; or raises what it is."""
        if not _is_corrupt(error):
            raise _worded(error) from error
        self._put_aside(broken, error)
        raise Forgotten from error

    def _put_aside(self, broken: Identity | None, why: object) -> None:
        with self._locked(fcntl.LOCK_EX):
            if broken is not None and self._on_disk() == broken:
                log.warning("the index %s is broken (%s): set aside as %s and made anew", self._path, why, BROKEN)
                self._path.replace(self.directory / BROKEN)

    # -- connections

    def _open(self, *, writing: bool) -> _Opened:
        self._prepare()
        with self._locked(fcntl.LOCK_SH):
            return self._connect(writing=writing)

    def _connect(self, *, writing: bool) -> _Opened:
        """A connection to the file that is there now; the lock is held. An earlier state of the index, put in its place
        while we run, is of no use: it would give UIDs again that were given since."""
        with self._opening:
            if any(opened is not None and opened.is_orphan() for opened in (self._reader, self._writing)):
                raise schema.Unusable(_NO_JOURNAL)
            try:
                opened = _Opened(self._path, writing=writing)
            except sqlite3.OperationalError as error:
                if not (_is_full(error) and self._reserve.give_up()):
                    raise
                opened = _Opened(self._path, writing=writing)
            if self._known is not None and self._known[0] != opened.identity and self._known[1] == opened.instance:
                opened.connection.close()
                raise schema.Unusable("it is a copy of what was here")
            self._known = opened.identity, opened.instance
            return opened

    def _open_reader(self) -> _Opened:
        if self._reader is None:
            self._reader = self._open(writing=False)
        return self._reader

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.connection.close()
            self._reader = None
            self._reserve.set_aside()  # of what the last to close frees, for who opens the file next

    def _close_writing(self) -> None:
        if self._writing is not None:
            self._writing.connection.close()
            self._writing = None
            self._reserve.set_aside()

    @contextlib.contextmanager
    def _reading_faults(self) -> Iterator[None]:
        """What to do about errors of the reading connection, whose lock is held."""
        try:
            yield
        except OSError as error:
            raise from_os(error) from error
        except sqlite3.Error as error:
            broken = self._reader.identity if self._reader else self._on_disk()
            if _is_corrupt(error):
                self._close_reader()
            self._lost(broken, error)

    @contextlib.contextmanager
    def _transaction(self, durable: bool) -> Iterator[tuple[sqlite3.Connection, str]]:
        """The writer's `begin`."""
        self._prepare()
        try:
            with self._locked(fcntl.LOCK_SH):
                opened = self._open_writing()
                synchronous = "FULL" if durable else "NORMAL"
                if opened.synchronous != synchronous:
                    opened.connection.execute(f"PRAGMA synchronous = {synchronous}")
                    opened.synchronous = synchronous
                opened.connection.execute("BEGIN IMMEDIATE")
                try:
                    yield opened.connection, opened.instance
                    opened.connection.execute("COMMIT")
                except BaseException:
                    if opened.connection.in_transaction:
                        opened.connection.execute("ROLLBACK")
                    raise
        except sqlite3.Error as error:
            broken = self._writing.identity if self._writing else self._on_disk()
            if _is_corrupt(error):
                self._close_writing()
            if _is_full(error):
                self._make_room()
            self._lost(broken, error)

    def _make_room(self) -> None:
        """On a full disk the journal cannot grow. But once all of it is in the database it is used again from its
        beginning, and what the database needs for that was set aside: at the next attempt a user can read, and remove
        what fills the disk."""
        self._reserve.give_up()
        if self._writing is not None:
            with contextlib.suppress(sqlite3.Error):
                self._writing.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _open_writing(self) -> _Opened:
        """The writing connection, to the file that is there now; the lock is held."""
        if self._writing is not None and self._writing.identity != self._on_disk():
            self._close_writing()
        if self._writing is not None and self._writing.is_orphan():
            raise schema.Unusable(_NO_JOURNAL)
        if self._writing is None:
            self._writing = self._connect(writing=True)
            self._reserve.set_aside()
        return self._writing


def _identity(path: str) -> Identity | None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - twice or more for each transaction
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino


def _journal(path: str) -> tuple[Identity | None, Identity | None]:
    """What SQLite has beside a file: the log, and what processes that have it open share."""
    return _identity(path + "-wal"), _identity(path + "-shm")


def _is_corrupt(error: sqlite3.Error) -> bool:
    if isinstance(error, schema.Unusable):
        return True
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:  # the journal is shorter than all who have it open know it to be
        return True
    if code == sqlite3.SQLITE_ERROR:
        return "no such table" in str(error) or "no such column" in str(error)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _is_full(error: sqlite3.Error) -> bool:
    """No space is left, or none for what processes share."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE


def _worded(error: sqlite3.Error) -> StorageError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if _is_full(error):
        return DiskFull("no space is left where the index is kept")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable("the index is in use by another program")
    return Unavailable(f"the index cannot be used: {error}")
