"""Octets on their way between a transport and a reader, as they are or deflated."""

import zlib

import pytest

from mailaccess.net.deflate import Corrupt
from mailaccess.net.wiring import Wiring
from mailaccess.wire.reader import Reader
from tests.net.stage import Transport


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def wiring(transport: Transport, reader: Reader) -> Wiring:
    return Wiring(transport, reader)


def test_plain(wiring: Wiring, transport: Transport, reader: Reader) -> None:
    """Nothing is changed."""
    wiring.feed(b"a NOOP\r\n")
    wiring.send([b"a OK ", b"done\r\n"])

    assert wiring.held == 8
    assert reader.take_line() == b"a NOOP"
    assert wiring.held == 0
    assert not wiring.inflate()
    assert transport.value() == b"a OK done\r\n"  # type: ignore[no-untyped-call]


def test_deflated(wiring: Wiring, transport: Transport, reader: Reader) -> None:
    """In both directions, from what was read already up to the ends of the streams."""
    peer = zlib.compressobj(wbits=-15)
    wiring.feed(peer.compress(b"a NOOP\r\n") + peer.flush(zlib.Z_SYNC_FLUSH))
    wiring.begin_deflate()
    assert wiring.deflates
    assert reader.buffered == 0
    assert wiring.held > 0
    assert wiring.inflate()
    assert wiring.held == 0
    wiring.feed(peer.flush(zlib.Z_FINISH) + b"b NOOP\r\n")
    wiring.inflate()
    wiring.send([b"a OK done\r\n"], last=True)
    wiring.end_deflate()

    assert not wiring.deflates
    assert reader.take_line() == b"a NOOP"
    assert reader.take_line() == b"b NOOP"
    assert zlib.decompress(transport.value(), wbits=-15) == b"a OK done\r\n"


def test_what_cannot_be_inflated(wiring: Wiring) -> None:
    """It is no use to go on."""
    wiring.begin_deflate()
    wiring.feed(b"\xff" * 10)

    with pytest.raises(Corrupt):
        wiring.inflate()


def test_reading_is_stopped_and_begun_once(wiring: Wiring, transport: Transport) -> None:
    """The transport is told of changes only."""
    wiring.read(True)
    assert transport.producerState == "producing"
    wiring.read(False)
    wiring.read(False)
    assert transport.producerState == "paused"
    wiring.read(True)

    assert transport.producerState == "producing"


def test_ends(wiring: Wiring, transport: Transport) -> None:
    """In one direction, when all is sent, at once."""
    assert not wiring.is_drained
    wiring.close_output()
    assert transport.half_closed
    wiring.close()
    assert transport.disconnecting
    wiring.abort()

    assert transport.aborted
