"""Editing a small text file that other programs read and edit too: locked, replaced as a whole, else untouched."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple


class Busy(Exception):  # noqa: N818 - what happened, not an error
    """Somebody else is editing the file."""


class Stamp(NamedTuple):
    """What differs after any change of a file, unless two changes share one tick of the clock. Times in ns."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file that was looked at."""
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@contextmanager
def edit(path: Path, *, create: bool = False, wait: bool = True) -> Iterator[list[str]]:
    """The file's lines, each with its line end, to be changed in place; the file is replaced if they were.

    The replacement has the old file's mode, owner and extended attributes, and is on disk at the end. `create`: a
    missing file is made, readable by its owner only. Without `wait`: Busy if somebody else is editing. OSError if
    the file cannot be replaced by its like. Octets that are no UTF-8 are kept.
    """
    # A symbolic link stays one.
    path = Path(os.path.realpath(path))
    if create:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    descriptor = _locked(path, wait)
    try:
        with open(descriptor, "rb", closefd=False) as file:
            before = file.read().decode("utf-8", "surrogateescape")
        lines = [line for line in _split(before) if line]
        yield lines
        after = "".join(lines)
        if after != before:
            _replace(path, descriptor, after.encode("utf-8", "surrogateescape"))
    finally:
        os.close(descriptor)


def _split(text: str) -> list[str]:
    """Lines end with LF only: a name may hold what `splitlines` takes for an end."""
    pieces = text.split("\n")
    return [piece + "\n" for piece in pieces[:-1]] + pieces[-1:]


def _locked(path: Path, wait: bool) -> int:
    """A descriptor of the file that has this name, locked: a replacement may have come while the lock was awaited."""
    while True:
        # For writing: a file that may not be written is to be left alone, even where its directory would let us.
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise Busy(f"{path} is being edited") from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _replace(path: Path, descriptor: int, content: bytes) -> None:
    status = os.fstat(descriptor)
    new, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(new, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            _keep_owner(path, new, status)
            shutil.copystat(path, name)
            os.utime(name)
            file.write(content)
            file.flush()
            os.fsync(new)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _keep_owner(path: Path, new: int, old: os.stat_result) -> None:
    """A group that we are not in need not be kept where it may do no more and no less than anybody."""
    ours = os.fstat(new)
    if (ours.st_uid, ours.st_gid) == (old.st_uid, old.st_gid):
        return
    try:
        os.fchown(new, old.st_uid, old.st_gid)
    except PermissionError:
        group, others = old.st_mode >> 3 & 7, old.st_mode & 7
        if ours.st_uid != old.st_uid or group != others:
            raise PermissionError(errno.EPERM, "Its owner and group cannot be kept", str(path)) from None


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
