"""A message's octets, read from its file in wire form: every line ends in CRLF, whatever the file's do.

A file with CRLF throughout is read as it is. Any other is read in blocks that are converted one by one; where block n
begins on the wire is kept for all readers of the file, so that an offset is found without reading what is before it.

NUL reads as 0x80, as Dovecot has it: neither an IMAP literal (RFC 3501 4.3) nor a line of POP3 may hold one. Only who
has a way to send it reads it as it is.
"""

import contextlib
import errno
import mmap
import os
import stat
import tempfile
import threading
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from typing import Self

from mailaccess.mail.lines import Buffer, LineEnding, to_wire
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.errors import ContentChanged, ShortRead

_BLOCK = 1 << 16  # octets on disk converted at a time
_IN_MEMORY = 1 << 20  # octets up to which a whole message is one bytes object
_STEP = 1 << 18
_MAPS = 256  # files whose block offsets are kept: 8 octets for each 64 KiB

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO must not block, a link not lead elsewhere


class Content:
    """One open message. A context manager; not for two threads at once.

    An already expunged message stays readable while it is open.
    """

    stamp: FileStamp
    ending: LineEnding  # of the file
    size: int  # octets in wire form

    def __init__(
        self,
        path: str,
        expected: FileStamp | None = None,
        ending: LineEnding | None = None,
        wire_size: int | None = None,
    ) -> None:
        """Opens the file. What is known of it (both `ending` and `wire_size`) saves reading it whole.

        FileNotFoundError; ContentChanged if the file is not `expected` or no plain file.
        """
        self._fd = -1
        self._buffer: Buffer | None = None
        # The block last converted, and where it begins; of a file of one block, all of it once that was asked for.
        self._block, self._chunk, self._chunk_start = -1, b"", 0
        self._known_offsets: _Offsets | None = None
        try:
            self._fd = os.open(path, _FLAGS)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENXIO}:
                raise ContentChanged("the message's file is no plain file") from error
            raise
        try:
            self._identify(expected)
            if ending is None or wire_size is None:
                ending, wire_size = self._survey()
        except BaseException:
            self.close()
            raise
        self.ending = ending
        self.size = self.stamp.size if ending is LineEnding.CRLF else wire_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, start: int, length: int) -> bytes:
        """Wire octets [start, start + length), fewer only at the message's end. ShortRead if the file has shrunk."""
        data = self.read_binary(start, length)
        return data.replace(b"\0", b"\x80") if b"\0" in data else data

    def read_binary(self, start: int, length: int) -> bytes:
        """The same, with NUL as NUL."""
        end = min(start + length, self.size)
        if start >= end:
            return b""
        if self.ending is LineEnding.CRLF:
            return self._pread(end - start, start)
        if self.stamp.size <= _BLOCK:
            return self._read_small(start, end)
        pieces: list[bytes] = []
        while start < end:
            if not self._chunk_start <= start < self._chunk_start + len(self._chunk):
                self._load(start)
            offset = start - self._chunk_start
            pieces.append(self._chunk[offset : offset + end - start])
            start += len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def as_buffer(self) -> Buffer:
        """The whole message: bytes up to 1 MiB, above that a mapped temporary file. Valid until `close`.

        The message's own file is never mapped: were it cut short meanwhile, reading the map would kill the process.
        """
        if self._buffer is None:
            self._buffer = self.read(0, self.size) if self.size <= _IN_MEMORY else self._spool()
        return self._buffer

    def close(self) -> None:
        """Closes the file. May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if isinstance(self._buffer, mmap.mmap):
            with contextlib.suppress(BufferError):  # someone still looks at a part of it; it goes when they do
                self._buffer.close()
        self._buffer = None

    def _identify(self, expected: FileStamp | None) -> None:
        self._status = status = os.fstat(self._fd)
        self.stamp = FileStamp.of(status)
        if not stat.S_ISREG(status.st_mode) or (expected is not None and expected != self.stamp):
            raise ContentChanged("the message's file is not the one that was expected")

    def _read_small(self, start: int, end: int) -> bytes:
        """Of a file of one block: no more is read than what ends there, for on disk it cannot end later."""
        if self._chunk:
            return self._chunk[start:end]
        data = self._convert(self._pread(min(end, self.stamp.size), 0), after_cr=False)
        if len(data) < end:
            raise ShortRead("the message's file is shorter than it was")
        if end == self.size:
            self._chunk = data
        return data[start:end]

    @property
    def _offsets(self) -> "_Offsets":
        if self._known_offsets is None:
            self._known_offsets = _offsets_of(self._status)
        return self._known_offsets

    @property
    def _blocks(self) -> int:
        return -(-self.stamp.size // _BLOCK)

    def _load(self, position: int) -> None:
        """Converts the block that holds a wire position; the next one is found without a look at the offsets."""
        next_start = self._chunk_start + len(self._chunk)
        if position == next_start:
            self._block, self._chunk_start = self._block + 1, next_start
            self._offsets.note(self._block, next_start)
        else:
            self._block, self._chunk_start = self._offsets.locate(position, self._wire_length)
        data, after_cr = self._read_block(self._block)
        self._chunk = self._convert(data, after_cr=after_cr)

    def _convert(self, data: bytes, *, after_cr: bool) -> bytes:
        if self.ending is LineEnding.LF:
            return data.replace(b"\n", b"\r\n")
        return to_wire(data, after_cr=after_cr)

    def _survey(self) -> tuple[LineEnding, int]:
        """Reads the file whole: how its lines end, and its wire size."""
        newlines = pairs = 0
        for block in range(self._blocks):
            self._offsets.note(block, block * _BLOCK + newlines - pairs)
            more_newlines, more_pairs = _count(*self._read_block(block))
            newlines, pairs = newlines + more_newlines, pairs + more_pairs
        size = self.stamp.size + newlines - pairs
        if newlines == pairs:
            return LineEnding.CRLF, size
        return LineEnding.MIXED if pairs else LineEnding.LF, size

    def _wire_length(self, block: int) -> int:
        data, after_cr = self._read_block(block)
        newlines, pairs = _count(data, after_cr)
        return len(data) + newlines - pairs

    def _read_block(self, block: int) -> tuple[bytes, bool]:
        """A block as it is on disk, and whether the octet before it is a CR. ShortRead where it should not end."""
        start = block * _BLOCK
        length = min(_BLOCK, self.stamp.size - start)
        if length <= 0:
            raise ShortRead("the message's file has changed while it was read")
        if not start:
            return self._pread(length, 0), False
        data = self._pread(length + 1, start - 1)
        return data[1:], data[0] == 13

    def _pread(self, length: int, offset: int) -> bytes:
        data = os.pread(self._fd, length, offset)
        while len(data) < length:
            more = os.pread(self._fd, length - len(data), offset + len(data))
            if not more:
                raise ShortRead("the message's file is shorter than it was")
            data += more
        return data

    def _spool(self) -> mmap.mmap:
        with tempfile.TemporaryFile() as file:
            for start in range(0, self.size, _STEP):
                file.write(self.read(start, _STEP))
            file.flush()
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class _Offsets:
    """Where the blocks of one file begin on the wire, as far as anyone has read. Shared by threads."""

    __slots__ = ("_lock", "_starts")

    def __init__(self) -> None:
        self._starts = array("Q", [0])
        self._lock = threading.Lock()

    def note(self, block: int, start: int) -> None:
        """Somebody came to the block by reading on."""
        with self._lock:
            if block == len(self._starts):
                self._starts.append(start)

    def locate(self, position: int, wire_length: Callable[[int], int]) -> tuple[int, int]:
        """The block that holds a wire position, and where it begins. Measures the blocks that nobody has read yet."""
        with self._lock:
            while self._starts[-1] <= position:
                begin = self._starts[-1]
                end = begin + wire_length(len(self._starts) - 1)
                if position < end:
                    return len(self._starts) - 1, begin
                self._starts.append(end)
            block = bisect_right(self._starts, position) - 1
            return block, self._starts[block]


_known: OrderedDict[tuple[int, ...], _Offsets] = OrderedDict()
_known_lock = threading.Lock()


def _offsets_of(status: os.stat_result) -> _Offsets:
    """The file's offsets, kept while it is among the last used; a file of one block has none worth keeping."""
    if status.st_size <= _BLOCK:
        return _Offsets()
    # The ctime tells a file from a later one that was given its inode, size and date.
    key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    with _known_lock:
        offsets = _known.setdefault(key, _Offsets())
        _known.move_to_end(key)
        if len(_known) > _MAPS:
            _known.popitem(last=False)
        return offsets


def _count(data: bytes, after_cr: bool) -> tuple[int, int]:
    """How many LFs there are, and how many of them follow a CR."""
    return data.count(b"\n"), data.count(b"\r\n") + (after_cr and data.startswith(b"\n"))
