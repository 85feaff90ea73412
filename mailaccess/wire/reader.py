"""Bytes from the peer, framed: lines, exact counts, streamed chunks; each with its limit.

Input is never framed ahead of the running command, so a flood costs its sender, not the server.
"""

from collections.abc import AsyncIterator

from mailaccess.wire.traps import more_input, turn

LINES_A_TURN = 16
"""Lines taken from what is buffered before the driver is asked whether it is another session's turn."""

_KEPT = 32
"""Octets at either end of an overlong line that are told: whom to answer, and what follows the line."""


class LineTooLong(Exception):  # noqa: N818
    """A line exceeded its limit. It has been read up to its end and dropped; `start` and `end` are what is left."""

    def __init__(self, start: bytes, end: bytes) -> None:
        super().__init__("a line is too long")
        self.start = start
        self.end = end


class Reader:
    """One connection's input. `take_*` never wait and return None where bytes are missing; the coroutines wait."""

    __slots__ = ("_buffer", "_lines", "_pos", "_scanned", "fresh")

    def __init__(self) -> None:
        self._buffer = b""
        self._pos = 0
        self._scanned = 0  # no newline before this offset
        self._lines = 0  # taken since the last turn
        self.fresh = False  # something arrived since the last look

    @property
    def buffered(self) -> int:
        """Octets received and not yet taken."""
        return len(self._buffer) - self._pos

    def feed(self, data: bytes) -> None:
        """Adds what the peer sent; called by the driver only."""
        if self._pos == len(self._buffer):
            self._buffer = data
            self._scanned = 0
        else:
            self._buffer = self._buffer[self._pos :] + data
            self._scanned = max(0, self._scanned - self._pos)
        self._pos = 0
        self.fresh = True

    def clear(self) -> None:
        """Drops what is buffered (STARTTLS: nothing sent in plaintext may be taken for protected)."""
        self._buffer = b""
        self._pos = self._scanned = 0

    def take_line(self) -> bytes | None:
        """The next line without its CRLF (a lone LF is tolerated), or None while it is incomplete."""
        self.fresh = False
        end = self._buffer.find(b"\n", max(self._pos, self._scanned))
        if end < 0:
            self._scanned = len(self._buffer)
            return None
        start, self._pos = self._pos, end + 1
        if end > start and self._buffer[end - 1] == 13:
            end -= 1
        return self._buffer[start:end]

    def has_line(self) -> bool:
        """Whether `take_line` would give one."""
        self.fresh = False
        if self._buffer.find(b"\n", max(self._pos, self._scanned)) >= 0:
            return True
        self._scanned = len(self._buffer)
        return False

    def take(self, limit: int) -> bytes:
        """What is buffered, at most `limit` octets; empty when nothing is."""
        self.fresh = False
        data = self._buffer[self._pos : self._pos + limit]
        self._pos += len(data)
        return data

    async def line(self, limit: int) -> bytes:
        """The next line. Longer than `limit` octets: the rest of it is dropped and LineTooLong raised."""
        self._lines += 1
        if self._lines == LINES_A_TURN:
            self._lines = 0
            await turn()
        line = self.take_line()
        while line is None:
            if self.buffered > limit + 1:  # the last one may be the CR
                start = self._buffer[self._pos : self._pos + _KEPT]
                raise LineTooLong(start, await self._drop_line())
            await more_input()
            line = self.take_line()
        if len(line) > limit:
            raise LineTooLong(line[:_KEPT], line[-_KEPT:])
        return line

    async def exactly(self, count: int) -> bytes:
        """Exactly `count` octets, as one object."""
        pieces = [chunk async for chunk in self.chunks(count)]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def chunks(self, count: int) -> AsyncIterator[bytes]:
        """`count` octets as they arrive."""
        while count:
            chunk = self.take(count)
            if not chunk:
                await more_input()
                continue
            count -= len(chunk)
            yield chunk

    async def drop(self, count: int) -> None:
        """Reads and forgets `count` octets."""
        async for _ in self.chunks(count):
            pass

    async def _drop_line(self) -> bytes:
        """Its end, without the CRLF."""
        end = b""
        while True:
            newline = self._buffer.find(b"\n", self._pos)
            stop = newline + 1 or len(self._buffer)
            end = (end + self._buffer[max(self._pos, stop - _KEPT - 2) : stop])[-_KEPT - 2 :]
            self._pos = self._scanned = stop
            self.fresh = False
            if newline >= 0:
                return end.removesuffix(b"\n").removesuffix(b"\r")[-_KEPT:]
            await more_input()
