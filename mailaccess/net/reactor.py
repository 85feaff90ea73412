"""The reactor: Twisted's for epoll, with a shorter way from an event to whom it concerns.

Twisted makes a logging context for each event, so that what is logged meanwhile names the transport. We log addresses
ourselves, and the context takes as long to make as a command to be read from its socket.
"""

import logging

from twisted.internet.epollreactor import EPollReactor

log = logging.getLogger(__name__)

MOST_EVENTS = 512
"""Events taken from the kernel at a time; timers have their turn before the next."""


class Reactor(EPollReactor):
    """Used as Twisted's own."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def doPoll(self, timeout: float | None) -> None:
        """Waits for events, for `timeout` seconds at most (None: until there are some), and tells whom they concern."""
        selectables, tell = self._selectables, self._doReadOrWrite
        for fd, event in self._poller.poll(timeout, MOST_EVENTS):
            selectable = selectables.get(fd)
            if selectable is None:
                continue  # what was told before has closed it
            try:  # Twisted has dealt with what is raised by reading and writing: this is for the end of a connection
                tell(selectable, fd, event)  # type: ignore[no-untyped-call]
            except Exception:
                log.exception("a connection could not be ended")

    doIteration = doPoll  # noqa: N815 - Twisted's name
