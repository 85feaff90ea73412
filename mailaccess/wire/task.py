"""Runs one session's coroutine and hands each trap to the method that answers it.

Both drivers, `net.connection` (Twisted) and the tests', are subclasses: what they share is that a session takes the
same steps in the same order whoever drives it.
"""

from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any

from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import Call, Compress, Delay, Drained, Event, Inflated, Input, StartTLS, Trap, Turn

WAIT = object()
"""Returned by an `answer_*` method that will call `resume` or `throw` later."""


class Task(ABC):
    """One session under way. `waiting` is the trap it is in, None while it runs or when it is finished."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.waiting: Trap | None = None
        self.finished = False
        self._coroutine: Coroutine[Trap, Any, None] | None = None

    def start(self, session: Coroutine[Trap, Any, None]) -> None:
        """Runs the session up to its first wait."""
        self._coroutine = session
        self._run(None, None)

    def resume(self, value: object = None) -> None:
        """Answers the trap the session waits in."""
        self._run(value, None)

    def throw(self, error: BaseException) -> None:
        """Raises `error` at the trap the session waits in."""
        self._run(None, error)

    def _run(self, value: object, error: BaseException | None) -> None:
        """Runs the session up to its next wait, from the trap it waits in: that returns `value`, or raises `error`."""
        if self._coroutine is None or self.finished:
            return
        self.waiting = None
        try:
            while True:
                if error is None:
                    trap = self._coroutine.send(value)
                else:
                    pending, error = error, None
                    trap = self._coroutine.throw(pending)
                self.waiting = trap
                try:
                    value = self._answer(trap)
                except Exception as failure:  # noqa: BLE001 - what a Call run inline raises belongs to the session
                    value, error = None, failure
                if value is WAIT:
                    return
                self.waiting = None
        except StopIteration:
            self.finished = True
            self.answer_end(None)
        except Exception as failure:  # noqa: BLE001 - the driver logs it; one session's fault ends that session only
            self.finished = True
            self.answer_end(failure)

    def _answer(self, trap: Trap) -> object:
        match trap:
            case Input():
                return self.answer_input()
            case Drained():
                return self.answer_drained()
            case Event():
                if self.channel.woken or self.channel.reader.fresh:
                    return None
                return self.answer_event(trap.seconds)
            case Call():
                return self.answer_call(trap)
            case Turn():
                return self.answer_turn()
            case StartTLS():
                return self.answer_starttls()
            case Compress():
                return self.answer_compress()
            case Inflated():
                return self.answer_inflated()
            case Delay():
                return self.answer_delay(trap.seconds)

    @abstractmethod
    def answer_input(self) -> object: ...

    @abstractmethod
    def answer_drained(self) -> object: ...

    @abstractmethod
    def answer_event(self, seconds: float) -> object: ...

    @abstractmethod
    def answer_call(self, work: Call) -> object: ...

    def answer_turn(self) -> object:
        """A driver that has nobody else to serve goes on at once."""
        return None

    @abstractmethod
    def answer_starttls(self) -> object: ...

    @abstractmethod
    def answer_compress(self) -> object: ...

    @abstractmethod
    def answer_inflated(self) -> object: ...

    @abstractmethod
    def answer_delay(self, seconds: float) -> object: ...

    @abstractmethod
    def answer_end(self, failure: Exception | None) -> None:
        """The session has returned, or failed: flush and close."""
