"""Group commit: threads that wait to write are served by one of them, in one transaction.

Whoever comes first leads: it takes all work that waits, runs each piece in a savepoint of its own, makes the files'
directories durable, commits once, and lets the others go. Work that comes meanwhile waits for the next leader.
"""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Generic, TypeVar, cast

from mailaccess.storage.disk import sync_directory
from mailaccess.storage.index.delta import Delta
from mailaccess.storage.index.transaction import Transaction

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Transaction], T]
Begin = Callable[[bool], AbstractContextManager[tuple[sqlite3.Connection, str]]]
"""begin(durable): a transaction, as connection and instance; left without an exception it is committed."""
Committed = Callable[[sqlite3.Connection, set[int], Sequence[Delta]], None]
"""Told after a commit in which mailboxes a client may see a difference, and all that was done to those looked at."""


class Writer:
    """The queue of one database."""

    def __init__(self, committed: Committed) -> None:
        self._committed = committed
        self._waiting: deque[_Job[object]] = deque()
        self._leading = threading.Lock()

    def run(self, begin: Begin, work: Work[T], *, durable: bool) -> T:
        """Runs the work in a transaction and returns its result once that is committed; raises what it raised.

        `begin` is whoever leads'. `durable`: not before the commit has reached the disk.
        """
        job = _Job(work, durable=durable)
        self._waiting.append(cast("_Job[object]", job))
        with self._leading:
            if not job.done:
                self._lead(begin)
        if job.error is not None:
            raise job.error
        return cast("T", job.result)

    def pause(self) -> threading.Lock:
        """The lock that a leader holds: who gets it knows that no transaction is under way."""
        return self._leading

    def _lead(self, begin: Begin) -> None:
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            with begin(any(job.durable for job in batch)) as (connection, instance):
                for job in batch:
                    job.run(connection, instance, alone=len(batch) == 1)
                for directory in dict.fromkeys(path for job in batch for path in job.unsynced):
                    sync_directory(directory)
        except BaseException as error:
            for job in reversed(batch):
                job.fail(error)
            if not isinstance(error, Exception):
                raise
            return
        finally:
            for job in batch:
                job.done = True
        touched = {mailbox for job in batch for mailbox in job.touched}
        deltas = [delta for job in batch for delta in job.deltas]
        if touched or deltas:
            self._tell(connection, touched, deltas)

    def _tell(self, connection: sqlite3.Connection, touched: set[int], deltas: Sequence[Delta]) -> None:
        try:
            self._committed(connection, touched, deltas)
        except Exception:
            # What is committed is committed; those who were not told find it when they next look.
            log.exception("after a commit")


class _Job(Generic[T]):
    """One piece of work and what became of it."""

    __slots__ = ("_transaction", "_work", "deltas", "done", "durable", "error", "result", "touched", "unsynced")

    def __init__(self, work: Work[T], *, durable: bool) -> None:
        self._work = work
        self._transaction: Transaction | None = None
        self.durable = durable
        self.done = False
        self.result: T | None = None
        self.error: BaseException | None = None
        self.touched: set[int] = set()
        self.deltas: list[Delta] = []
        self.unsynced: list[Path] = []

    def run(self, connection: sqlite3.Connection, instance: str, *, alone: bool) -> None:
        """Runs the work; if it fails, only what it did is taken back. Raises where the whole transaction is lost.

        `alone`: nobody else's work is in the transaction.
        """
        if alone:
            self._run(connection, instance)
            return
        connection.execute("SAVEPOINT job")
        try:
            self._run(connection, instance)
        except Exception as error:
            if not connection.in_transaction or _is_fatal(error):
                raise
            connection.execute("ROLLBACK TO job")
            self.fail(error)
        connection.execute("RELEASE job")

    def _run(self, connection: sqlite3.Connection, instance: str) -> None:
        transaction = self._transaction = Transaction(connection, instance)
        self.result = self._work(transaction)
        transaction.save()
        self.touched = transaction.touched
        self.deltas = list(transaction.deltas.values())
        self.unsynced = transaction.unsynced

    def fail(self, error: BaseException) -> None:
        """Notes the error and takes back what was done to files; once."""
        if self.error is None:
            self.error = error
            if self._transaction is not None:
                self._transaction.undo()


def _is_fatal(error: Exception) -> bool:
    """It says something of the database, not of this piece of work."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError)
