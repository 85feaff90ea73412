"""What the standard library lacks about files: durable replacement, rename without overwriting, file system kinds."""

import contextlib
import ctypes
import errno
import fcntl
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_libc = ctypes.CDLL(None, use_errno=True)
_renameat2 = getattr(_libc, "renameat2", None)  # glibc 2.28; musl has none
_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}  # by the kernel, or by this file system
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}

_SHARED = {
    0x6969,  # NFS
    0x01021997,  # 9p
    0x65735546,  # FUSE, virtiofs
    0x517B,  # SMB
    0xFE534D42,  # SMB 2
    0xFF534D42,  # CIFS
    0x5346414F,  # AFS
    0x00C36400,  # Ceph
    0x0BD00BD0,  # Lustre
    0x01161970,  # GFS2
    0x7461636F,  # OCFS2
    0x786F4256,  # VirtualBox shared folders
    0xBACBACBC,  # VMware shared folders
}

_counter = itertools.count()

AnyPath = str | bytes | Path


class FileStamp(NamedTuple):
    """What tells one content of a file from another without reading it."""

    size: int  # octets on disk
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, stat: os.stat_result) -> "FileStamp":
        """The stamp of a file that was just asked about."""
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ino)


def sync_directory(path: str | Path) -> None:
    """Makes the directory's entries (made, renamed, removed) outlive a power failure."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds `<path>.lock`, for as long as a file is read and replaced; a file of its own, as that one is replaced."""
    fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def replace_file(
    path: Path, data: bytes | Iterable[bytes], *, newer_than: int | None = None, sync: bool = True
) -> FileStamp:
    """Puts `data`, perhaps in pieces, in the file's place, whole or not at all, durably; the mode of an older file is
    kept.

    Without `sync` the caller has still to sync the directory: until then it may be the older file.

    It is written in tmp/ where there is one, so that what a crash leaves is cleaned up with the rest.
    `newer_than`: an mtime in ns that the new file's mtime exceeds by whole seconds, for readers who compare seconds.
    """
    tmp = path.parent / "tmp"
    new = (tmp if tmp.is_dir() else path.parent) / f"{path.name}.{os.getpid()}.{next(_counter)}.tmp"
    try:
        with open(new, "xb", opener=_private) as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            stat = os.fstat(file.fileno())
            if newer_than is not None and stat.st_mtime_ns // 10**9 <= newer_than // 10**9:
                later = (newer_than // 10**9 + 1) * 10**9
                os.utime(file.fileno(), ns=(later, later))
                stat = os.fstat(file.fileno())
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    if sync:
        sync_directory(path.parent)
    return FileStamp.of(stat)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def rename_noreplace(old: AnyPath, new: AnyPath, *, within: int | None = None) -> None:
    """Renames, or raises FileExistsError where `new` exists already. Never destroys what is there.

    `within`: the descriptor of a directory in which the names are, so that the kernel need not find it each time.
    """
    if _renameat2 is not None:
        place = _AT_FDCWD if within is None else within
        source = old if isinstance(old, bytes) else os.fsencode(old)
        target = new if isinstance(new, bytes) else os.fsencode(new)
        if _renameat2(place, source, place, target, _RENAME_NOREPLACE) == 0:
            return
        code = ctypes.get_errno()
        if code not in _UNSUPPORTED:
            raise OSError(code, os.strerror(code), os.fspath(old), None, os.fspath(new))
    _move_by_link(old, new, within)


def is_shared(path: str | Path) -> bool:
    """The path lies on a file system that other hosts may write to, or whose changes this kernel does not see.

    Neither inotify nor SQLite's WAL can be relied on there. OSError where the path cannot be reached.
    """
    buffer = ctypes.create_string_buffer(256)  # struct statfs: 120 octets on 64 bit; its first word is the type
    if _libc.statfs(os.fsencode(path), buffer) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), os.fspath(path))
    return ctypes.c_ulong.from_buffer(buffer).value & 0xFFFFFFFF in _SHARED


def is_remote(path: str | Path) -> bool:
    """It is shared, or cannot be reached: who looks there may have to wait."""
    try:
        return is_shared(path)
    except OSError:
        return True


def _move_by_link(old: AnyPath, new: AnyPath, within: int | None) -> None:
    """The same in two steps. A crash between them leaves two names of one file, never none."""
    try:
        os.link(old, new, src_dir_fd=within, dst_dir_fd=within, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A directory, or a file system without links: looking first is the best that is left.
        with contextlib.suppress(FileNotFoundError):
            os.stat(new, dir_fd=within, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(new)) from error
        os.rename(old, new, src_dir_fd=within, dst_dir_fd=within)
        return
    os.unlink(old, dir_fd=within)
