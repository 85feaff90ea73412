"""Events find whom they concern, and one's failure is nobody else's."""

import logging
import socket
from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol

from tests.net.stage import Running, connected, read_line


class Touchy(Protocol):
    """Echoes lines, but some words it cannot stand."""

    transport: Any
    others: list["Touchy"]
    failed = False

    def connectionMade(self) -> None:
        self.others.append(self)

    def dataReceived(self, data: bytes) -> None:
        if data == b"raise\r\n":
            self.failed = True
            raise ValueError("I cannot stand that")
        if data == b"alone\r\n":
            for other in self.others:
                if other is not self:
                    other.transport.abortConnection()
        self.transport.write(data)

    def connectionLost(self, reason: object = None) -> None:
        if self.failed:
            raise ValueError("nor that I am closed for it")


@pytest.fixture
def running() -> Any:
    with Running() as running:
        yield running


def _listen(running: Running) -> int:
    protocol = type("Touchy", (Touchy,), {"others": []})
    factory = Factory.forProtocol(protocol)
    port: int = running.do(running.reactor.listenTCP, 0, factory, interface="127.0.0.1").getHost().port
    return port


def _ask(client: socket.socket, line: bytes) -> bytes:
    client.sendall(line)
    return read_line(client)


def test_a_protocol_that_fails_is_closed_and_the_others_go_on(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when it fails once more at its end, which only we catch."""
    port = _listen(running)
    with connected(port) as one, connected(port) as other:
        assert _ask(one, b"hello\r\n") == b"hello\r\n"
        assert _ask(other, b"hello\r\n") == b"hello\r\n"
        with caplog.at_level(logging.ERROR):
            assert _ask(one, b"raise\r\n") == b""
            assert _ask(other, b"still here\r\n") == b"still here\r\n"

    assert "a connection could not be ended" in caplog.text


def test_who_was_closed_is_told_nothing_more(running: Running) -> None:
    """Of two events that came together, the first may have ended the connection of the second."""
    port = _listen(running)
    with connected(port) as one, connected(port) as other:
        assert _ask(one, b"hello\r\n") == b"hello\r\n"
        assert _ask(other, b"hello\r\n") == b"hello\r\n"

        def both() -> None:
            for client in (one, other):
                client.sendall(b"alone\r\n")

        running.do(both)  # while the reactor does this, it sees neither
        answers = sorted([_read_or_reset(one), _read_or_reset(other)])

    assert answers == [b"", b"alone\r\n"]


def _read_or_reset(client: socket.socket) -> bytes:
    try:
        return read_line(client)
    except ConnectionResetError:
        return b""
