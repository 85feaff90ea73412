"""The PROXY protocol: what its headers say, and that nothing is said before them."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address

from mailaccess.net.factory import SessionFactory, Shared
from mailaccess.net.proxy import HEADER_TIME, SIGNATURE, BadHeader, Header, parse
from mailaccess.wire.channel import Channel
from tests.net.stage import Loop, Transport

V4 = socket.inet_aton("192.0.2.7") + socket.inet_aton("192.0.2.1") + struct.pack("!HH", 4711, 143)
V6 = (
    socket.inet_pton(socket.AF_INET6, "2001:db8::7")
    + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    + struct.pack("!HH", 4711, 143)
)
TLS = b"\x20\0\x05\x01\0\0\0\0"
NO_TLS = b"\x20\0\x05\x00\0\0\0\0"
NOOP = b"\x04\0\x03abc"


def v2(body: bytes, family: int = 0x11, command: int = 0x21) -> bytes:
    """A version 2 header."""
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


GOOD = [
    (b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 143\r\n", ("192.0.2.7", 4711), False),
    (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 143\r\n", ("2001:db8::7", 4711), False),
    (b"PROXY UNKNOWN\r\n", None, False),
    (b"PROXY UNKNOWN ff:ff ff:ff 1 2\r\n", None, False),
    (v2(V4), ("192.0.2.7", 4711), False),
    (v2(V6, 0x21), ("2001:db8::7", 4711), False),
    (v2(V4 + TLS), ("192.0.2.7", 4711), True),
    (v2(V4 + NOOP + TLS), ("192.0.2.7", 4711), True),
    (v2(V4 + NOOP + NO_TLS), ("192.0.2.7", 4711), False),
    (v2(V4 + b"\x20\xff\xff"), ("192.0.2.7", 4711), False),
    (v2(b"", 0, 0x20), None, False),  # LOCAL: the proxy asks whether we are well
    (v2(b"/run/socket".ljust(216, b"\0"), 0x31), None, False),  # a client over a Unix socket
]


@pytest.mark.parametrize(("data", "client", "tls"), GOOD)
def test_headers(data: bytes, client: tuple[str, int] | None, tls: bool) -> None:
    """Both versions, and what follows is not touched."""
    assert parse(data + b"a LOGIN") == Header(len(data), client, tls)


@pytest.mark.parametrize("data", [data for data, _, _ in GOOD])
def test_headers_may_come_in_pieces(data: bytes) -> None:
    """No beginning of a header is taken for a whole one."""
    assert [parse(data[:n]) for n in range(len(data))] == [None] * len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"a LOGIN x y\r\n",
        b"\r\n\r\n\0\r\nQUIX\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 x 143\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 65536 143\r\n",
        b"PROXY TCP4 somewhere 192.0.2.1 4711 143\r\n",
        b"PROXY SCTP 192.0.2.7 192.0.2.1 4711 143\r\n",
        b"PROXY TCP4 " + b"1" * 200,
        v2(V4, command=0x22),
        v2(V4, command=0x11),
        v2(V4[:8]),
        v2(V4, 0x21),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_what_is_no_header_is_refused(data: bytes) -> None:
    """A client that talks to a port meant for proxies."""
    with pytest.raises(BadHeader):
        parse(data)


@given(st.sampled_from([data for data, _, _ in GOOD]), st.data())
def test_nothing_else_is_raised(data: bytes, chosen: st.DataObject) -> None:
    """Whatever is changed in a header."""
    where = chosen.draw(st.integers(0, len(data) - 1))
    broken = data[:where] + chosen.draw(st.binary(max_size=3)) + data[where + chosen.draw(st.integers(0, 2)) :]
    try:
        parse(broken)
    except BadHeader:
        pass


async def serve(channel: Channel) -> None:
    """Says who it thinks is there."""
    peer = channel.peer
    channel.write(f"{peer.address} {peer.port} tls={peer.tls:d} loopback={peer.loopback:d}\r\n".encode())
    while True:
        channel.write(b"<%s>" % await channel.reader.line(100))


class Door:
    """A factory with one listed proxy, 198.51.100.1."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.factory = SessionFactory(
            serve, shared=Shared(self.loop, connections_per_address=1, proxies=["198.51.100.1"])
        )

    def connect(self, address: str) -> Transport:
        """Somebody connects."""
        transport = Transport()
        made = self.factory.buildProtocol(IPv4Address("TCP", address, 1000))
        assert made is not None
        transport.protocol = made  # type: ignore[attr-defined]
        made.makeConnection(transport)  # type: ignore[no-untyped-call]
        return transport


def said(transport: Transport) -> bytes:
    data: bytes = transport.value()  # type: ignore[no-untyped-call]
    transport.clear()  # type: ignore[no-untyped-call]
    return data


def feed(transport: Transport, data: bytes) -> bytes:
    transport.protocol.dataReceived(data)  # type: ignore[attr-defined]
    return said(transport)


def test_the_greeting_waits_for_the_header() -> None:
    """Then the session sees the client, and what came behind the header."""
    transport = Door().connect("198.51.100.1")
    header = v2(V4 + TLS)

    assert feed(transport, header[:10]) == b""
    assert feed(transport, header[10:] + b"a\r\nb") == b"192.0.2.7 4711 tls=1 loopback=0\r\n<a>"
    assert feed(transport, b"\r\n") == b"<b>"


def test_a_proxy_that_speaks_for_itself_is_served_as_itself() -> None:
    """A health check."""
    assert feed(Door().connect("198.51.100.1"), v2(b"", 0, 0x20)) == b"198.51.100.1 1000 tls=0 loopback=0\r\n"


def test_nobody_else_is_believed() -> None:
    """A header from a stranger is a command like any other."""
    transport = Door().connect("203.0.113.5")

    assert said(transport) == b"203.0.113.5 1000 tls=0 loopback=0\r\n"
    assert feed(transport, GOOD[0][0]).startswith(b"<PROXY")


def test_a_proxy_without_a_header_is_cut_off() -> None:
    """At once if it says something else, soon if it says nothing."""
    door = Door()
    wrong, silent = door.connect("198.51.100.1"), door.connect("198.51.100.1")
    assert feed(wrong, b"a NOOP\r\n") == b""
    assert wrong.aborted

    door.loop.advance(HEADER_TIME - 1)
    assert not silent.aborted
    door.loop.advance(1)
    assert silent.aborted


def test_limits_count_the_client_not_the_proxy() -> None:
    """Everybody comes from the proxy's address."""
    door = Door()
    one, other, again = (door.connect("198.51.100.1") for _ in range(3))

    assert feed(one, v2(V4)).startswith(b"192.0.2.7")
    assert feed(other, v2(V6, 0x21)).startswith(b"2001:db8::7")
    assert feed(again, v2(V4)) == b""
    assert again.disconnecting
