"""A message on its way into a Maildir: a file in tmp/, until it is whole and durable."""
# Paths are str here: making a Path costs more than most of these calls.
# ruff: noqa: PTH108

import contextlib
import os
from typing import Self

from mailaccess.storage.disk import FileStamp, rename_noreplace
from mailaccess.storage.errors import from_os
from mailaccess.storage.names import new_base


class Incoming:
    """A message on its way in: a file in tmp/, counted as it is written. A context manager; discarded unless linked."""

    def __init__(self, tmp: str) -> None:
        self.size = 0  # octets on disk
        self.wire_size = 0  # octets once every line ends in CRLF
        self._base = new_base()
        self._after_cr = False
        self._stamp: FileStamp | None = None
        self._path: str | None = f"{tmp}/{self._base}"
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def write(self, data: bytes) -> None:
        """Appends octets as they arrived. Nothing is held back in memory. StorageError, such as DiskFull."""
        if not data:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            raise from_os(error) from error
        bare = data.count(b"\n") - data.count(b"\r\n") - (self._after_cr and data[0] == 10)
        self._after_cr = data[-1] == 13
        self.size += len(data)
        self.wire_size += len(data) + bare

    def sync(self, date: int | None = None) -> None:
        """Sets the date (seconds since the epoch; None: the time of writing), makes the file durable and closes it.

        Once done, further calls do nothing. StorageError, such as DiskFull.
        """
        try:
            self.finish(None if date is None else date * 10**9)
        except OSError as error:
            raise from_os(error) from error

    def finish(self, mtime_ns: int | None) -> None:
        """As `sync`, with a date in ns. OSError as it comes."""
        if self._fd < 0:
            return
        if mtime_ns is not None:
            os.utime(self._fd, ns=(mtime_ns, mtime_ns))
        os.fsync(self._fd)
        self._stamp = FileStamp.of(os.fstat(self._fd))
        self._close()

    @property
    def stamp(self) -> FileStamp:
        """The file's stamp, once it is synced. Taken before others see the file, and may rename it."""
        if self._stamp is None:
            raise ValueError("this message is not synced")
        return self._stamp

    @property
    def base(self) -> str:
        """The base it will have, once all is written."""
        return f"{self._base},S={self.size},W={self.wire_size}"

    def move(self, directory: str, info: str) -> str:
        """Moves the synced file to its place, under its final base, which is returned. FileNotFoundError: there is no
        such directory, or the file in tmp/ was removed; FileExistsError."""
        if self._path is None:
            raise ValueError("this message was linked in or discarded already")
        base = self.base
        rename_noreplace(self._path, f"{directory}/{base}{info}")
        self._path = None
        return base

    def discard(self) -> None:
        """Removes the file unless it was linked in. May be called twice."""
        self._close()
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            self._path = None

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
