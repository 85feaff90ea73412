"""Who is told of a mailbox's news, and when not: while this process changes it, what is heard is its own noise."""

import logging
import threading
from collections.abc import Callable
from itertools import count

log = logging.getLogger(__name__)


class Listeners:
    """Any thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()  # around all this, and what depends on whether there is anybody
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._numbers = count()
        self._changing = 0  # writes under way
        self._unheard = False  # somebody looked for news meanwhile, or something was heard

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def add(self, callback: Callable[[], None]) -> int:
        """Returns by what number to remove it. With the lock."""
        number = next(self._numbers)
        self._callbacks[number] = callback
        return number

    def remove(self, number: int) -> None:
        """With the lock; it may be gone already."""
        self._callbacks.pop(number, None)

    def tell(self) -> None:
        """There is news."""
        for callback in tuple(self._callbacks.values()):
            try:
                callback()
            except Exception:
                log.exception("a session could not be told of news")

    @property
    def is_changing(self) -> bool:
        """Writes of this process are under way."""
        return self._changing > 0

    def change(self, difference: int) -> None:
        """So many more are under way. With the last, whoever missed something is told."""
        with self.lock:
            self._changing += difference
            unheard = self._unheard and not self._changing
            self._unheard &= not unheard
        if unheard:
            self.tell()

    def hear(self) -> bool:
        """Something was heard, or is asked for. False: not now; all are told after the writes."""
        if self._changing:
            self._unheard = True
        return not self._changing
