"""A session's driver without reactor, socket, thread or time: what a protocol test drives its session with."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from mailaccess.wire.channel import Channel, Peer
from mailaccess.wire.task import WAIT, Task
from mailaccess.wire.traps import Call, Closing, Drained, Event, Gone, Input, TimedOut

Session = Callable[[Channel], Coroutine[Any, Any, None]]


class MemoryDriver(Task):
    """Runs a session in memory. Blocking calls run inline; delays are added up in `slept` and return at once.

    Of several, one runs at a time: whom it wakes goes on when it waits, as with a reactor.
    """

    _running = 0
    _woken: ClassVar[list["MemoryDriver"]] = []

    def __init__(self, session: Session, peer: Peer | None = None) -> None:
        super().__init__(Channel(peer or Peer("127.0.0.1", loopback=True)))
        self.sent: list[bytes] = []
        self.slept = 0.0
        self.closed = False
        self.compressed = False
        self.failure: Exception | None = None
        self.channel.wake = self._wake
        self.start(session(self.channel))

    def feed(self, data: bytes) -> None:
        """The client sends `data`."""
        self.channel.reader.feed(data)
        if isinstance(self.waiting, Input | Event):
            self.resume()

    def output(self) -> bytes:
        """What the session has sent since the last call."""
        self._flush()
        data, self.sent = b"".join(self.sent), []
        return data

    def ask(self, data: bytes) -> bytes:
        """Feeds `data` and returns the reply."""
        self.feed(data)
        return self.output()

    def hang_up(self) -> None:
        """The client is gone."""
        self.throw(Gone())

    def time_out(self) -> None:
        """The client said nothing for too long."""
        self.throw(TimedOut())

    def shut_down(self) -> None:
        """The server is stopping."""
        self.throw(Closing())

    def tick(self) -> None:
        """The seconds of an Event wait pass."""
        if isinstance(self.waiting, Event):
            self.resume()

    def _wake(self) -> None:
        self.channel.woken = True
        MemoryDriver._woken.append(self)
        self._go_on()

    @staticmethod
    @contextmanager
    def all_held() -> Iterator[None]:
        """Whoever is woken goes on when all has happened."""
        MemoryDriver._running += 1
        try:
            yield
        finally:
            MemoryDriver._running -= 1
        MemoryDriver._go_on()

    def _run(self, value: object, error: BaseException | None) -> None:
        with self.all_held():
            super()._run(value, error)

    @staticmethod
    def _go_on() -> None:
        while MemoryDriver._woken and not MemoryDriver._running:
            driver = MemoryDriver._woken.pop(0)
            if isinstance(driver.waiting, Event) and driver.channel.woken:
                driver.resume()

    def _flush(self) -> None:
        self.sent += self.channel.take_output()

    def answer_input(self) -> object:
        self._flush()
        return WAIT

    def answer_drained(self) -> object:
        self._flush()
        return None

    def answer_event(self, seconds: float) -> object:
        self._flush()
        return WAIT

    def answer_call(self, work: Call) -> object:
        return work.fn()

    def answer_starttls(self) -> object:
        self._flush()
        self.channel.reader.clear()
        self.channel.peer.tls = True
        return None

    def answer_compress(self) -> object:
        self._flush()
        self.compressed = True
        return None

    def answer_inflated(self) -> object:
        self._flush()
        self.compressed = False
        return None

    def answer_delay(self, seconds: float) -> object:
        self._flush()
        self.slept += seconds
        return None

    def answer_end(self, failure: Exception | None) -> None:
        self._flush()
        self.closed = True
        self.failure = failure


class UnreadDriver(MemoryDriver):
    """Its client reads nothing until `read`."""

    def read(self) -> bytes:
        """What has been sent; the session may go on."""
        data = self.output()
        if isinstance(self.waiting, Drained):
            self.resume()
        return data

    def answer_drained(self) -> object:
        self._flush()
        return WAIT


class HeldDriver(MemoryDriver):
    """Its calls do not return before `release`; ten seconds pass when `in_progress` is asked."""

    def release(self) -> bytes:
        """The call under way returns; what is sent then."""
        assert isinstance(self.waiting, Call)
        self.resume(self.waiting.fn())
        return self.output()

    def in_progress(self) -> bytes:
        """What the client is told while it waits for a command."""
        assert isinstance(self.waiting, Call)
        return b"" if self.channel.mid_response else self.channel.progress()

    def answer_call(self, work: Call) -> object:
        self._flush()
        return WAIT
