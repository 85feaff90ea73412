"""When the garbage collector looks at what; and that sessions leave it nothing to do."""

import gc
import ssl
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import trustme
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol

from mailaccess.net import garbage
from mailaccess.net.factory import SessionFactory, Shared
from mailaccess.net.tls import Certificates, Pair
from tests.net.stage import Loop, Running, connected, echo, read_line, trusting

CA = trustme.CA()


@pytest.fixture(autouse=True)
def only_counted() -> Iterator[None]:
    """Objects are freed when nobody refers to them any more, and at no other time."""
    threshold = gc.get_threshold()
    gc.disable()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()
    gc.enable()


class Remembering(SessionFactory):
    """Knows which of its connections are in memory."""

    def __init__(self, reactor: object, certificates: Certificates | None = None) -> None:
        super().__init__(echo, tls=certificates, implicit_tls=certificates is not None, shared=Shared(reactor))
        self.made: list[weakref.ref[Protocol]] = []

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        made = super().buildProtocol(addr)
        assert made is not None
        self.made.append(weakref.ref(made))
        return made

    def left(self) -> int:
        return sum(each() is not None for each in self.made)


@pytest.fixture
def running() -> Iterator[Running]:
    with Running() as one:
        yield one


Serve = Callable[[Remembering], AbstractContextManager[int]]


@pytest.fixture
def serve(running: Running) -> Serve:
    """Has a factory listen, and in the end looks what is left of its connections."""

    @contextmanager
    def serving(factory: Remembering) -> Iterator[int]:
        port = running.do(running.reactor.listenTCP, 0, factory)
        yield port.getHost().port
        running.do(port.stopListening)
        running.do(factory.close, 10)
        assert factory.made
        assert running.do(factory.left) == 0

    return serving


def test_a_connection_is_freed_when_it_is_lost(running: Running, serve: Serve) -> None:
    """It and its session refer to each other while there are both."""
    with serve(Remembering(running.reactor)) as port, connected(port) as client:
        assert read_line(client) == b"hello\r\n"


@pytest.mark.parametrize("end", ["goodbye", "cut", "no handshake"])
def test_a_tls_connection_is_freed_however_it_ends(running: Running, serve: Serve, tmp_path: Path, end: str) -> None:
    """Of what went wrong on the layer of TLS, Twisted remembers where."""
    file = tmp_path / "cert.pem"
    file.write_bytes(CA.issue_cert("localhost").private_key_and_cert_chain_pem.bytes())
    with serve(Remembering(running.reactor, Certificates([Pair(file)]))) as port:
        if end == "no handshake":
            with connected(port) as client:
                client.sendall(b"no TLS at all\r\n")
                assert not client.recv(100)
            return
        with connected(port, trusting(CA)) as client:
            assert isinstance(client, ssl.SSLSocket)
            assert read_line(client) == b"hello\r\n"
            if end == "goodbye":
                client.unwrap().close()


def test_what_is_there_at_the_start_is_not_looked_at_again() -> None:
    """Nor is the rest, by itself."""
    garbage.keep()

    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == (garbage.NEW, garbage.ROUNDS, garbage.NEVER)


def test_all_is_looked_at_when_much_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not while there is little that could be garbage."""
    looks: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: looks.append("all"))
    rounds = 0
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, rounds))
    clock = Loop()
    garbage.sweep(clock)
    clock.advance(garbage.INTERVAL)
    assert looks == []
    rounds = garbage.MANY
    clock.advance(garbage.INTERVAL)

    assert looks == ["all"]
