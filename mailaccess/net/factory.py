"""What makes connections: `reactor.listenTCP(143, IMAPFactory(settings))`, and the same for POP3."""

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from ipaddress import ip_address
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Protocol, ServerFactory

from mailaccess import imap
from mailaccess.auth.throttle import Trusted, loopback
from mailaccess.net.connection import Connection, Session
from mailaccess.net.crowd import Crowd
from mailaccess.net.lanes import Lanes
from mailaccess.net.proxy import Reception
from mailaccess.net.tls import layers
from mailaccess.pop3 import session as pop3
from mailaccess.wire.channel import Peer

LAST_WORDS = 1.0
"""Seconds between the abortion of connections that would not end, and the end."""


class Shared:
    """What all the connections of one reactor share: its threads, and who may connect how."""

    def __init__(
        self,
        reactor: Any = None,
        *,
        connections: int = 10_000,
        connections_per_address: int = 200,
        trusted: Sequence[str] = (),
        proxies: Sequence[str] = (),
    ) -> None:
        """`trusted` networks may have any of the connections; from `proxies`, all must begin with a PROXY header.

        Without a reactor, the one that is installed. ValueError names a network that is none.
        """
        self.reactor: Any = reactor or import_module("twisted.internet.reactor")  # which installs one if need be
        self.lanes = Lanes(self.reactor)
        self.crowd = Crowd(connections_per_address, Trusted(tuple(trusted)), connections)
        self.proxies = Trusted(tuple(proxies))


class Refusal(Protocol):
    """Says a text and hangs up. There may be thousands of these: nothing is read, encrypted or waited for."""

    transport: Any

    def __init__(self, text: bytes) -> None:
        self._text = text

    def connectionMade(self) -> None:
        """That was it."""
        self.transport.write(self._text)
        self.transport.loseConnection()


class SessionFactory(ServerFactory):
    """Runs `session` over each connection. `tls`: STARTTLS can be had, or, if implicit, begins every connection."""

    noisy = False
    crowded = b""  # said to one connection too many, unless it would have to be encrypted first
    apology = b""  # said when a session fails

    def __init__(
        self,
        session: Session,
        *,
        tls: IOpenSSLServerConnectionCreator | None = None,
        implicit_tls: bool = False,
        shared: Shared | None = None,
    ) -> None:
        self._session = session
        self._shared = shared or Shared()
        self._tls = layers(tls, self._shared.reactor) if tls is not None else None
        self._implicit_tls = implicit_tls
        self._places: dict[Connection, str] = {}  # what each connection counts as
        self._closed: Deferred[None] | None = None

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._places)

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """Twisted asks for it, once a connection. None: not any more."""
        if self._closed is not None:
            return None
        host, port = _plain(getattr(addr, "host", "")), getattr(addr, "port", 0)
        peer = Peer(host, port, loopback=loopback(host))
        if host in self._shared.proxies:
            return Reception(peer, self._connection, self._shared.reactor)
        return self._connection(peer)

    def close(self, grace: float) -> Deferred[None]:
        """Asks all sessions to end, and fires when they have.

        Calls are waited for. What goes on after `grace` seconds is cut off.
        """
        if self._closed is None:
            self._closed = Deferred()
            for connection in list(self._places):
                connection.close()
            if self._places:
                timer = self._shared.reactor.callLater(grace, self._abort)
                self._closed.addCallback(lambda _: timer.cancel() if timer.active() else None)
            else:
                self._all_gone()
        return self._closed

    def _abort(self) -> None:
        for connection in list(self._places):
            connection.abort()
        self._shared.reactor.callLater(LAST_WORDS, self._all_gone)

    def _connection(self, peer: Peer) -> Protocol:
        shared = self._shared
        place = shared.crowd.enter(peer.address)
        if place is None:
            return Refusal(b"" if self._implicit_tls else self.crowded)
        connection = Connection(
            self._session,
            peer,
            shared.reactor,
            shared.lanes,
            tls=self._tls,
            implicit_tls=self._implicit_tls,
            apology=self.apology,
            ended=self._ended,
        )
        self._places[connection] = place
        return connection

    def _ended(self, connection: Connection) -> None:
        self._shared.crowd.leave(self._places.pop(connection))
        if not self._places:
            self._all_gone()

    def _all_gone(self) -> None:
        if self._closed is not None and not self._closed.called:
            self._closed.callback(None)


class IMAPFactory(SessionFactory):
    """IMAP connections."""

    crowded = b"* BYE [LIMIT] Too many connections\r\n"
    apology = b"* BYE [SERVERBUG] Internal error\r\n"

    def __init__(
        self,
        settings: imap.ImapSettings,
        *,
        tls: IOpenSSLServerConnectionCreator | None = None,
        implicit_tls: bool = False,
        shared: Shared | None = None,
    ) -> None:
        session = partial(imap.serve, settings=settings)
        super().__init__(session, tls=tls, implicit_tls=implicit_tls, shared=shared)


class POP3Factory(SessionFactory):
    """POP3 connections."""

    crowded = b"-ERR [SYS/TEMP] Too many connections\r\n"
    apology = b"-ERR [SYS/TEMP] Internal error\r\n"

    def __init__(
        self,
        settings: pop3.Pop3Settings,
        *,
        tls: IOpenSSLServerConnectionCreator | None = None,
        implicit_tls: bool = False,
        shared: Shared | None = None,
    ) -> None:
        session = partial(pop3.serve, settings=settings)
        super().__init__(session, tls=tls, implicit_tls=implicit_tls, shared=shared)


def _plain(host: str) -> str:
    """An IPv4 address that came over an IPv6 socket, as such."""
    if not host.startswith("::ffff:"):
        return host
    return str(getattr(ip_address(host), "ipv4_mapped", None) or host)
