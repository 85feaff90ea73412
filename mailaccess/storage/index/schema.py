"""The tables, and how a database is opened.

Columns declared BLOB hold text that other programs made and that may be no UTF-8: see `rows.packed`. `message` is
narrow, since it is read whole when a mailbox is opened; what is computed from content stands apart in `facts`.
"""

import secrets
import sqlite3
from pathlib import Path

VERSION = 4
"""Of these tables. A database of another version is set aside like a corrupt one; what it knew is found again."""

BUSY_SECONDS = 30.0
"""How long a writer waits for other processes' transactions."""

TABLES = """
CREATE TABLE instance (id TEXT NOT NULL);  -- tells this database from one made later in its place

CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    directory TEXT UNIQUE,             -- below the account's root, '' for INBOX; NULL: seen nowhere at present
    guid TEXT NOT NULL UNIQUE,         -- 32 hex digits, also in the uidlist's header
    uidvalidity INTEGER NOT NULL,
    uidnext INTEGER NOT NULL,
    reserved INTEGER NOT NULL,         -- the uidlist's N: UIDs below may be announced
    highestmodseq INTEGER NOT NULL,
    first_recent INTEGER NOT NULL,     -- no session has claimed the \\Recent of UIDs from here on
    floor INTEGER NOT NULL,            -- expunges up to this mod-sequence are not in `gone`
    messages INTEGER NOT NULL,         -- how many there are
    unseen INTEGER NOT NULL,           -- of these, without \\Seen
    deleted INTEGER NOT NULL,          -- with \\Deleted
    unsized INTEGER NOT NULL,          -- whose size is not known yet
    size INTEGER NOT NULL,             -- octets on the wire of all others
    stamp TEXT NOT NULL,               -- of new/ and cur/ as the rows reflect them; '' before the first scan
    new_settled INTEGER NOT NULL,      -- 1: the stamp's half for new/ proves that nothing else has happened there
    cur_settled INTEGER NOT NULL,      -- likewise for cur/
    uidlist TEXT NOT NULL,             -- stamp of the uidlist as last read or written; '' when it is to be read
    listed INTEGER NOT NULL,           -- the highest UID in it
    lines INTEGER NOT NULL,            -- how many it has
    header TEXT NOT NULL,              -- further keys of its header
    keywords TEXT NOT NULL,            -- JSON: names of the letters, by index
    keywords_stamp TEXT NOT NULL,      -- of the keywords file as last read or written
    changed INTEGER NOT NULL,          -- microseconds since the epoch at which messages came or went
    version INTEGER NOT NULL,          -- one higher with every change of this row
    stored INTEGER NOT NULL,           -- octets of all messages' files
    stored_deleted INTEGER NOT NULL    -- of these, with \\Deleted
);

CREATE TABLE message (
    mailbox INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    base BLOB NOT NULL,                -- the file is <place>/<base><info>
    info BLOB NOT NULL,
    place TEXT NOT NULL,               -- 'new' or 'cur'
    extra BLOB,                        -- keywords without a letter, separated by spaces
    modseq INTEGER NOT NULL,
    size INTEGER,                      -- octets on the wire; NULL until the file has been read
    ending INTEGER,                    -- its line ends, likewise
    disk_size INTEGER NOT NULL,        -- these three tell a file from another one put in its place
    mtime INTEGER NOT NULL,            -- ns; also INTERNALDATE
    inode INTEGER NOT NULL,
    saved INTEGER NOT NULL,            -- SAVEDATE, seconds
    keys BLOB,                         -- keys of its uidlist line, separated by spaces
    PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
CREATE UNIQUE INDEX message_base ON message (mailbox, base);
CREATE INDEX message_new ON message (mailbox) WHERE place = 'new';

CREATE TABLE gone (                    -- expunged UIDs, as ranges
    mailbox INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (mailbox, modseq, first)
) WITHOUT ROWID;

CREATE TABLE changed (                 -- see the module of this name
    mailbox INTEGER NOT NULL,
    version INTEGER NOT NULL,          -- of the mailbox's row
    uids TEXT NOT NULL,                -- ranges, ascending: first and last of each, separated by spaces
    PRIMARY KEY (mailbox, version)
) WITHOUT ROWID;

CREATE TABLE facts (
    id INTEGER PRIMARY KEY,            -- mailbox << 32 | uid: rows are long, so the key must be the rowid
    version INTEGER NOT NULL,
    data BLOB NOT NULL
);

CREATE TABLE packed (                  -- see `packing`
    id INTEGER PRIMARY KEY,            -- mailbox << 32 | number: 0 of the header, then of the chunks
    data BLOB NOT NULL
);

CREATE TABLE kin (                     -- see `threads`
    name INTEGER PRIMARY KEY,          -- of a message that is there, or that others tell of
    thread INTEGER NOT NULL            -- that it is of: a name
);

CREATE TABLE placed (
    id INTEGER PRIMARY KEY,            -- of a message, as in `facts`
    thread INTEGER NOT NULL
);

CREATE TABLE intent (                  -- work on several directories, begun and not yet known to be finished
    id INTEGER PRIMARY KEY,
    work TEXT NOT NULL                 -- JSON
);
"""


class Unusable(sqlite3.DatabaseError):
    """The file is no database of ours, or a damaged one."""


def create(path: Path) -> None:
    """Makes an empty database under a name that no one else uses."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(
            f"BEGIN; {TABLES} INSERT INTO instance VALUES ('{secrets.token_hex(16)}');"  # noqa: S608 - hex digits
            f"PRAGMA user_version = {VERSION}; COMMIT;"
        )
    finally:
        connection.close()


def connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    """A connection to a database made by `create`, for any thread. Writers wait for others; a reader never does.

    Opening waits in any case: after a crash the first to come recovers the log, and the others are refused till then.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _check_version(connection)
        if writing:
            connection.execute("PRAGMA journal_size_limit = 4194304")
        else:
            connection.execute("PRAGMA query_only = 1")
            connection.execute("PRAGMA busy_timeout = 0")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_version(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        raise Unusable(f"it is of version {version}, not {VERSION}")
