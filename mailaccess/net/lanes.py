"""Threads for blocking work, and the way back to the reactor.

A hop to a thread and back costs about as much as sending a small reply, so it is kept bare: one queue for each lane,
and one wake-up of the reactor for all that came back since it last looked. What the threads cannot take yet waits on
this side, where whoever asked for it (a user, an address) has a turn after the others: fifty sessions of one user
hold up another's no more than one does.
"""

import logging
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, Protocol

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


class _Job(NamedTuple):
    who: str
    fn: Callable[[], Any]
    done: Done


class _Lane:
    """Threads, the queue they take from, and who waits for a place in it. But for the queue, the reactor's own."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self.places = limit + 1  # one more than threads, so that none waits for the reactor
        self.share = self.places - limit // 4  # of places that one may have: threads may all be held by one's lock
        self.threads: list[Thread] = []
        self.queue: SimpleQueue[_Job | None] = SimpleQueue()
        self.handed = 0  # to the threads, and not yet back
        self.handed_of: Counter[str] = Counter()
        self.waiting: dict[str, deque[_Job]] = {}  # by who asked; whose turn is next comes first

    @property
    def busy(self) -> int:
        """Calls handed in and not yet answered."""
        return self.handed + sum(map(len, self.waiting.values()))

    def hand_out(self) -> None:
        """To the threads, as many as they can take."""
        while self.waiting and self.handed < self.places:
            who = next((who for who in self.waiting if self.handed_of[who] < self.share), None)
            if who is None:
                return
            jobs = self.waiting.pop(who)
            self.hand(jobs.popleft())
            if jobs:
                self.waiting[who] = jobs  # behind the others

    def hand(self, job: _Job) -> None:
        """To the threads."""
        self.handed += 1
        self.handed_of[job.who] += 1
        self.queue.put(job)

    def back(self, who: str) -> None:
        """It is done."""
        self.handed -= 1
        self.handed_of[who] -= 1
        if not self.handed_of[who]:
            del self.handed_of[who]
        self.hand_out()


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

    def submit(self, fn: Callable[[], Any], lane: Lane, done: Done, who: str = "") -> None:
        """From the reactor: runs `fn` in a thread, then `done` in the reactor. Each `who` has as many turns."""
        here = self._lanes[lane]
        here.waiting.setdefault(who, deque()).append(_Job(who, fn, done))
        here.hand_out()
        if here.handed > len(here.threads) < here.limit:
            thread = Thread(target=self._work, args=(here,), name=f"{here.name}-{len(here.threads)}", daemon=True)
            here.threads.append(thread)
            thread.start()

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
            for jobs in lane.waiting.values():
                for job in jobs:
                    lane.hand(job)
            lane.waiting.clear()
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
            self._land(lane, job)
            del job  # what it holds must not stay alive while the thread waits for the next

    def _land(self, lane: _Lane, job: _Job) -> None:
        result: Any = None
        error: Exception | None = None
        try:
            result = job.fn()
        except Exception as failure:  # noqa: BLE001 - it is the caller's, whatever it is
            error = failure
        except BaseException as failure:  # noqa: BLE001 - nothing may end a lane's thread
            error = RuntimeError(f"a call in lane {lane.name} raised {failure!r}")

        who, done = job.who, job.done

        def landed() -> None:
            lane.back(who)
            done(result, error)

        self.post(landed)
