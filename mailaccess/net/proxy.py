"""The PROXY protocol, versions 1 and 2: who is at the other end of a connection that a proxy makes for somebody.

Only listed proxies are asked for the header, and they must send it; the greeting waits for it.
https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
"""

import ipaddress
import logging
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from mailaccess.wire.channel import Peer

log = logging.getLogger(__name__)

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LONGEST_V1 = 107
LONGEST_V2 = 4096
"""Octets of addresses and additions; the format allows 65,535, proxies send a few hundred."""
HEADER_TIME = 10.0
"""Seconds in which a proxy must have sent the header."""
TLV_TLS = 0x20


class BadHeader(ValueError):  # noqa: N818
    """What came is no PROXY header."""


class Header(NamedTuple):
    """What a proxy said."""

    length: int  # octets
    client: tuple[str, int] | None  # None: the proxy speaks for itself, or does not know
    tls: bool = False  # the client's connection to the proxy is encrypted


def parse(data: bytes) -> Header | None:
    """The header at the beginning of `data`; None while it is incomplete. Raises BadHeader."""
    if data.startswith(SIGNATURE[: len(data)]):
        return _version2(data) if len(data) >= 16 else None
    if data.startswith(b"PROXY "[: len(data)]):
        return _version1(data)
    raise BadHeader("neither version 1 nor 2")


def _version1(data: bytes) -> Header | None:
    end = data.find(b"\r\n", 0, LONGEST_V1)
    if end < 0:
        if len(data) >= LONGEST_V1:
            raise BadHeader("version 1 with no end")
        return None
    match data[:end].decode("latin-1").split(" "):
        case ["PROXY", "UNKNOWN", *_]:
            return Header(end + 2, None)
        case ["PROXY", "TCP4" | "TCP6", source, _, port, _] if port.isdecimal() and int(port) < 65536:
            return Header(end + 2, (_address(source), int(port)))
    raise BadHeader("version 1 with other than five words")


def _version2(data: bytes) -> Header | None:
    command, family, length = struct.unpack_from("!BBH", data, 12)
    if command not in {0x20, 0x21} or length > LONGEST_V2:
        raise BadHeader("version 2 with an unknown command, or too long")
    if len(data) < 16 + length:
        return None
    body = data[16 : 16 + length]
    if command == 0x20 or family not in {0x11, 0x21}:  # LOCAL, or not a stream over IPv4 or IPv6
        return Header(16 + length, None)
    width = 4 if family == 0x11 else 16
    if length < 2 * width + 4:
        raise BadHeader("version 2 without addresses")
    address = str(ipaddress.ip_address(body[:width]))
    port = int.from_bytes(body[2 * width : 2 * width + 2], "big")
    return Header(16 + length, (address, port), _tls(body[2 * width + 4 :]))


def _tls(additions: bytes) -> bool:
    while len(additions) > 3:
        kind, length = struct.unpack_from("!BH", additions)
        if kind == TLV_TLS:
            return bool(additions[3] & 1)
        additions = additions[3 + length :]
    return False


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise BadHeader("version 1 with no address") from None


class Reception(Protocol):
    """Reads the header, then gives the transport to the connection that `build` makes for the client."""

    transport: Any

    def __init__(self, proxy: Peer, build: Callable[[Peer], Protocol], clock: IReactorTime) -> None:
        self._proxy = proxy
        self._build = build
        self._data = b""
        self._timer = clock.callLater(HEADER_TIME, self._too_late)

    def dataReceived(self, data: bytes) -> None:
        """More of the header."""
        self._data += data
        try:
            header = parse(self._data)
        except BadHeader as error:
            log.warning("%s must begin with a PROXY header: %s", self._proxy.address, error)
            self.transport.abortConnection()
            return
        if header is None:
            return
        self._timer.cancel()
        if header.client is not None:
            address, port = header.client
            peer = Peer(address, port, tls=header.tls, loopback=ipaddress.ip_address(address).is_loopback)
        else:
            peer = self._proxy
        transport = self.transport
        transport.protocol = connection = self._build(peer)
        connection.makeConnection(transport)  # type: ignore[no-untyped-call]
        rest = self._data[header.length :]
        if rest:
            transport.protocol.dataReceived(rest)  # a TLS layer may stand there by now

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Gone before the header was whole."""
        if self._timer.active():
            self._timer.cancel()

    def _too_late(self) -> None:
        log.warning("%s sent no PROXY header", self._proxy.address)
        self.transport.abortConnection()
