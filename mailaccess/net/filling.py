"""Full-text indexes are filled while nothing else is to be done, in slices, with pauses."""

import logging
from typing import Any

from mailaccess.net.lanes import Lanes
from mailaccess.storage.accounts import Accounts
from mailaccess.wire.traps import Lane

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks for work."""
GIVE_WAY = 0.1
"""Seconds until the next look when there is work, but sessions have some, too."""
SHARE = 2
"""One part in so many of the time of a processor, at most."""


class Filling:
    """Fills the indexes of accounts from a reactor, from `start` to `stop`."""

    def __init__(self, reactor: Any, lanes: Lanes, accounts: Accounts) -> None:
        self._reactor = reactor
        self._lanes = lanes
        self._accounts = accounts
        self._next: Any = None

    def start(self) -> None:
        """From the reactor's thread."""
        self._again(LOOK)

    def stop(self) -> None:
        """What a thread is doing, it finishes."""
        if self._next.active():
            self._next.cancel()
        self._next = None

    def _again(self, seconds: float) -> None:
        self._next = self._reactor.callLater(seconds, self._look)

    def _look(self) -> None:
        if not self._accounts.to_fill:
            self._again(LOOK)
        elif self._lanes.busy:
            self._again(GIVE_WAY)
        else:
            began = self._reactor.seconds()

            def done(_: Any, error: Exception | None) -> None:
                if error is not None:
                    log.error("could not fill a full-text index", exc_info=error)
                if self._next is not None:
                    self._again((SHARE - 1) * max(self._reactor.seconds() - began, 0.005))

            # It keeps a processor busy, but may wait for the disk as well, for which no session's computing is to wait.
            self._lanes.submit(self._accounts.fill, Lane.STORAGE, done)
