"""The full-text index's file. Nobody depends on it: whatever is wrong with it, there is none for the moment.

Whoever has it open holds the lock shared; who removes it or makes it holds the lock alone. For SQLite, closing a file
that another took the place of, would remove the other's journal.
"""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mailaccess.storage.disk import sync_directory
from mailaccess.storage.text import schema

log = logging.getLogger(__name__)

FILE = "text.sqlite"
_LOCK = "text.lock"
_SUFFIXES = ("", "-wal", "-shm")


class Opened:
    """A connection. Whoever has one closes it."""

    __slots__ = ("_lock", "connection", "identity")

    def __init__(self, connection: sqlite3.Connection, lock: int, identity: tuple[int, int]) -> None:
        self.connection = connection
        self.identity = identity  # device and inode
        self._lock = lock

    def close(self) -> None:
        """May be called twice."""
        if self._lock >= 0:
            with suppress(sqlite3.Error):
                self.connection.close()
            os.close(self._lock)
            self._lock = -1


class TextFile:
    """One account's."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE
        self._unusable = False  # SQLite lacks what is needed

    def exists(self) -> bool:
        """There is one, though perhaps not of this index."""
        return self.path.exists()

    def open(self, instance: str) -> Opened | None:
        """The texts of messages of this index, to be asked. None: there are none at present."""
        return self._open(instance, writing=False)

    def open_writing(self, instance: str, *, create: bool = True) -> Opened | None:
        """The same to be added to, made if there is none."""
        opened = self._open(instance, writing=True)
        if opened is None and create and not self._unusable and not self.exists():
            self._create(instance)
            opened = self._open(instance, writing=True)
        return opened

    def is_current(self, opened: Opened) -> bool:
        """Nobody removed the file meanwhile."""
        return self._identity() == opened.identity

    def failed(self, opened: Opened, error: sqlite3.Error) -> None:
        """Closes what cannot be used; a damaged file is removed, when nobody else has it open any more."""
        opened.close()
        self._failed(error)

    def remove(self) -> bool:
        """Removes the file, unless somebody has it open."""
        with self._alone() as alone:
            if alone:
                for suffix in _SUFFIXES:
                    self.path.with_name(FILE + suffix).unlink(missing_ok=True)
        return alone

    def size(self) -> int:
        """Octets on disk."""
        total = 0
        for suffix in _SUFFIXES:
            with suppress(OSError):
                total += self.path.with_name(FILE + suffix).stat().st_size
        return total

    # -- inside

    def _open(self, instance: str, *, writing: bool) -> Opened | None:
        if not self.exists():
            return None
        lock = self._lock(fcntl.LOCK_SH | fcntl.LOCK_NB)
        if lock is None:
            return None  # it is being made or removed
        identity = self._identity()
        try:
            if identity is not None:
                return Opened(schema.connect(self.path, instance, writing=writing), lock, identity)
        except sqlite3.Error as error:
            os.close(lock)
            self._failed(error)
            return None
        os.close(lock)
        return None

    def _failed(self, error: sqlite3.Error) -> None:
        if not schema.is_damaged(error):
            log.warning("the full-text index %s cannot be used at present: %s", self.path, error)
        elif self.remove():
            log.warning("the full-text index %s is begun anew: %s", self.path, error)

    def _create(self, instance: str) -> None:
        new = self.path.with_name(f"{FILE}.new")
        with self._alone() as alone:
            if not alone or self.exists():
                return
            try:
                for suffix in _SUFFIXES:
                    new.with_name(new.name + suffix).unlink(missing_ok=True)
                    self.path.with_name(FILE + suffix).unlink(missing_ok=True)
                schema.create(new, instance)
                new.replace(self.path)
                sync_directory(self.path.parent)
            except (OSError, sqlite3.Error) as error:
                # Where there is no room there may be some later; SQLite does not learn.
                self._unusable = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
                log.warning("there can be no full-text index %s: %s", self.path, error)

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        lock = self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                os.close(lock)

    def _lock(self, operation: int) -> int | None:
        """A descriptor that holds the lock; None if others hold it, or it cannot be had."""
        try:
            lock = os.open(self.path.with_name(_LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(lock, operation)
        except OSError:
            os.close(lock)
            return None
        return lock
