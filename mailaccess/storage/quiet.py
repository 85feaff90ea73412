"""Whether anything has happened in many mailboxes: a watch for all of them, taken and given up as it is worth it."""

import threading
import time
from collections.abc import Collection
from pathlib import Path

from mailaccess.storage import watch
from mailaccess.storage.watch import Happened, Watcher

OFTEN = 600.0
"""Seconds within which somebody has to ask twice to be worth it."""

_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
_PART = 8
"""So small a part of the watches that a user may have goes here: sessions need them more."""
_EACH = ("", "/new", "/cur")


class Quiet:
    """That nothing happens in some directories and in their new/ and cur/."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # around the next three
        self._watcher: Watcher | None = None
        self._tokens: dict[str, int] = {}  # by directory
        self._asked = -OFTEN  # time.monotonic()
        self._lasts = False

    def lasts(self) -> bool:
        """Nothing has happened there since `listen`: that is known, and not only believed."""
        watcher = self._watcher
        if not self._lasts or watcher is None or watcher is not watch.current():
            return False
        self._asked = time.monotonic()
        return watcher.ready() and self._lasts

    def listen(self, directories: Collection[str]) -> None:
        """Begins anew, before they are looked at; if they are few enough, and asked about often."""
        with self._lock:
            now, before = time.monotonic(), self._asked
            self._asked, self._lasts = now, False
            if self._watcher is not watch.current():
                self._drop(list(self._tokens))
                self._watcher = watch.current()
            if self._watcher is None or now - before > OFTEN:
                return
            self._drop(self._tokens.keys() - set(directories))
            fresh = [directory for directory in directories if directory not in self._tokens]
            if not _taken.take(len(fresh) * len(_EACH)):
                return
            _listening.add(self)
            for directory in fresh:
                self._tokens[directory] = self._watcher.add([directory + each for each in _EACH], self._note)
            self._lasts = not self._watcher.polling or all(map(self._watcher.sees_all, self._tokens.values()))

    def end(self) -> None:
        """There is something that is not listened to."""
        self._lasts = False

    def rest(self, after: float = 0.0) -> None:
        """Lets go of all, if nobody has asked for so many seconds."""
        with self._lock:
            if time.monotonic() - self._asked >= after:
                self._drop(list(self._tokens))
                self._lasts = False
                _listening.discard(self)

    def _drop(self, directories: Collection[str]) -> None:
        for directory in directories:
            token = self._tokens.pop(directory)
            if self._watcher is not None:
                self._watcher.remove(token)
        _taken.give_back(len(directories) * len(_EACH))

    def _note(self, _: Happened | None) -> None:
        self._lasts = False


def rest() -> None:
    """Lets go of what nobody has asked about in a while."""
    for each in list(_listening):
        each.rest(after=OFTEN)


class _Taken:
    """The watches of all accounts of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0

    def take(self, number: int) -> bool:
        """So many more; False where that is too many."""
        with self._lock:
            if number and self._number + number > _limit():
                return False
            self._number += number
            return True

    def give_back(self, number: int) -> None:
        with self._lock:
            self._number -= number


def _limit() -> int:
    try:
        return int(_LIMIT.read_text("ascii")) // _PART
    except (OSError, ValueError):
        return 0


_taken = _Taken()
_listening: set[Quiet] = set()
