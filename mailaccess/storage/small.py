"""Small messages read with few steps, many at a time: for who looks through a mailbox, and who fetches all of it."""

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress

from mailaccess.mail.lines import LineEnding, to_wire
from mailaccess.storage.box import Box
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import ENDINGS, entry_of, file_stamp, same_content

MOST = 256 * 1024
"""Octets of a file."""

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # as `content` opens them
_CRLF, _LF = ENDINGS.index(LineEnding.CRLF), ENDINGS.index(LineEnding.LF)


def files(box: Box, uids: Collection[int]) -> dict[int, bytes]:
    """The octets of these messages' files. Left out are those that have to be opened as any other: large ones, and
    those whose file is not where the index has it, or has other content."""
    return {uid: data for uid, _, data in _read(box, dict.fromkeys(uids, MOST))}


def beginnings(box: Box, ends: Mapping[int, int]) -> Iterator[tuple[int, bytes]]:
    """Of each message, by its UID, the first so many octets on the wire, as `Content.read` gives them, or a few more;
    all, where it has no more. Left out are the same as of `files`.

    One by one: what each takes of memory is still in the processor's cache when the next one is given it.
    """
    for uid, line_ends, octets in _read(box, ends):  # on disk an octet is not farther from the beginning
        data = octets
        if line_ends == _LF:
            data = octets.replace(b"\n", b"\r\n")
        elif line_ends != _CRLF:
            data = to_wire(octets)
        yield uid, data.replace(b"\0", b"\x80") if b"\0" in data else data


def unlike(box: Box, uids: Collection[int]) -> set[int]:
    """Those of the messages whose file is not where the index has it, or has other content: a look at each."""
    files = box.index.read(lambda connection: reading.files_of(connection, box.id, uids))
    found = set()
    for uid in uids:
        try:
            status = os.lstat(box.maildir.file(files[uid].entry))
        except (KeyError, OSError):
            found.add(uid)
        else:
            if not same_content(files[uid].stamp, file_stamp(status)):
                found.add(uid)
    return found


def wire(data: bytes) -> bytes:
    """The octets of a file as they are on the wire, as `Content.as_buffer` has them."""
    data = to_wire(data)
    return data.replace(b"\0", b"\x80") if b"\0" in data else data


@contextmanager
def _directories(box: Box) -> Iterator[dict[str, int]]:
    """Those that are there, open: each file's path need not be walked from the root."""
    found: dict[str, int] = {}
    try:
        for place in ("cur", "new"):
            with suppress(OSError):
                found[place] = os.open(box.maildir.path / place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        yield found
    finally:
        for fd in found.values():
            os.close(fd)


def _read(box: Box, ends: Mapping[int, int]) -> Iterator[tuple[int, int | None, bytes]]:
    """Of each file the first so many octets, or all; with the message's UID, and how its lines end. As few steps as can
    be: a mailbox has many files."""
    rows = box.index.read(lambda connection: reading.places_of(connection, box.id, ends))
    with _directories(box) as directories:
        for uid, base, info, place, line_ends, size, mtime in rows:
            if uid not in ends or size > MOST or place not in directories:
                continue
            end = ends[uid]
            length = min(end, size)
            name = base + info if isinstance(base, str) and isinstance(info, str) else entry_of(base, info, place).name
            try:
                fd = os.open(name, _FLAGS, dir_fd=directories[place])
            except OSError:
                continue
            try:
                status = os.fstat(fd)
                if status.st_size != size or status.st_mtime_ns != mtime or not stat.S_ISREG(status.st_mode):
                    continue
                data = os.read(fd, length)
            except OSError:
                continue
            finally:
                os.close(fd)
            if len(data) == length:
                yield uid, line_ends, data
