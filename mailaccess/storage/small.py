"""Small messages read whole, as they are on disk, many at a time: for who looks through a mailbox."""

import os
import stat
from collections.abc import Collection

from mailaccess.mail.lines import to_wire
from mailaccess.storage.box import Box
from mailaccess.storage.index import reading

MOST = 256 * 1024
"""Octets of a file."""

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # as `content` opens them


def files(box: Box, uids: Collection[int]) -> dict[int, bytes]:
    """The octets of these messages' files. Left out are those that have to be opened as any other: large ones, and
    those whose file is not where the index has it, or has other content."""
    wanted = set(uids)
    found: dict[int, bytes] = {}
    for uid, file in box.index.read(lambda connection: reading.files_of(connection, box.id, uids)).items():
        if uid in wanted and file.stamp.size <= MOST:
            data = _read(box.maildir.file(file.entry), file.stamp.size, file.stamp.mtime_ns)
            if data is not None:
                found[uid] = data
    return found


def wire(data: bytes) -> bytes:
    """The octets of a file as they are on the wire, as `Content.as_buffer` has them."""
    data = to_wire(data)
    return data.replace(b"\0", b"\x80") if b"\0" in data else data


def _read(path: str, size: int, mtime: int) -> bytes | None:
    try:
        fd = os.open(path, _FLAGS)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if status.st_size != size or status.st_mtime_ns != mtime or not stat.S_ISREG(status.st_mode):
            return None
        data = os.read(fd, size + 1)
    except OSError:
        return None
    finally:
        os.close(fd)
    return data if len(data) == size else None
