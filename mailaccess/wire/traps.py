"""The few places where a session waits, and the only functions that ever yield to its driver.

A session is a coroutine; whoever drives it (`wire.task.Task`) answers what is yielded here. A session knows no
socket, no thread, no reactor and no clock.
"""

import types
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

STEPS_AT_ONCE = 5_000
"""Steps of some 100 ns that a session takes without asking a thread to; more would keep the others waiting."""


class Gone(Exception):  # noqa: N818 - what happened, not an error
    """The peer has gone; raised at the trap the session waits in, which then has nobody to answer."""


class TimedOut(Exception):  # noqa: N818
    """The peer sent nothing for `Channel.timeout` seconds; the session may still say goodbye."""


class Closing(Exception):  # noqa: N818
    """The server is shutting down; the session may still say goodbye."""


@dataclass(frozen=True, slots=True)
class Input:
    """More bytes, please."""


@dataclass(frozen=True, slots=True)
class Drained:
    """Enough is rendered; go on when the transport's buffer is low."""


@dataclass(frozen=True, slots=True)
class Event:
    """Input, or `Channel.wake()`, or `seconds` have passed, whichever is first; at once if one already waits."""

    seconds: float


class Lane(Enum):
    """Which threads do a Call's work; a crowd in one lane does not hold up the others."""

    STORAGE = "storage"  # waits for disks and locks: many at a time
    COMPUTE = "compute"  # keeps a processor busy: one at a time
    LOGIN = "login"  # checks passwords for whoever asks: a few at a time


@dataclass(frozen=True, slots=True)
class Call:
    """Blocking work for a thread."""

    fn: Callable[[], Any]
    lane: Lane = Lane.STORAGE


@dataclass(frozen=True, slots=True)
class Turn:
    """Input is at hand, but if this session has run for long by now, let the others go first."""


@dataclass(frozen=True, slots=True)
class StartTLS:
    """Flush, drop what is buffered of the plaintext input, negotiate TLS."""


@dataclass(frozen=True, slots=True)
class Compress:
    """Flush, then deflate both directions (RFC 4978)."""


@dataclass(frozen=True, slots=True)
class Inflated:
    """Flush, then deflate neither direction any more (RFC 8437)."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait, without reading."""

    seconds: float


Trap = Input | Drained | Event | Call | Turn | StartTLS | Compress | Inflated | Delay

_INPUT = Input()
_DRAINED = Drained()
_TURN = Turn()


@types.coroutine
def _trap(request: Trap) -> Generator[Trap, Any, Any]:
    return (yield request)


@types.coroutine
def more_input() -> Generator[Trap, Any, None]:
    """Returns when the reader holds more than it did."""
    yield _INPUT


@types.coroutine
def drained() -> Generator[Trap, Any, None]:
    """Flushes the output; returns when the peer has taken most of it."""
    yield _DRAINED


async def event(seconds: float) -> None:
    """Returns when there is input, when the channel was woken, or after `seconds`."""
    await _trap(Event(seconds))


async def call(fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs `fn` where waiting for disks and locks is allowed; raises what it raises."""
    result: R = await _trap(Call(lambda: fn(*args, **kwargs)))
    return result


async def compute(fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """As `call`, for work that keeps a processor busy; callers slice it into pieces of about 20 ms."""
    result: R = await _trap(Call(lambda: fn(*args, **kwargs), Lane.COMPUTE))
    return result


async def compute_steps(steps: int, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The result of `fn`, which takes some 100 ns for each step: at once if they are few, else as `compute`."""
    return fn(*args, **kwargs) if steps <= STEPS_AT_ONCE else await compute(fn, *args, **kwargs)


async def verify(fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """As `call`, for the check of a password, which is slow by design and which strangers can ask for."""
    result: R = await _trap(Call(lambda: fn(*args, **kwargs), Lane.LOGIN))
    return result


@types.coroutine
def turn() -> Generator[Trap, Any, None]:
    """Between two commands: other sessions are served, if this one has kept them waiting."""
    yield _TURN


async def start_tls() -> None:
    """Changes the wire to TLS; plaintext that was already sent behind the command has been dropped."""
    await _trap(StartTLS())


async def compress() -> None:
    """Changes the wire to DEFLATE."""
    await _trap(Compress())


async def end_compression() -> None:
    """Changes the wire back; without DEFLATE on it, nothing happens."""
    await _trap(Inflated())


async def delay(seconds: float) -> None:
    """Holds the session up, without reading from the peer."""
    if seconds > 0:
        await _trap(Delay(seconds))
