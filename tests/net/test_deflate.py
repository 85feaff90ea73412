"""Deflated streams: whole at every flush, inflated in steps, suspicious."""

import zlib

import pytest

from mailaccess.net.deflate import STEP, Corrupt, Deflate


def _sent(*pieces: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return b"".join(deflater.compress(piece) + deflater.flush(zlib.Z_SYNC_FLUSH) for piece in pieces)


def test_what_is_deflated_can_be_read_at_once() -> None:
    """The peer needs nothing of the next reply to read this one."""
    deflate = Deflate()
    inflater = zlib.decompressobj(wbits=-15)

    assert inflater.decompress(b"".join(deflate.deflate([b"* OK ", b"done\r\n"]))) == b"* OK done\r\n"
    assert inflater.decompress(b"".join(deflate.deflate([b"more"]))) == b"more"


def test_inflates_however_the_octets_arrive() -> None:
    """One at a time, too."""
    deflate = Deflate()
    got = b""
    for octet in _sent(b"hello ", b"world"):
        deflate.feed(bytes([octet]))
        got += deflate.inflate()

    assert got == b"hello world"


@pytest.mark.parametrize("size", [STEP - 1, STEP, STEP + 1, 5 * STEP])
def test_inflates_in_steps(size: int) -> None:
    """No step is larger than STEP, and none is lost when the text is a whole number of them."""
    deflate = Deflate()
    deflate.feed(_sent(b"x" * size))
    pieces = []
    while piece := deflate.inflate():
        pieces.append(len(piece))

    assert sum(pieces) == size
    assert max(pieces) <= STEP
    assert deflate.waiting == 0


def test_octets_after_the_end_of_the_stream_are_refused() -> None:
    """They would be kept for nothing."""
    deflate = Deflate()
    deflater = zlib.compressobj(wbits=-15)
    deflate.feed(deflater.compress(b"x") + deflater.flush(zlib.Z_FINISH))
    assert deflate.inflate() == b"x"
    deflate.feed(b"more")

    with pytest.raises(Corrupt):
        deflate.inflate()


def test_what_follows_the_end_of_the_stream_is_kept() -> None:
    """It is plain again, if the session has ended the compression meanwhile (RFC 8437)."""
    deflate = Deflate()
    deflater = zlib.compressobj(wbits=-15)
    deflate.feed(deflater.compress(b"x") + deflater.flush(zlib.Z_FINISH) + b"plain")

    assert deflate.inflate() == b"x"
    assert deflate.end() == b"plain"


def test_garbage_is_refused() -> None:
    """It is no deflate stream."""
    deflate = Deflate()
    deflate.feed(b"\xff\xff\xff\xff")

    with pytest.raises(Corrupt):
        deflate.inflate()
