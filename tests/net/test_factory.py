"""What makes connections: limits, and the end of all of them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address

from mailaccess.auth.authenticator import Authenticator
from mailaccess.auth.backend import Identity
from mailaccess.auth.ledger import Ledger
from mailaccess.imap import facts
from mailaccess.imap.session import ImapSettings
from mailaccess.net.factory import LAST_WORDS, IMAPFactory, POP3Factory, SessionFactory, Shared
from mailaccess.pop3.session import Pop3Settings
from mailaccess.storage.accounts import Accounts, StorageSettings
from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import Closing, call, more_input
from tests.net.stage import Loop, Transport, closed_cleanly


async def serve(channel: Channel) -> None:
    """Says who is there, and goodbye."""
    channel.write(channel.peer.address.encode())
    try:
        await more_input()
    except Closing:
        channel.write(b" bye")


class Crowded(SessionFactory):
    crowded = b"too many"


def connect(factory: SessionFactory, host: str = "192.0.2.1") -> Transport:
    """Somebody connects."""
    address = (IPv6Address if ":" in host else IPv4Address)("TCP", host, 1000)
    transport = Transport()
    made = factory.buildProtocol(address)
    assert made is not None
    transport.protocol = made  # type: ignore[attr-defined]
    made.makeConnection(transport)  # type: ignore[no-untyped-call]
    return transport


def disconnect(transport: Transport) -> None:
    transport.protocol.connectionLost(closed_cleanly())  # type: ignore[attr-defined]


def said(transport: Transport) -> bytes:
    data: bytes = transport.value()  # type: ignore[no-untyped-call]
    return data


def test_one_connection_too_many_is_told_so() -> None:
    """Until another one is gone."""
    factory = Crowded(serve, shared=Shared(Loop(), connections_per_address=2))
    first = connect(factory)
    connect(factory)
    third = connect(factory)
    assert said(third) == b"too many"
    assert third.disconnecting
    assert said(connect(factory, "192.0.2.2")) == b"192.0.2.2"

    disconnect(first)
    assert said(connect(factory)) == b"192.0.2.1"


def test_one_connection_too_many_costs_no_handshake() -> None:
    """Where it would have to be encrypted first, nothing is said."""
    refused = connect(Crowded(serve, implicit_tls=True, shared=Shared(Loop(), connections_per_address=0)))

    assert said(refused) == b""
    assert refused.disconnecting


def test_all_factories_of_a_server_count_together() -> None:
    """Four ports are not four limits."""
    shared = Shared(Loop(), connections_per_address=1)
    connect(Crowded(serve, shared=shared))

    assert said(connect(Crowded(serve, shared=shared))) == b"too many"


def test_an_ipv4_client_of_an_ipv6_socket_is_an_ipv4_client() -> None:
    """Or its limits and its trust would depend on how it came in."""
    factory = SessionFactory(serve, shared=Shared(Loop()))

    assert said(connect(factory, "::ffff:192.0.2.9")) == b"192.0.2.9"
    assert said(connect(factory, "2001:db8::9")) == b"2001:db8::9"


def test_closing_asks_all_and_waits_for_all() -> None:
    """Each session says goodbye; nobody new is let in."""
    factory = SessionFactory(serve, shared=Shared(Loop()))
    transports = [connect(factory) for _ in range(3)]
    closed: list[object] = []
    factory.close(10).addCallback(closed.append)

    assert [said(transport) for transport in transports] == [b"192.0.2.1 bye"] * 3
    assert factory.buildProtocol(IPv4Address("TCP", "192.0.2.1", 1000)) is None
    for transport in transports:
        assert closed == []
        disconnect(transport)
    assert closed == [None]


def test_closing_with_nobody_there_is_done_at_once() -> None:
    """Nothing to wait for."""
    closed: list[object] = []
    SessionFactory(serve, shared=Shared(Loop())).close(10).addCallback(closed.append)

    assert closed == [None]


def test_closing_cuts_off_what_does_not_end() -> None:
    """A call that hangs does not keep the server from stopping."""
    loop = Loop()
    leave = threading.Event()

    async def stuck(channel: Channel) -> None:
        await call(leave.wait, 30)

    factory = SessionFactory(stuck, shared=Shared(loop))
    transport = connect(factory)
    closed: list[object] = []
    factory.close(10).addCallback(closed.append)
    loop.advance(10)
    assert transport.aborted
    assert closed == []
    loop.advance(LAST_WORDS)
    assert closed == [None]
    leave.set()


class Backend:
    """Nobody has an account."""

    has_secrets = False

    def verify(self, user: str, password: str) -> Identity | None:
        return None

    def lookup(self, user: str) -> Identity | None:
        return None

    def secret(self, user: str) -> str | None:
        return None

    def version(self) -> int:
        return 0

    def users(self) -> list[str]:
        return []

    def reload(self) -> None: ...


@pytest.fixture
def layers(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Storage and authentication, as both protocols take them."""
    ledger = Ledger(None)
    accounts = Accounts(StorageSettings(str(tmp_path / "{user}"), None, facts.build, facts.VERSION))
    yield {"authenticator": Authenticator(Backend(), ledger), "accounts": accounts}
    accounts.close()
    ledger.close()


def test_imap_and_pop3_over_one_storage_and_one_authentication(layers: dict[str, Any]) -> None:
    """Each greets in its own language."""
    shared = Shared(Loop())
    imap = connect(IMAPFactory(ImapSettings(**layers), shared=shared))
    pop3 = connect(POP3Factory(Pop3Settings(**layers), shared=shared))

    assert said(imap).startswith(b"* OK [CAPABILITY IMAP4rev1")
    assert said(pop3).startswith(b"+OK ")


def test_both_say_in_their_own_words_that_it_is_too_much(layers: dict[str, Any]) -> None:
    """A client shows the text to its user."""
    shared = Shared(Loop(), connections_per_address=0)

    assert said(connect(IMAPFactory(ImapSettings(**layers), shared=shared))).startswith(b"* BYE [LIMIT] ")
    assert said(connect(POP3Factory(Pop3Settings(**layers), shared=shared))).startswith(b"-ERR [SYS/TEMP] ")


def test_without_a_reactor_it_is_the_installed_one() -> None:
    """`reactor.listenTCP(143, IMAPFactory(settings))` is all it takes."""
    program = (
        "from mailaccess.net.factory import SessionFactory\n"
        "factory = SessionFactory(None)\n"
        "from twisted.internet import reactor\n"
        "port = reactor.listenTCP(0, factory, interface='127.0.0.1')\n"
        "reactor.callWhenRunning(reactor.stop)\n"
        "reactor.run()\n"
        "print('ran')"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert result.stdout == "ran\n"
