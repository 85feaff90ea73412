"""Filling the full-text index: messages in order of UID, a slice at a time, each in one transaction.

Mailboxes that somebody has searched are filled, and kept full from then on. One process at a time does so for an
account: the transaction is the lock.
"""

import errno
import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path

from mailaccess.mail import mime
from mailaccess.mail.lines import Buffer
from mailaccess.mail.text import fold, outer_headers, searchable
from mailaccess.storage import contents, small
from mailaccess.storage.box import Box
from mailaccess.storage.errors import NoSuchMailbox, NotSelectable, StorageError
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.rows import MailboxRow
from mailaccess.storage.index.transaction import Forgotten
from mailaccess.storage.text.database import Opened, TextFile

log = logging.getLogger(__name__)

SEPARATOR = b"\xff"
"""Between two texts; in no text in UTF-8, so nothing is found across it."""

LEAST_FREE = 100 << 20
"""Octets to be left on the disk: mail goes before what can be read from it."""

LARGEST = 1 << 20
"""Octets of texts that are kept of a message; one with more is read by every search."""

_LARGEST_FILE = 32 << 20  # octets on the wire; most of such a message is no text, but finding out takes long
_PACKED = 16 * 1024  # octets of texts from which on they are compressed: that is not worth the time below
_MESSAGES = 16  # of a slice ...
_OCTETS = 256 * 1024  # ... and what they may have together: about 20 ms of work
_DISCOURAGED = 600.0  # seconds until the next attempt after one that failed
_PATIENCE = 30_000  # ms to wait for another process


Progress = dict[int, tuple[int, int]]
"""By a mailbox's number in the index: how many of its messages are in the full-text index, and how many there are."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A mailbox as the full-text index has it."""

    number: int
    uidvalidity: int
    upto: int
    swept: int


class Filling:
    """Fills one account's full-text index. For one thread at a time."""

    def __init__(self, index: Index, file: TextFile, box: Callable[[str], Box]) -> None:
        """`box` gives the mailbox in a directory below the account's root."""
        self._index = index
        self._box = box
        self._file = file
        self._wanted: set[int] = set()  # mailboxes by number
        self._opened: Opened | None = None
        self._resume = 0.0  # not before, by time.monotonic

    def want(self, number: int) -> None:
        """A mailbox is to be filled, from now on. From any thread."""
        self._wanted.add(number)

    def step(self, *, patient: bool = False) -> bool:
        """Some 20 ms of work; whether there is more. `patient`: waits for another process that is at it."""
        if time.monotonic() < self._resume and not patient:
            return False
        try:
            opened = self._open()
            if opened is None:
                return False
            try:
                return self._step(opened, patient=patient)
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                    return True
                self._opened = None
                self._file.failed(opened, error)
        except (StorageError, OSError, Forgotten) as error:
            log.warning("the full-text index %s cannot be filled at present: %s", self._file.path, error)
        self.rest()
        self._resume = time.monotonic() + _DISCOURAGED
        return False

    def rest(self) -> None:
        """Gives up what was kept for the next step."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def progress(self) -> Progress:
        """How far the mailboxes are."""
        found: Progress = {}
        opened = self._open()
        for place in _places(opened.connection) if opened is not None else []:
            row = self._row(place.number)
            if row is not None and row.uidvalidity == place.uidvalidity:
                left = self._index.read(partial(reading.count_from, mailbox=row.id, uid=place.upto + 1))
                found[row.id] = row.messages - left, row.messages
        return found

    # -- inside

    def _open(self) -> Opened | None:
        if self._opened is not None and not self._file.is_current(self._opened):
            self.rest()
        if not self._file.path.parent.is_dir():
            return None  # the account was removed; to ask the index would make it again
        if self._opened is None and (self._wanted or self._file.exists()):
            self._index.verify()
            self._opened = self._file.open_writing(self._index.instance(), create=bool(self._wanted))
        return self._opened

    def _row(self, number: int) -> MailboxRow | None:
        """A mailbox in the index, if it is anywhere."""
        known = self._index.read(partial(reading.identified, mailbox=number))
        return None if known is None or known[1].directory is None else known[1]

    def _step(self, opened: Opened, *, patient: bool) -> bool:
        connection = opened.connection
        connection.execute(f"PRAGMA busy_timeout = {_PATIENCE if patient else 0}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            more = self._work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return more

    def _work(self, connection: sqlite3.Connection) -> bool:
        places = {place.number: place for place in _places(connection)}
        rows: dict[int, MailboxRow] = {}
        for number in places.keys() | self._wanted:
            row = self._row(number)
            if row is not None:
                rows[number] = row
                continue
            if number in places:
                return _forget(connection, number)
            self._wanted.discard(number)
        for number in list(self._wanted):
            if number not in places:
                places[number] = _Place(number, rows[number].uidvalidity, 0, rows[number].highestmodseq)
                connection.execute("INSERT INTO mailbox VALUES (?, ?, ?, ?)", _values(places[number]))
            self._wanted.discard(number)
        for number, place in places.items():
            if place.uidvalidity != rows[number].uidvalidity:
                return _forget(connection, number)
            if place.swept < rows[number].highestmodseq and self._sweep(connection, place, rows[number]):
                return True
        return any(self._read_on(connection, places[number], rows[number]) for number in sorted(places))

    # -- in

    def _read_on(self, connection: sqlite3.Connection, place: _Place, row: MailboxRow) -> bool:
        if place.upto >= row.uidnext - 1:
            return False
        if _free(self._file.path.parent) < LEAST_FREE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sizes = self._index.read(lambda asked: reading.sizes_from(asked, row.id, place.upto + 1, _MESSAGES))
        uids: list[int] = []
        octets = 0
        for uid, size in sizes:
            octets += size
            if uids and octets > _OCTETS:
                break
            uids.append(uid)
        if uids:
            try:
                box = self._box(row.directory or "")
            except (NoSuchMailbox, NotSelectable):
                return False  # another program removed it, which the index has not been told yet
            if box.id != row.id:
                return False  # or put another one in its place
            for uid, texts in _texts(box, uids):
                number = 0 if texts is None else _document(connection, *texts)
                connection.execute("INSERT OR REPLACE INTO place VALUES (?, ?, ?)", (place.number, uid, number))
        # Who came after the row was read is of the next slice, or of a later one.
        upto = uids[-1] if len(uids) < len(sizes) or len(sizes) == _MESSAGES else max([row.uidnext - 1, *uids[-1:]])
        connection.execute("UPDATE mailbox SET upto = ? WHERE number = ?", (upto, place.number))
        return True

    # -- out

    def _sweep(self, connection: sqlite3.Connection, place: _Place, row: MailboxRow) -> bool:
        """Takes out what was expunged; whether that was too much for one slice."""
        if place.swept >= row.floor:
            ranges = self._index.read(lambda asked: reading.gone_since(asked, row.id, place.swept))
        else:
            there = self._index.read_apart(lambda asked: reading.uids(asked, row.id))
            ranges = [(before + 1, uid - 1) for before, uid in zip([0, *there], [*there, 1 << 32], strict=True)]
        for first, last in ranges:
            if _take_out(connection, place.number, first, last):
                return True
        connection.execute("UPDATE mailbox SET swept = ? WHERE number = ?", (row.highestmodseq, place.number))
        return False


def _places(connection: sqlite3.Connection) -> list[_Place]:
    return [_Place(*values) for values in connection.execute("SELECT number, uidvalidity, upto, swept FROM mailbox")]


def _values(place: _Place) -> tuple[int, int, int, int]:
    return place.number, place.uidvalidity, place.upto, place.swept


def _free(directory: Path) -> int:
    status = os.statvfs(directory)
    return status.f_bavail * status.f_frsize


def _texts(box: Box, uids: Sequence[int]) -> Iterator[tuple[int, tuple[bytes, bytes] | None]]:
    """Messages with their headers and bodies. None: it has to be read when it is searched."""
    files = small.files(box, uids)
    for uid in uids:
        if uid in files:
            yield uid, _folded(small.wire(files[uid]))
            continue
        try:
            with contents.open_content(box, uid) as content:
                yield uid, _folded(content.as_buffer()) if content.size <= _LARGEST_FILE else None
        except (StorageError, OSError):
            yield uid, None


def _folded(data: Buffer) -> tuple[bytes, bytes] | None:
    root = mime.parse(data)
    texts: list[bytes] = []
    left = LARGEST
    for source in (outer_headers(data, root), searchable(data, root, headers=False)):
        pieces: list[bytes] = []
        for piece in source:
            pieces.append(fold(piece).encode("utf-8", "surrogatepass"))
            left -= len(pieces[-1])
            if left < 0:
                return None
        texts.append(SEPARATOR.join(pieces))
    return texts[0], texts[1]


def _document(connection: sqlite3.Connection, header: bytes, body: bytes) -> int:
    """The number of the document with these texts, which may be there already."""
    digest = blake2b(header + SEPARATOR * 2 + body, digest_size=16).digest()
    known = connection.execute("SELECT id FROM document WHERE digest = ?", (digest,)).fetchone()
    if known is not None:
        return int(known[0])
    packed = len(header) + len(body) >= _PACKED
    columns = (zlib.compress(header, 1), zlib.compress(body, 1)) if packed else (header, body)
    ask = "INSERT INTO document (digest, packed, header, body) VALUES (?, ?, ?, ?)"
    number = connection.execute(ask, (digest, packed, *columns)).lastrowid or 0
    connection.execute("INSERT INTO trigram (rowid, text) VALUES (?, ?)", (number, _one(header, body)))
    return number


def _one(header: bytes, body: bytes) -> str:
    """The texts as the table of trigrams takes them, which reads up to a NUL only."""
    return (header + SEPARATOR + body).decode("utf-8", "replace").replace("\0", " ")


def _forget(connection: sqlite3.Connection, mailbox: int) -> bool:
    """Takes out a mailbox, a slice at a time."""
    if not _take_out(connection, mailbox, 0, 1 << 32):
        connection.execute("DELETE FROM mailbox WHERE number = ?", (mailbox,))
    return True


def _take_out(connection: sqlite3.Connection, mailbox: int, first: int, last: int) -> bool:
    """Takes out as many messages of a range of UIDs as a slice may; whether there were any."""
    ask = "SELECT uid, document FROM place WHERE mailbox = ? AND uid BETWEEN ? AND ? LIMIT ?"
    found = connection.execute(ask, (mailbox, first, last, _MESSAGES)).fetchall()
    for uid, number in found:
        connection.execute("DELETE FROM place WHERE mailbox = ? AND uid = ?", (mailbox, uid))
        if (
            number
            and connection.execute("SELECT 1 FROM place WHERE document = ? AND document > 0", (number,)).fetchone()
            is None
        ):
            ask = "SELECT packed, header, body FROM document WHERE id = ?"
            packed, header, body = connection.execute(ask, (number,)).fetchone()
            if packed:
                header, body = zlib.decompress(header), zlib.decompress(body)
            remove = "INSERT INTO trigram (trigram, rowid, text) VALUES ('delete', ?, ?)"
            connection.execute(remove, (number, _one(header, body)))
            connection.execute("DELETE FROM document WHERE id = ?", (number,))
    return bool(found)
