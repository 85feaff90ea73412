"""Threads for blocking work, and the way back to the reactor.

A hop to a thread and back costs about as much as sending a small reply, so it is kept bare: one queue for each lane,
and one wake-up of the reactor for all that came back since it last looked.
"""

import logging
import sys
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol

from mailaccess.wire.traps import Lane

log = logging.getLogger(__name__)

THREADS = {Lane.STORAGE: 32, Lane.COMPUTE: 1, Lane.LOGIN: 32}
"""The most threads of each lane. They start when there is work for them and stay."""

SWITCH_INTERVAL = 0.0005
"""Seconds after which a busy thread must let go of the interpreter; Python's default of 0.005 is felt in replies."""

Done = Callable[[Any, Exception | None], None]
"""Told the result, or what was raised."""


class Wakeable(Protocol):
    """What is needed of a reactor."""

    def callFromThread(self, callable: Callable[[], None]) -> None:  # noqa: A002 - Twisted's name
        """Runs it in the reactor's thread."""


class _Lane:
    """A queue and its threads. `busy` is the reactor's own count of what it has handed in and not got back."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self.busy = 0
        self.threads: list[Thread] = []
        self.queue: SimpleQueue[tuple[Callable[[], Any], Done] | None] = SimpleQueue()


class Lanes:
    """All the threads of one reactor."""

    def __init__(self, reactor: Wakeable) -> None:
        self._reactor = reactor
        self._lanes = {lane: _Lane(lane.value, limit) for lane, limit in THREADS.items()}
        self._landed: deque[Callable[[], None]] = deque()
        self._woken = False
        sys.setswitchinterval(SWITCH_INTERVAL)

    @property
    def busy(self) -> int:
        """Calls handed in and not yet answered."""
        return sum(lane.busy for lane in self._lanes.values())

    def submit(self, fn: Callable[[], Any], lane: Lane, done: Done) -> None:
        """From the reactor: runs `fn` in a thread, then `done` in the reactor."""
        here = self._lanes[lane]
        here.busy += 1
        if here.busy > len(here.threads) < here.limit:
            thread = Thread(target=self._work, args=(here,), name=f"{here.name}-{len(here.threads)}", daemon=True)
            here.threads.append(thread)
            thread.start()
        here.queue.put((fn, done))

    def post(self, fn: Callable[[], None]) -> None:
        """From any thread: runs `fn` in the reactor, in the order of posting."""
        self._landed.append(fn)
        if not self._woken:
            self._woken = True
            self._reactor.callFromThread(self._deliver)

    def close(self, seconds: float = 0.0) -> bool:
        """The threads end when they have done what was handed in; whether they have, within this time."""
        threads = [thread for lane in self._lanes.values() for thread in lane.threads]
        for lane in self._lanes.values():
            for _ in lane.threads:
                lane.queue.put(None)
        patience = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, patience - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _deliver(self) -> None:
        self._woken = False  # before looking: whoever posts from here on wakes us again
        for _ in range(len(self._landed)):
            try:
                self._landed.popleft()()
            except Exception:
                log.exception("what a thread handed back could not be delivered")

    def _work(self, lane: _Lane) -> None:
        while (job := lane.queue.get()) is not None:
            self._land(lane, *job)
            del job  # what it holds must not stay alive while the thread waits for the next

    def _land(self, lane: _Lane, fn: Callable[[], Any], done: Done) -> None:
        result: Any = None
        error: Exception | None = None
        try:
            result = fn()
        except Exception as failure:  # noqa: BLE001 - it is the caller's, whatever it is
            error = failure
        except BaseException as failure:  # noqa: BLE001 - nothing may end a lane's thread
            error = RuntimeError(f"a call in lane {lane.name} raised {failure!r}")

        def landed() -> None:
            lane.busy -= 1
            done(result, error)

        self.post(landed)
