"""A parent and its worker processes: started, restarted when they die, stopped together.

The parent runs no reactor and no thread, so that it can fork at any time: a worker begins with all modules loaded and
shares their memory. It keeps every worker's listening sockets: connections made while a worker is down wait in the
queue that its successor takes over.
"""

import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.main import CONNECTION_DONE
from twisted.python.failure import Failure
from zope.interface import implementer

log = logging.getLogger(__name__)

EX_CONFIG = 78
"""A worker's exit status when starting it again will not help (sysexits.h)."""
EX_SOFTWARE = 70
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before a worker that died young is started again; doubled each time."""
GROWN_UP = 10.0
"""Seconds of life after which a worker's death is no sign of the next one's."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

Work = Callable[[int, Callable[[], None], int], None]
"""A worker's life: told its number, what to call when it serves, and a descriptor that is readable once the parent is
gone. Ends on SIGTERM; SIGHUP is ignored until it wants it."""


@implementer(IReadDescriptor)
class Lifeline:
    """In a worker's reactor, as a reader: calls `gone` when the parent is."""

    def __init__(self, descriptor: int, gone: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._gone = gone

    def fileno(self) -> int:
        """The descriptor that the worker was told."""
        return self._descriptor

    def doRead(self) -> Any:
        """Nobody writes there: this is its end."""
        return CONNECTION_DONE

    def connectionLost(self, reason: Failure) -> None:
        """The end; or the reactor stops, and says so."""
        if isinstance(reason.value, ConnectionDone):
            self._gone()

    def logPrefix(self) -> str:
        """Twisted wants one."""
        return "lifeline"


class _Worker:
    """What the parent knows of one."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.pid = 0  # 0: not running
        self.began = 0.0
        self.pause = FIRST_PAUSE
        self.due: float | None = None  # when it is to be started
        self.served = False


class Supervisor:
    """Keeps `count` workers alive until it is told to stop. Restores nothing: it is the process's last activity."""

    def __init__(self, count: int, work: Work, *, grace: float, ready: Callable[[], None]) -> None:
        """`ready` is called once, when all workers serve. After SIGTERM they have `grace` seconds."""
        self._workers = [_Worker(number) for number in range(count)]
        self._work = work
        self._grace = grace
        self._ready = ready
        self._all_served = False
        self._stopping: float | None = None  # when patience ends
        self._status = 0
        self._selector = selectors.DefaultSelector()
        self._signalled, self._signals = socket.socketpair()
        self._lifeline, self._held = os.pipe()
        self._told, self._tell = os.pipe()

    def run(self) -> int:
        """The exit status, when all workers have ended."""
        self._catch_signals()
        # The first shows whether a worker can be started at all; if not, it says so once.
        self._workers[0].due = time.monotonic()
        while self._stopping is None or any(worker.pid for worker in self._workers):
            self._start_due()
            for key, _ in self._selector.select(self._patience()):
                if key.fileobj is self._signalled:
                    for number in self._signalled.recv(256):
                        self._signal(signal.Signals(number))
                else:
                    for number in os.read(self._told, 256):
                        self._serves(self._workers[number])
            if self._stopping is not None and time.monotonic() > self._stopping:
                self._send(signal.SIGKILL)
        return self._status

    def _catch_signals(self) -> None:
        for each in (self._signalled, self._signals):
            each.setblocking(False)
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._signals.fileno())
        self._selector.register(self._signalled, selectors.EVENT_READ)
        self._selector.register(self._told, selectors.EVENT_READ)

    def _patience(self) -> float | None:
        """Seconds until there is something to do without being told."""
        times = [worker.due for worker in self._workers if worker.due is not None]
        if self._stopping is not None:
            times.append(self._stopping)
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _signal(self, number: signal.Signals) -> None:
        if number == signal.SIGCHLD:
            self._reap()
        elif number == signal.SIGHUP:
            self._send(signal.SIGHUP)
        else:
            self._stop()

    def _serves(self, worker: _Worker) -> None:
        worker.served = True
        for other in self._workers:
            if not other.began and other.due is None and self._stopping is None:
                other.due = time.monotonic()
        if not self._all_served and all(each.served for each in self._workers):
            self._all_served = True
            self._ready()

    def _stop(self) -> None:
        """A second call makes the workers hurry."""
        if self._stopping is None:
            self._stopping = time.monotonic() + self._grace
        for worker in self._workers:
            worker.due = None
        self._send(signal.SIGTERM)

    def _send(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid:
                os.kill(worker.pid, number)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for worker in self._workers:
                if worker.pid == pid:
                    worker.pid = 0
                    self._died(worker, pid, os.waitstatus_to_exitcode(status))

    def _died(self, worker: _Worker, pid: int, code: int) -> None:
        """`code` is negative for a signal."""
        if self._stopping is not None:
            return
        if code == EX_CONFIG or not any(each.served for each in self._workers):
            self._status = code if code > 0 else EX_SOFTWARE  # it has said why
            self._stop()
            return
        now = time.monotonic()
        if now - worker.began > GROWN_UP:
            worker.pause = FIRST_PAUSE
        worker.due = now + worker.pause
        cause = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        log.error("worker %d (process %d) died: %s; restarted in %.1f s", worker.number, pid, cause, worker.pause)
        worker.pause = min(LONGEST_PAUSE, worker.pause * 2)

    def _start_due(self) -> None:
        for worker in self._workers:
            if worker.due is not None and worker.due <= time.monotonic():
                worker.due = None
                worker.began = time.monotonic()
                self._start(worker)

    def _start(self, worker: _Worker) -> None:
        # A signal for the child must not be heard by handlers that are the parent's.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        worker.pid = os.fork()
        if not worker.pid:
            self._live(worker)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _live(self, worker: _Worker) -> NoReturn:
        """The child."""
        status = EX_SOFTWARE
        try:
            signal.set_wakeup_fd(-1)
            for number in SIGNALS:
                # A terminal's Ctrl-C reaches all; the parent sees to it that they stop.
                ignored = number in {signal.SIGINT, signal.SIGHUP}
                signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            self._selector.close()
            self._signalled.close()
            self._signals.close()
            os.close(self._held)
            os.close(self._told)
            self._work(worker.number, lambda: _write_octet(self._tell, worker.number), self._lifeline)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            log.exception("worker %d failed", worker.number)
        finally:
            sys.stderr.flush()
            os._exit(status)  # nothing that the parent meant to do at its own exit


def _write_octet(fd: int, value: int) -> None:
    os.write(fd, bytes([value]))
