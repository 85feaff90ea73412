"""What is left of a Maildir when the machine stops at any step of an operation.

Every call that changes a file or makes a change durable is a step. At each, two copies of the mail are taken: what a
process killed there leaves behind (everything that was done), and what a power failure leaves (only what was synced:
contents that were fsynced, under names whose directory was fsynced, and what the index committed durably).
"""

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mailaccess.storage import disk

_NOBODY = 1 << 22  # above all process ids

DATABASE = ("index.sqlite", "index.sqlite-wal")


class Left(NamedTuple):
    """What one stop leaves."""

    root: Path  # where accounts are
    power: bool  # it was a power failure
    acknowledged: list[Any]  # what was reported as done by then


class _Kept(NamedTuple):
    data: bytes
    mtime_ns: int


class Recorder:
    """Takes the copies. `acknowledge` notes what the caller has been told."""

    def __init__(self, root: Path, copies: Path) -> None:
        self.left: list[Left] = []
        self._root = root
        self._copies = copies
        self._acknowledged: list[Any] = []
        self._files: dict[int, _Kept] = {}  # by inode: contents as of their last sync
        self._directories: dict[int, dict[str, os.stat_result]] = {}  # by inode: entries as of their last sync
        self._database: dict[Path, _Kept] = {}
        self._durable = False  # the transaction under way
        self._copying = False
        for directory, _, names in os.walk(root):
            self._sync_directory(Path(directory))
            for name in names:
                self._sync_file(Path(directory) / name)
        self._sync_database()

    def acknowledge(self, what: object) -> None:
        """The caller has been told."""
        self._acknowledged.append(what)
        self.step()

    def step(self) -> None:
        """The machine may stop here."""
        if self._copying:
            return
        self._copying = True
        for power in (False, True):
            copy = self._copies / f"{len(self.left)}"
            if power:
                self._write_durable(copy)
            else:
                shutil.copytree(self._root, copy, symlinks=True, ignore=shutil.ignore_patterns("*-shm"))
            for lock in copy.glob("**/*.lock"):
                lock.write_text(f"{_NOBODY}:{os.uname().nodename}")  # this process goes on, which the dead one does not
            self.left.append(Left(copy, power, list(self._acknowledged)))
        self._copying = False

    @contextmanager
    def watching(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """After each such call the machine may stop; before the first one too."""
        self.step()
        with monkeypatch.context() as patched:
            for name in ("link", "unlink", "replace", "rmdir", "pwrite"):
                patched.setattr(os, name, partial(self._after, getattr(os, name)))
            patched.setattr(os, "mkdir", partial(self._mkdir, os.mkdir))
            patched.setattr(os, "fsync", self._fsync(os.fsync))
            patched.setattr(disk, "_renameat2", partial(self._after, disk._renameat2))
            patched.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=self._connection_class()))
            yield

    def _after(self, call: Any, *args: Any, **options: Any) -> Any:
        result = call(*args, **options)
        self.step()
        return result

    def _mkdir(self, mkdir: Any, path: str | Path, *args: Any, **options: Any) -> None:
        mkdir(path, *args, **options)
        self._directories[Path(path).stat().st_ino] = {}  # the inode may have been another directory's
        self.step()

    def _fsync(self, fsync: Callable[[int], None]) -> Callable[[int], None]:
        def watched(fd: int) -> None:
            fsync(fd)
            path = Path(f"/proc/self/fd/{fd}").readlink()
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                self._sync_directory(path)
            else:
                self._sync_file(path)
            self.step()

        return watched

    def _connection_class(self) -> type[sqlite3.Connection]:
        recorder = self

        class Watched(sqlite3.Connection):
            def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
                if sql.startswith("PRAGMA synchronous"):
                    recorder._durable = "FULL" in sql
                if sql != "COMMIT" or not self.in_transaction:
                    return super().execute(sql, *args)
                cursor = super().execute(sql, *args)
                if recorder._durable:
                    recorder._sync_database()
                recorder.step()
                return cursor

        return Watched

    # -- what is durable

    def _sync_directory(self, path: Path) -> None:
        self._directories[path.stat().st_ino] = {entry.name: entry.lstat() for entry in path.iterdir()}

    def _sync_file(self, path: Path) -> None:
        status = path.stat()
        self._files[status.st_ino] = _Kept(path.read_bytes(), status.st_mtime_ns)

    def _sync_database(self) -> None:
        for path in self._root.glob("*/mailaccess/index.sqlite*"):
            if path.name in DATABASE:
                self._database[path] = _Kept(path.read_bytes(), 0)

    def _write_durable(self, copy: Path) -> None:
        self._write_directory(self._root.stat().st_ino, copy)
        for path, kept in self._database.items():
            target = copy / path.relative_to(self._root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(kept.data)

    def _write_directory(self, inode: int, target: Path) -> None:
        target.mkdir(parents=True)
        for name, status in self._directories.get(inode, {}).items():
            if stat.S_ISDIR(status.st_mode):
                self._write_directory(status.st_ino, target / name)
            elif not name.startswith("index.sqlite"):
                kept = self._files.get(status.st_ino, _Kept(b"", status.st_mtime_ns))
                (target / name).write_bytes(kept.data)
                os.utime(target / name, ns=(kept.mtime_ns, kept.mtime_ns))
