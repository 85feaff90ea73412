"""What happens without anybody asking: changes on disk are noticed, accounts are cared for, delays are measured."""

import logging
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure
from zope.interface import implementer

from mailaccess.net.filling import Filling
from mailaccess.net.lanes import Lanes
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.watch import Watcher
from mailaccess.wire.traps import Lane

log = logging.getLogger(__name__)

POLL = 1.0
"""Seconds between two looks at directories of which the kernel tells us nothing."""
CARE = 300.0
"""Seconds between two rounds through the accounts in memory."""
LAG_INTERVAL = 0.1
MOST_LAG = 0.05
"""Seconds by which the reactor may be late before it is logged."""
LAG_REPORTS = 10.0
"""Seconds between two such lines."""
FELT = 0.01
"""Seconds beyond which each delay is told where everything is logged; the benchmark reads that."""


@implementer(IReadDescriptor)
class Watching:
    """Serves storage's watcher and its accounts from a reactor, from `start` to `stop`."""

    def __init__(self, reactor: Any, lanes: Lanes, watcher: Watcher, accounts: Accounts) -> None:
        self._reactor = reactor
        self._lanes = lanes
        self._watcher = watcher
        self._accounts = accounts
        self._busy: set[str] = set()
        self._filling = Filling(reactor, lanes, accounts)
        self._loops = [
            (LoopingCall(self._poll), POLL),
            (LoopingCall(self._in_thread, "care for accounts", accounts.maintain), CARE),
        ]

    def start(self) -> None:
        """From the reactor's thread."""
        self._reactor.addReader(self)
        self._filling.start()
        for loop, interval in self._loops:
            loop.clock = self._reactor
            loop.start(interval, now=False)

    def stop(self) -> None:
        """Looks at nothing any more; what a thread is doing, it finishes."""
        self._reactor.removeReader(self)
        self._filling.stop()
        for loop, _ in self._loops:
            loop.stop()

    def fileno(self) -> int:
        """The watcher's."""
        return self._watcher.fileno()

    def doRead(self) -> None:
        """Something has changed."""
        self._watcher.ready()

    def connectionLost(self, reason: Failure) -> None:
        """Nothing is connected; the reactor tells so when it stops."""

    def logPrefix(self) -> str:
        """Twisted wants one."""
        return "watching"

    def _poll(self) -> None:
        if self._watcher.polling:
            self._in_thread("poll mailboxes", self._watcher.poll)

    def _in_thread(self, what: str, fn: Any) -> None:
        """Runs `fn`, which may wait for a slow disk, unless it still does so from the last time."""
        if what in self._busy:
            return
        self._busy.add(what)

        def done(_: Any, error: Exception | None) -> None:
            self._busy.discard(what)
            if error is not None:
                log.error("could not %s", what, exc_info=error)

        self._lanes.submit(fn, Lane.STORAGE, done)


class Lag:
    """Measures how late the reactor is, which is how long a client may have to wait for nothing."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._due = 0.0
        self._worst = 0.0
        self._reported = -LAG_REPORTS

    def start(self) -> None:
        """For as long as the reactor runs."""
        self._due = self._reactor.seconds() + LAG_INTERVAL
        self._reactor.callLater(LAG_INTERVAL, self._look)

    def _look(self) -> None:
        now = self._reactor.seconds()
        late = now - self._due
        if late > FELT:
            log.debug("the reactor was late by %.0f ms", late * 1000)
        self._worst = max(self._worst, late)
        if self._worst > MOST_LAG and now - self._reported >= LAG_REPORTS:
            log.warning("the reactor was held up for %.0f ms", self._worst * 1000)
            self._worst, self._reported = 0.0, now
        self.start()
