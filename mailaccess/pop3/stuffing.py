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


def top(data: bytes, lines: int) -> tuple[bytes, bool]:
    """The header, the blank line and `lines` lines of the body, and whether `data` held all of that."""
    body = 0 if data.startswith(b"\r\n") else data.find(b"\r\n\r\n") + 2
    if body == 1:
        return data, False
    end = body + 2
    for _ in range(lines):
        newline = data.find(b"\n", end)
        if newline < 0:
            return data, False
        end = newline + 1
    return data[:end], True
