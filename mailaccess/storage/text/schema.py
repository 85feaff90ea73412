"""The tables of the full-text index, and how it is opened."""

import sqlite3
from pathlib import Path

VERSION = 1
"""Of these tables, and of what is in them: changes with how texts are decoded and folded."""

TABLES = """
CREATE TABLE source (instance TEXT NOT NULL);  -- of the index whose mailboxes and UIDs these are

CREATE TABLE mailbox (
    number INTEGER PRIMARY KEY,        -- the index's
    uidvalidity INTEGER NOT NULL,
    upto INTEGER NOT NULL,             -- messages up to this UID are in `place`
    swept INTEGER NOT NULL             -- those expunged up to this mod-sequence are no more
);

CREATE TABLE place (
    mailbox INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    document INTEGER NOT NULL,         -- 0: it has to be read, being too large, or not readable when it was tried
    PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
CREATE INDEX place_document ON place (document) WHERE document > 0;
CREATE INDEX place_unread ON place (mailbox, uid) WHERE document = 0;

CREATE TABLE document (                -- messages with the same texts share one
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    packed INTEGER NOT NULL,           -- the next two are compressed
    header BLOB NOT NULL,              -- texts in UTF-8, folded, with 0xFF between them
    body BLOB NOT NULL
);

-- Whatever goes out of `document` is taken out of here with its text, which no version of SQLite needs more for.
CREATE VIRTUAL TABLE trigram USING fts5(
    text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);
"""

_PATIENCE = 1.0  # seconds to wait for who recovers a crashed one


class Unusable(sqlite3.DatabaseError):
    """The file is no database of ours, or that of another index."""


def create(path: Path, instance: str) -> None:
    """Makes an empty database under a name that no one else uses."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION};")
        connection.execute("INSERT INTO source VALUES (?)", (instance,))
        connection.execute("COMMIT")
    finally:
        connection.close()


def connect(path: Path, instance: str, *, writing: bool) -> sqlite3.Connection:
    """A connection to a database made by `create`, for any thread. Unusable if it is of another index.

    One that only reads tidies nothing up when it is closed, so that takes no time.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rw' if writing else 'ro'}",
        uri=True,
        timeout=_PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise Unusable("it is of another version")
        if connection.execute("SELECT instance FROM source").fetchone() != (instance,):
            raise Unusable("it is of another index")
        if writing:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = FAST")
            connection.execute("PRAGMA journal_size_limit = 4194304")
    except BaseException:
        connection.close()
        raise
    return connection


def is_damaged(error: sqlite3.Error) -> bool:
    """The file is of no use to anybody."""
    if isinstance(error, Unusable):
        return True
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code == sqlite3.SQLITE_ERROR:
        return "no such table" in str(error) or "no such column" in str(error)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
