"""What the tests of net stand on: a transport in memory with a clock moved by hand, and a reactor in a thread."""

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import trustme
from twisted.internet.defer import maybeDeferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from mailaccess.net.connection import Connection, Session
from mailaccess.net.lanes import Lanes
from mailaccess.net.reactor import Reactor
from mailaccess.wire.channel import Channel, Peer
from mailaccess.wire.traps import Closing, TimedOut


class Loop(Clock):
    """A reactor's clock, and what threads hand to it."""

    def __init__(self) -> None:
        super().__init__()
        self._posted: queue.Queue[Callable[[], None]] = queue.Queue()

    def callFromThread(self, callable: Callable[[], None]) -> None:  # noqa: A002
        self._posted.put(callable)

    def turn(self) -> None:
        """One round: what is due by now, but nothing that this brings about."""
        for due in [call for call in self.calls if call.getTime() <= self.rightNow]:
            self.calls.remove(due)
            due.called = 1
            due.func(*due.args, **due.kw)

    def run_posted(self) -> None:
        """Waits for a thread to post something, and runs it."""
        self._posted.get(timeout=10)()


class Transport(StringTransport):
    """Remembers what was written to it, and how it was closed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.aborted = False
        self.half_closed = False
        self.full = False  # whatever is written is enough for now
        self.dataBuffer = b""
        self._tempDataLen = 1  # Twisted's count of what the kernel has not taken

    def setTcpNoDelay(self, enabled: bool) -> None: ...

    def setTcpKeepAlive(self, enabled: bool) -> None: ...

    def taken(self) -> None:
        """The kernel has taken all."""
        self._tempDataLen = 0

    def writeSequence(self, chunks: Iterable[bytes]) -> None:
        super().writeSequence(chunks)  # type: ignore[no-untyped-call]
        if self.full and self.producer:
            self.producer.pauseProducing()

    def abortConnection(self) -> None:
        self.aborted = True

    def loseWriteConnection(self) -> None:
        self.half_closed = True


class Client:
    """One connection in memory, and its other end."""

    def __init__(self, session: Session) -> None:
        self.loop = Loop()
        self.transport = Transport()
        self.ended = 0
        self.lanes = Lanes(self.loop)
        self.connection = Connection(
            session,
            Peer("192.0.2.1"),
            self.loop,
            self.lanes,
            apology=b"sorry\r\n",
            ended=lambda _: self.count_end(),
        )
        self.connection.makeConnection(self.transport)  # type: ignore[no-untyped-call]

    def count_end(self) -> None:
        self.ended += 1

    def send(self, data: bytes) -> bytes:
        """Sends and returns what came back at once."""
        self.connection.dataReceived(data)
        return self.output()

    def output(self) -> bytes:
        """What was sent since the last look."""
        data: bytes = self.transport.value()  # type: ignore[no-untyped-call]
        self.transport.clear()  # type: ignore[no-untyped-call]
        return data

    def wait(self, seconds: float) -> bytes:
        """Lets time pass."""
        self.loop.advance(seconds)
        return self.output()

    def turn(self) -> bytes:
        """Lets the reactor do one round."""
        self.loop.turn()
        return self.output()

    def hang_up(self) -> None:
        """The connection is gone."""
        self.connection.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]

    def end_input(self) -> None:
        """The client has closed its direction."""
        self.connection.readConnectionLost()


def closed_cleanly() -> Failure:
    return Failure(ConnectionDone())  # type: ignore[no-untyped-call]


class Running:
    """A reactor that runs in a thread."""

    def __init__(self) -> None:
        self.reactor: Any = Reactor()
        self._thread = threading.Thread(target=self.reactor.run, kwargs={"installSignalHandlers": False})

    def __enter__(self) -> "Running":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.reactor.callFromThread(self.reactor.stop)
        self._thread.join(10)
        self.reactor._poller.close()

    def do(self, fn: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Runs `fn` in the reactor's thread and waits for what it returns, or for what its Deferred fires with."""
        answers: queue.Queue[Any] = queue.Queue()
        self.reactor.callFromThread(lambda: maybeDeferred(fn, *args, **named).addBoth(answers.put))
        answer = answers.get(timeout=10)
        if isinstance(answer, Failure):
            answer.raiseException()
        return answer


@contextmanager
def connected(port: int, context: ssl.SSLContext | None = None, name: str = "localhost") -> Iterator[socket.socket]:
    """A client's socket."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    with context.wrap_socket(plain, server_hostname=name) if context else plain as made:
        yield made


def read_line(client: socket.socket) -> bytes:
    """One line, octet by octet, so that nothing behind it is taken."""
    line = b""
    while not line.endswith(b"\n"):
        piece = client.recv(1)
        if not piece:
            break
        line += piece
    return line


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client's context that believes this authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def echo(channel: Channel) -> None:
    """Says every line back; says what ended it."""
    channel.timeout = 60
    channel.write(b"hello\r\n")
    try:
        while True:
            line = await channel.reader.line(100)
            channel.write(b"<%s>\r\n" % line)
            if line == b"bye":
                return
    except (TimedOut, Closing) as reason:
        channel.write(type(reason).__name__.encode())
