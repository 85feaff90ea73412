"""Line ends: what a message's octets are on the wire, where every line ends in CRLF.

Only a bare LF becomes CRLF; a bare CR is an octet like any other.
"""

import mmap
from collections.abc import Iterator
from enum import Enum

Buffer = bytes | mmap.mmap
"""A whole message: in memory, or a mapped file."""

_STEP = 1 << 20  # octets of a mapped file copied at a time


class LineEnding(Enum):
    """How a message's lines end."""

    CRLF = "crlf"  # every LF follows a CR; also where there is none
    LF = "lf"  # no LF follows a CR
    MIXED = "mixed"


def wire_size(data: Buffer) -> int:
    """The message's size in octets once every line ends in CRLF."""
    newlines, pairs = _count(data)
    return len(data) + newlines - pairs


def ending(data: Buffer) -> LineEnding:
    """How the message's lines end."""
    newlines, pairs = _count(data)
    if newlines == pairs:
        return LineEnding.CRLF
    return LineEnding.MIXED if pairs else LineEnding.LF


def to_wire(data: bytes, *, after_cr: bool = False) -> bytes:
    """The octets with CRLF for every bare LF.

    May be called chunk by chunk: `after_cr` says that the octet before this chunk was a CR, so that a leading LF ends
    a CRLF already.
    """
    if after_cr and data.startswith(b"\n"):
        return b"\n" + to_wire(data[1:])
    if b"\r" not in data:
        return data.replace(b"\n", b"\r\n")
    if data.count(b"\n") == data.count(b"\r\n"):
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def find(data: Buffer, needle: bytes, start: int, end: int) -> int:
    """As `data.find`, in steps: one long search would keep all other threads waiting."""
    while start < end:
        found = data.find(needle, start, min(start + _STEP + len(needle) - 1, end))
        if found >= 0:
            return found
        start += _STEP
    return -1


def _count(data: Buffer) -> tuple[int, int]:
    """How many LFs there are, and how many of them follow a CR."""
    newlines = pairs = 0
    after_cr = False
    for chunk in _chunks(data):
        newlines += chunk.count(b"\n")
        pairs += chunk.count(b"\r\n") + (after_cr and chunk.startswith(b"\n"))
        after_cr = chunk.endswith(b"\r")
    return newlines, pairs


def _chunks(data: Buffer) -> Iterator[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    for start in range(0, len(data), _STEP):
        yield data[start : start + _STEP]
