"""What all workers must know of each other: open sessions, and failed logins.

One small SQLite file, or memory. It outlives a worker, not the machine: it may be deleted at any time, and when it
cannot be used, logins go on uncounted.
"""

import hashlib
import logging
import os
import sqlite3
import threading
import time
import unicodedata
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mailaccess.auth.throttle import Throttle, Trusted, loopback, network, site

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    process TEXT NOT NULL, user TEXT NOT NULL, site TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (process, user, site)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_user ON session (user);
CREATE INDEX IF NOT EXISTS session_site ON session (site);
CREATE TABLE IF NOT EXISTS failure (who BLOB PRIMARY KEY, count REAL NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (who BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""


class TooManySessions(Exception):  # noqa: N818
    """A limit is reached. The text says which, for the user."""


class Slot:
    """One counted session. Left once, explicitly or by being dropped."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = weakref.finalize(self, leave)

    def leave(self) -> None:
        """The session is over. Never blocks, from any thread, any number of times."""
        self._leave()


class Ledger:
    """Session counts and failures. Thread-safe; several processes may share the file."""

    def __init__(
        self,
        path: Path | None,
        *,
        trusted: tuple[str, ...] = (),
        throttle: Throttle = Throttle(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`trusted` networks are not slowed down as networks, nor limited in sessions; ValueError if one is none."""
        raise NotImplementedError

    def enter(self, user: str, address: str, *, per_user: int, per_address: int) -> Slot:
        """Counts a session; TooManySessions. Blocks."""
        raise NotImplementedError

    def failed(self, user: str, address: str) -> float:
        """Counts a failed login; seconds after which it may be answered. Blocks."""
        raise NotImplementedError

    def succeeded(self, user: str, address: str) -> None:
        """Forgets the account's failures in this network. Blocks."""
        raise NotImplementedError

    def penalty(self, user: str, address: str) -> float:
        """Seconds until the last failure's delay has passed. Blocks."""
        raise NotImplementedError

    def close(self) -> None:
        """This process's sessions no longer count."""
        raise NotImplementedError
