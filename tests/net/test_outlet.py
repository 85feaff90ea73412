"""Octets reach the peer in order, whether the kernel takes them at once or not."""

import random
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.protocol import Protocol, ServerFactory

from mailaccess.net.outlet import BIG, Outlet, send
from tests.net.stage import Running, connected


@pytest.fixture
def pair() -> Iterator[tuple[Running, Any, socket.socket]]:
    """A running reactor, a transport of its, and the client's socket."""
    made: list[Protocol] = []

    class Remembering(ServerFactory):
        def buildProtocol(self, addr: object) -> Protocol:
            made.append(Protocol())
            return made[-1]

    with Running() as running:
        port = running.do(running.reactor.listenTCP, 0, Remembering(), interface="127.0.0.1")
        with connected(port.getHost().port) as client:
            while not made:
                running.do(lambda: None)
            transport: Any = made[0].transport
            yield running, transport, client
            running.do(transport.abortConnection)


def _received(client: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        data += client.recv(1 << 20)
    return bytes(data)


def test_small_replies_leave_at_once(pair: tuple[Running, Any, socket.socket]) -> None:
    """Nothing is left for the transport to do."""
    running, transport, client = pair
    running.do(send, transport, [b"a", b"b", b"c"])

    assert transport not in running.do(running.reactor.getWriters)
    assert _received(client, 3) == b"abc"


def test_order_is_kept_when_the_kernel_takes_only_a_part(pair: tuple[Running, Any, socket.socket]) -> None:
    """What is sent later never overtakes what waits, whatever the sizes."""
    running, transport, client = pair
    chance = random.Random(3)
    chunks = [bytes([n % 251]) * chance.choice([0, 1, 100, BIG - 1, BIG, 300_000]) for n in range(200)]
    for start in range(0, len(chunks), 50):
        running.do(send, transport, chunks[start : start + 50])

    assert _received(client, sum(map(len, chunks))) == b"".join(chunks)


def test_a_producer_is_paused_as_by_the_transport_itself(pair: tuple[Running, Any, socket.socket]) -> None:
    """A peer that does not read holds the session up; one that reads again lets it go on."""
    running, transport, client = pair
    said: list[str] = []

    class Producer:
        def pauseProducing(self) -> None:
            said.append("pause")

        def resumeProducing(self) -> None:
            said.append("resume")

        def stopProducing(self) -> None: ...

    running.do(lambda: transport.registerProducer(Producer(), True))
    total = 0
    while not said:
        running.do(send, transport, [b"x" * 100_000])
        total += 100_000
    assert said == ["pause"]
    _received(client, total)
    while len(said) == 1:
        running.do(lambda: None)
    assert said == ["pause", "resume"]
    running.do(transport.unregisterProducer)


def test_a_broken_connection_is_left_to_the_transport(pair: tuple[Running, Any, socket.socket]) -> None:
    """It tells the protocol; the writer hears nothing."""
    running, transport, client = pair
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    while transport.connected:
        running.do(send, transport, [b"x" * 100_000])


def test_a_tls_layer_writes_the_same_way(pair: tuple[Running, Any, socket.socket]) -> None:
    """All else of the transport shows through."""
    running, transport, client = pair
    outlet = Outlet(transport)
    running.do(outlet.write, b"record")

    assert _received(client, 6) == b"record"
    assert outlet.getPeer() == transport.getPeer()
