"""Multi-line responses: byte-stuffing and the line that ends them (RFC 1939 section 3)."""


class Stuffer:
    """Makes a multi-line response of a message that comes in pieces, wherever their edges fall.

    "If any line begins with the termination octet, the line is byte-stuffed" (RFC 1939 section 3).
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = b"\n"  # the first line begins a line, too

    def add(self, data: bytes) -> bytes:
        """The next piece, in wire form."""
        if not data:
            return b""
        stuffed = data.replace(b"\n.", b"\n..")
        if self._last == b"\n" and data.startswith(b"."):
            stuffed = b"." + stuffed
        self._last = data[-1:]
        return stuffed

    def end(self) -> bytes:
        """The termination line; a message whose last line is not ended gets its CRLF."""
        return b".\r\n" if self._last == b"\n" else b"\r\n.\r\n"


class Top:
    """Header, blank line and so many lines of the body, of a message that comes in pieces (RFC 1939 section 7)."""

    __slots__ = ("_before", "_lines", "complete")

    def __init__(self, lines: int) -> None:
        self._lines = lines  # of the body, still to come
        self._before: bytes | None = b"\r\n"  # the octets before, while it is the header: a blank line may be the first
        self.complete = False

    def take(self, data: bytes) -> bytes:
        """What belongs to it of the next piece, in wire form; `complete` tells whether that was all."""
        end = 0
        if self._before is not None:
            seen = self._before + data
            blank = seen.find(b"\r\n\r\n")
            if blank < 0:
                self._before = seen[-3:]
                return data
            end = blank + 4 - len(self._before)
            self._before = None
        here = data.count(b"\n", end)
        if here < self._lines:
            self._lines -= here
            return data
        for _ in range(self._lines):
            end = data.find(b"\n", end) + 1
        self.complete = True
        return data[:end]
