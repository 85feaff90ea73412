"""Mailboxes that go on listening to the kernel for a while after their last session.

Clients open and leave the same few again and again. To begin anew takes long where a directory is large: the kernel
visits all the names it knows there, and all has to be compared once more.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol

MOST = 64
"""Mailboxes that do so in a process: each takes two of the kernel's watches, and memory."""

AFTER = 600.0
"""Seconds for which one does."""


class Listening(Protocol):
    """What `Lingering` keeps."""

    def rest(self) -> None:
        """Listens no more, unless for somebody."""


class Lingering:
    """Those of one process. Any thread may call."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._since: OrderedDict[Listening, float] = OrderedDict()  # time.monotonic(), oldest first

    def stay(self, mailbox: Listening) -> None:
        """It may listen on, for as long as no others did so later."""
        with self._lock:
            self._since[mailbox] = time.monotonic()
            self._since.move_to_end(mailbox)
            oldest = self._since.popitem(last=False)[0] if len(self._since) > self._most else None
        if oldest is not None:
            oldest.rest()

    def rest(self, after: float = AFTER) -> None:
        """Ends it for those that nobody had open in the last `after` seconds."""
        until = time.monotonic() - after
        with self._lock:
            idle = [mailbox for mailbox, since in self._since.items() if since <= until]
        self.end(idle)

    def end(self, mailboxes: Iterable[Listening]) -> None:
        """Ends it for these."""
        for mailbox in mailboxes:
            with self._lock:
                self._since.pop(mailbox, None)
            mailbox.rest()


LINGERING = Lingering(MOST)
