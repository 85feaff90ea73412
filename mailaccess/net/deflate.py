"""Both directions of a compressed connection (RFC 4978)."""

import zlib
from collections.abc import Sequence

STEP = 64 * 1024
"""Octets inflated at a time: what a few deflated octets stand for is never all in memory at once."""

_LEVEL = 2
"""Messages come out a tenth larger than at zlib's default of 6, in a sixth of the time, for which all others wait."""

Corrupt = zlib.error


class Deflate:
    """Raw deflate streams. Each `deflate` ends at an octet boundary, so that the peer can read all of it at once."""

    def __init__(self) -> None:
        self._out = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
        self._in = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        self._rest = b""
        self._more = False  # zlib holds output that did not fit the last step

    def deflate(self, chunks: Sequence[bytes], *, last: bool = False) -> list[bytes]:
        """What to send for these chunks. `last`: with the end of the stream, from which the peer knows where it is."""
        data = [self._out.compress(chunk) for chunk in chunks]
        data.append(self._out.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH))
        return data

    def feed(self, data: bytes) -> None:
        """Takes what the peer sent."""
        self._rest += data

    @property
    def waiting(self) -> int:
        """Deflated octets received and not yet inflated."""
        return len(self._rest)

    def inflate(self) -> bytes:
        """The next at most STEP octets of what was fed; empty when it needs more. Raises Corrupt."""
        if not self._rest and not self._more:
            return b""
        if self._in.eof:
            raise Corrupt("octets after the end of the deflate stream")
        piece = self._in.decompress(self._rest, STEP)
        self._rest = self._in.unused_data if self._in.eof else self._in.unconsumed_tail
        self._more = len(piece) == STEP
        return piece

    def end(self) -> bytes:
        """What the peer has sent behind the end of its stream."""
        return self._rest if self._in.eof else b""
