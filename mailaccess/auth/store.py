"""The SQLite file under the ledger: opening it, whatever state it is in, and writing to it."""

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    owner TEXT NOT NULL, user TEXT NOT NULL, site TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (owner, user, site)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_user ON session (user);
CREATE INDEX IF NOT EXISTS session_site ON session (site);
CREATE TABLE IF NOT EXISTS failure (who BLOB PRIMARY KEY, count REAL NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS turn (who BLOB PRIMARY KEY, next REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (who BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""

BUSY_SECONDS = 2.0
"""How long another process's transaction is waited for."""


def open_store(path: Path | None) -> sqlite3.Connection:
    """The file at `path`, made if it is missing; None: memory. OSError or sqlite3.Error if there can be none."""
    if path is None:
        return _connect(":memory:")
    try:
        # SQLite would make it readable for all; it names users.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        pass
    try:
        return _connect(str(path))
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        log.warning("ledger %s is damaged and is begun anew: %s", path, error)
        for name in (f"{path}-wal", f"{path}-shm", path):
            Path(name).unlink(missing_ok=True)
        return open_store(path)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One write transaction, which orders all processes: what is read inside is still true at its end."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _connect(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _retried(db, "PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")  # what a power cut loses or spoils counts for nothing afterwards
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("integrity check failed")
        with transaction(db):
            for statement in SCHEMA.split(";"):
                db.execute(statement)
    except BaseException:
        db.close()
        raise
    return db


def _retried(db: sqlite3.Connection, statement: str) -> None:
    """Changing to WAL does not wait for other processes that do so at the same moment, whatever the timeout is."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute(statement)
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
