"""What all workers must know of each other: open sessions, and failed logins.

One small SQLite file, or memory. It outlives a worker and serves one machine; while no worker runs it may be deleted.
Where it cannot be written, logins go on uncounted. All methods block for well under a millisecond, unless another
process holds the file.
"""

import hashlib
import logging
import secrets
import sqlite3
import threading
import time
import unicodedata
import weakref
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from mailaccess.auth.process import alive, this_process
from mailaccess.auth.store import open_store, transaction
from mailaccess.auth.throttle import Throttle, Trusted, loopback, network, site

log = logging.getLogger(__name__)

CLEAN_EVERY = 60.0  # seconds
TRY_AGAIN = 1.0  # seconds after which the end of sessions is told again, if the file could not be written
KNOWN_AGAIN = 86400.0  # seconds after which a known network is noted anew
FORGOTTEN = 12  # half lives after which a count is dropped


class TooManySessions(Exception):  # noqa: N818 - what happened, not an error
    """A limit is reached. The text says which, for the user."""


class Slot:
    """One counted session. Left once, explicitly or by being dropped."""

    __slots__ = ("__weakref__", "_leave")

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = weakref.finalize(self, leave)
        self._leave.atexit = False  # the process's end is noticed anyway

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
        throttle: Throttle | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`trusted` networks are neither slowed down as networks nor limited in sessions; ValueError if one is none.
        OSError or sqlite3.Error if there can be no such file."""
        self._trusted = Trusted(trusted)
        self._throttle = throttle or Throttle()
        self._clock = clock
        self._lock = threading.Lock()
        self._db = open_store(path)
        self._owner = f"{this_process()}#{secrets.token_hex(4)}"
        self._mine: Counter[tuple[str, str]] = Counter()  # sessions of this process by (user, site)
        self._unpublished: set[tuple[str, str]] = set()
        self._cleaned = clock()
        # A slot may be dropped by the garbage collector in any thread, even one that holds the lock: these two
        # are the only things it changes, and both bear that.
        self._left: deque[tuple[str, str]] = deque()
        self._wake: SimpleQueue[bool] = SimpleQueue()
        self._publisher: threading.Thread | None = None
        if path is not None:
            self._publisher = threading.Thread(target=self._publish_leaving, name="ledger", daemon=True)
            self._publisher.start()

    def close(self) -> None:
        """This process's sessions no longer count."""
        if self._publisher is not None:
            self._wake.put(False)
            self._publisher.join()
        with self._lock:
            try:
                self._db.execute("DELETE FROM session WHERE owner = ?", (self._owner,))
            except sqlite3.Error as error:
                log.warning("ledger not written: %s", error)
            self._db.close()

    # -- sessions

    def enter(self, user: str, address: str, *, per_user: int, per_address: int) -> Slot:
        """Counts a session; TooManySessions."""
        key = (user, site(address))
        limits = [("user", user, per_user, "Too many sessions of this user")]
        if address not in self._trusted:
            limits.append(("site", key[1], per_address, "Too many sessions from this address"))
        refusal = None
        with self._lock:
            self._settle()
            self._count(key, 1)
            try:
                with transaction(self._db):
                    self._publish()
                    refusal = self._refusal(limits)
                    if refusal is not None:
                        self._count(key, -1)
                        self._publish()
                self._unpublished.clear()
            except sqlite3.Error as error:
                log.warning("ledger not written: %s", error)
        if refusal is not None:
            raise TooManySessions(refusal)
        return Slot(partial(self._leave, key))

    def _leave(self, key: tuple[str, str]) -> None:
        self._left.append(key)
        if self._publisher is not None:
            self._wake.put(True)

    def _settle(self) -> None:
        while self._left:
            self._count(self._left.popleft(), -1)

    def _count(self, key: tuple[str, str], change: int) -> None:
        self._mine[key] += change
        self._unpublished.add(key)

    def _publish(self) -> None:
        for key in self._unpublished:
            if self._mine[key] > 0:
                row = (self._owner, *key, self._mine[key])
                self._db.execute("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)", row)
            else:
                del self._mine[key]
                sql = "DELETE FROM session WHERE owner = ? AND user = ? AND site = ?"
                self._db.execute(sql, (self._owner, *key))

    def _publish_leaving(self) -> None:
        """The thread that tells the other processes of sessions that have ended."""
        patience = None
        while self._told(patience):
            with self._lock:
                self._settle()
                try:
                    if self._unpublished:
                        with transaction(self._db):
                            self._publish()
                        self._unpublished.clear()
                    patience = None
                except sqlite3.Error as error:
                    log.warning("ledger not written: %s", error)
                    patience = TRY_AGAIN

    def _told(self, patience: float | None) -> bool:
        """Waits for word of a session's end, `patience` seconds if not for ever; False at the end of all."""
        try:
            return self._wake.get(timeout=patience)
        except Empty:
            return True

    def _refusal(self, limits: list[tuple[str, str, int, str]]) -> str | None:
        for column, value, limit, text in limits:
            if self._sessions(column, value) > limit:
                self._bury()
                if self._sessions(column, value) > limit:
                    return f"{text} (at most {limit})."
        return None

    def _sessions(self, column: str, value: str) -> int:
        sql = f"SELECT coalesce(sum(count), 0) FROM session WHERE {column} = ?"  # noqa: S608 - two names of ours
        return int(self._db.execute(sql, (value,)).fetchone()[0])

    def _bury(self) -> None:
        for (name,) in self._db.execute("SELECT DISTINCT owner FROM session").fetchall():
            if not alive(name.partition("#")[0]):
                self._db.execute("DELETE FROM session WHERE owner = ?", (name,))

    # -- failures

    def failed(self, user: str, address: str) -> float:
        """Counts a failed login; seconds after which it may be answered."""
        who, now = _Who(user, address), self._clock()
        with self._lock:
            try:
                with transaction(self._db):
                    self._forget_old(now)
                    for key in (who.account, who.network, who.pair):
                        count, at = self._failures(key)
                        count = self._throttle.decayed(count, now - at) + 1
                        self._db.execute("INSERT OR REPLACE INTO failure VALUES (?, ?, ?)", (key, count, now))
                    return self._delay(who, now)
            except sqlite3.Error as error:
                log.warning("failure not counted: %s", error)
                return self._throttle.delay(1)

    def turn(self, user: str, address: str) -> float | None:
        """Takes the next turn to try a password: seconds until then; None if that is too long to wait for.

        After failures turns are apart by the delay, so that guesses made at the same time are no more in all than
        guesses made one after the other. Each network waits for its own turns, and for those of the account only
        as long as keeps many networks from sharing the work: an attack does not lock out who comes from elsewhere.
        """
        who, now = _Who(user, address), self._clock()
        with self._lock:
            try:
                if not any(gap for _, gap, _ in self._queues(who, now)):
                    return 0.0
                with transaction(self._db):
                    return self._take_turn(self._queues(who, now), now)
            except sqlite3.Error as error:
                log.warning("ledger not used: %s", error)
                return 0.0

    def _take_turn(self, queues: list[tuple[bytes, float, float]], now: float) -> float | None:
        patience = self._throttle.patience
        waits = []
        for key, gap, since in queues:
            row = self._db.execute("SELECT next FROM turn WHERE who = ?", (key,)).fetchone()
            taken = float(row[0]) - now if row else 0.0
            # The clock may have been set back: no delay is waited for twice, nor a turn that cannot have been taken.
            waits.append(max(0.0, taken if taken <= patience + gap else 0.0, min(gap, since + gap - now)))
        if max(waits) > patience:
            return None
        # Each queue moves on by itself: who waits long in one does not hold up the others of another.
        for (key, gap, _), wait in zip(queues, waits, strict=True):
            if gap:
                self._db.execute("INSERT OR REPLACE INTO turn VALUES (?, ?)", (key, now + wait + gap))
        return max(waits)

    def succeeded(self, user: str, address: str) -> None:
        """Forgets the account's failures in this network, which is known from now on."""
        who, now = _Who(user, address), self._clock()
        with self._lock:
            try:
                failures, at = self._failures(who.pair)
                if not failures and self._known_since(who) > now - KNOWN_AGAIN:
                    return
                with transaction(self._db):
                    self._db.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", (who.pair, now))
                    self._db.execute("DELETE FROM turn WHERE who = ?", (who.pair,))
                    for key in (who.account, who.network, who.pair):
                        self._forgive(key, self._throttle.decayed(failures, now - at), now)
            except sqlite3.Error as error:
                log.warning("ledger not written: %s", error)

    def _forgive(self, key: bytes, failures: float, now: float) -> None:
        count, at = self._failures(key)
        # All three counts halve at the same pace, so the pair's share can be taken out of the sums at any time.
        left = self._throttle.decayed(count, now - at) - failures
        if left < 0.01:
            self._db.execute("DELETE FROM failure WHERE who = ?", (key,))
        else:
            since_then = self._throttle.decayed(1, now - at)
            self._db.execute("UPDATE failure SET count = ? WHERE who = ?", (left / since_then, key))

    def _delay(self, who: "_Who", now: float) -> float:
        """After a failure, as the account's and the network's now stand."""
        throttle = self._throttle
        delay = max(self._slowed(who.account, now)[0], self._network_slowed(who, now)[0])
        return min(throttle.known_cap, delay) if self._is_known(who, now) else delay

    def _queues(self, who: "_Who", now: float) -> list[tuple[bytes, float, float]]:
        """(key, seconds between two turns, time of the last failure): what an attempt has to wait for.

        Where the user is known, that is only what went wrong there.
        """
        throttle = self._throttle
        own, own_since = self._slowed(who.pair, now)
        if self._is_known(who, now):
            return [(who.pair, min(throttle.known_cap, own), own_since)]
        delay, since = self._slowed(who.account, now)
        return [
            (who.pair, own, own_since),
            (who.account, min(throttle.strangers, delay), since),
            (who.network, *self._network_slowed(who, now)),
        ]

    def _network_slowed(self, who: "_Who", now: float) -> tuple[float, float]:
        """(delay, time of the last failure)"""
        if loopback(who.address) or who.address in self._trusted:
            return 0.0, 0.0
        return self._slowed(who.network, now, self._throttle.free)

    def _slowed(self, key: bytes, now: float, free: int = 0) -> tuple[float, float]:
        """(delay, time of the last failure)"""
        count, at = self._failures(key)
        return self._throttle.delay(self._throttle.decayed(count, now - at) - free), at

    def _failures(self, key: bytes) -> tuple[float, float]:
        """(count, time of the last one)"""
        row = self._db.execute("SELECT count, at FROM failure WHERE who = ?", (key,)).fetchone()
        return (float(row[0]), float(row[1])) if row else (0.0, 0.0)

    def _is_known(self, who: "_Who", now: float) -> bool:
        return self._known_since(who) > now - self._throttle.known_for

    def _known_since(self, who: "_Who") -> float:
        row = self._db.execute("SELECT at FROM known WHERE who = ?", (who.pair,)).fetchone()
        return float(row[0]) if row else float("-inf")

    def _forget_old(self, now: float) -> None:
        if 0 <= now - self._cleaned < CLEAN_EVERY:
            return
        self._cleaned = now
        self._db.execute("DELETE FROM failure WHERE at < ?", (now - FORGOTTEN * self._throttle.half_life,))
        self._db.execute("DELETE FROM turn WHERE next < ?", (now,))
        self._db.execute("DELETE FROM known WHERE at < ?", (now - self._throttle.known_for,))


class _Who:
    """Whose failures: the account, the network, and the account in the network; as digests, since people type their
    passwords where names belong."""

    __slots__ = ("account", "address", "network", "pair")

    def __init__(self, user: str, address: str) -> None:
        name = unicodedata.normalize("NFC", user).casefold().encode("utf-8", "surrogateescape")
        self.address = address
        self.account = _digest(b"account", name)
        self.network = _digest(b"network", network(address).encode("utf-8", "surrogateescape"))
        self.pair = _digest(b"pair", self.account + self.network)


def _digest(kind: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16, person=kind).digest()
