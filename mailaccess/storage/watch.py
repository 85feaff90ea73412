"""What changed on disk: inotify where the kernel sees the changes, polling where it does not. Knows no reactor.

One Watcher serves a process. Whoever owns the event loop watches `fileno()`, calls `ready()` when it is readable, and
`poll()` every second or so while `polling` is true.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

Callback = Callable[[list[str] | None], None]
"""Told the names of the files that came, went or were written; None: anything may have changed."""


class Watcher:
    """Watches directories for files that come and go, and single files for being written (`wake`).

    `add` and `remove` may be called from any thread; callbacks run in the thread of `ready` or `poll`.
    """

    def fileno(self) -> int:
        """The descriptor that becomes readable."""
        raise NotImplementedError

    @property
    def polling(self) -> bool:
        """Some path is watched by `poll` only."""
        raise NotImplementedError

    def add(self, paths: Iterable[str | Path], callback: Callback) -> int:
        """Watches the paths and returns a token for `remove`. Never fails: what cannot be watched is polled.

        Armed when it returns: a change after that is told, so look at the paths' state after, not before.
        """
        raise NotImplementedError

    def remove(self, token: int) -> None:
        """Ends a watch; its callback is not called again by later events. An unknown token is ignored."""
        raise NotImplementedError

    def ready(self) -> None:
        """Reads what the kernel has and calls back. Never blocks."""
        raise NotImplementedError

    def poll(self) -> None:
        """Looks at the paths that inotify cannot see and calls back for those that differ."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends all watches."""
        raise NotImplementedError


def install(watcher: Watcher | None) -> None:
    """Makes it the process's watcher."""
    raise NotImplementedError


def current() -> Watcher | None:
    """The process's watcher, if one is installed."""
    raise NotImplementedError


def touch_wake(path: str | Path) -> None:
    """Tells those who watch this file that something was committed; makes the file if need be."""
    raise NotImplementedError
