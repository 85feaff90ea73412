"""Questions that only read. Each takes a connection, so that it can be asked of any."""

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from mailaccess.storage.index import changed, packing
from mailaccess.storage.index.rows import (
    LEFT_FACTS,
    SELECT_FILE,
    SELECT_MAILBOX,
    SELECT_MESSAGE,
    SELECT_PLACE,
    SELECT_WITH_INSTANCE,
    File,
    MailboxRow,
    Message,
    Place,
    entry_of,
    facts_id,
    mailbox_of,
    message_of,
    packed,
    unpacked,
    words,
)
from mailaccess.storage.names import Entry, Where
from mailaccess.storage.uidlist import Record

Loaded = tuple[int, str | bytes, str | bytes | None, int, int | None, int, int]
"""uid, info, extra, modseq, size, date, saved: what a session needs of a message."""

_IN_NEW = "SELECT base, info FROM message INDEXED BY message_new WHERE mailbox = ? AND place = 'new'"
_IN_CUR = "SELECT base, info FROM message WHERE mailbox = ? AND place = 'cur'"
_COLUMNS = "SELECT uid, info, extra, modseq, size, mtime / 1000000000, saved FROM message"
_LOADED = f"{_COLUMNS} WHERE mailbox = ? ORDER BY uid"
_CHANGED = f"{_COLUMNS} WHERE mailbox = ? AND uid BETWEEN ? AND ? AND modseq > ? ORDER BY uid"

_SPREAD = 4
"""So many rows are read for one that is wanted, rather than to ask for each."""


class Kept(NamedTuple):
    """A mailbox's messages as they were packed."""

    header: packing.Header
    columns: packing.Columns


class Promised(NamedTuple):
    """What is said of a mailbox's messages before they are read, but for what its row says."""

    further: Mapping[str, str]  # as in `packing.Header`
    first_unseen: int  # the row of the first that is not \\Seen; where all are, the one behind the last


class News(NamedTuple):
    """What one mailbox has that was not known."""

    instance: str  # of the database
    row: MailboxRow
    messages: list[Loaded]  # ascending by UID
    gone: list[tuple[int, int]]  # UIDs, as ranges
    before: Kept | Promised | None = None  # what all that comes on top of; else of what was known


def instance(connection: sqlite3.Connection) -> str:
    """What tells this database from others made in its place."""
    return str(connection.execute("SELECT id FROM instance").fetchone()[0])


def identified(connection: sqlite3.Connection, mailbox: int) -> tuple[str, MailboxRow] | None:
    """The database's instance and a mailbox's row."""
    values = connection.execute(f"{SELECT_WITH_INSTANCE} WHERE id = ?", (mailbox,)).fetchone()
    return None if values is None else (values[0], mailbox_of(values[1:]))


def version(connection: sqlite3.Connection, mailbox: int) -> tuple[str, int] | None:
    """The database's instance and the version of a mailbox's row."""
    found = connection.execute(
        "SELECT instance.id, mailbox.version FROM instance, mailbox WHERE mailbox.id = ?", (mailbox,)
    ).fetchone()
    return None if found is None else (found[0], found[1])


def unsized(connection: sqlite3.Connection, mailbox: int) -> list[int]:
    """The messages whose size is not known."""
    ask = "SELECT uid FROM message WHERE mailbox = ? AND size IS NULL ORDER BY uid"
    return [uid for (uid,) in connection.execute(ask, (mailbox,))]


def sizes(connection: sqlite3.Connection, mailbox: int) -> dict[int, int]:
    """Those of all messages that are known, by UID."""
    ask = "SELECT uid, size FROM message WHERE mailbox = ? AND size IS NOT NULL"
    return dict(connection.execute(ask, (mailbox,)).fetchall())


def uids(connection: sqlite3.Connection, mailbox: int) -> list[int]:
    """Those of all messages."""
    return [uid for (uid,) in connection.execute("SELECT uid FROM message WHERE mailbox = ?", (mailbox,))]


def sizes_from(connection: sqlite3.Connection, mailbox: int, uid: int, most: int) -> list[tuple[int, int]]:
    """UIDs and sizes on disk of the first messages from a UID on, ascending."""
    ask = "SELECT uid, disk_size FROM message WHERE mailbox = ? AND uid >= ? ORDER BY uid LIMIT ?"
    return connection.execute(ask, (mailbox, uid, most)).fetchall()


def mailbox_at(connection: sqlite3.Connection, directory: str) -> MailboxRow | None:
    """The row of the mailbox in a directory."""
    values = connection.execute(f"{SELECT_MAILBOX} WHERE directory = ?", (packed(directory),)).fetchone()
    return None if values is None else mailbox_of(values)


def mailbox_of_guid(connection: sqlite3.Connection, guid: str) -> MailboxRow | None:
    """The row of the mailbox of a GUID."""
    values = connection.execute(f"{SELECT_MAILBOX} WHERE guid = ?", (guid,)).fetchone()
    return None if values is None else mailbox_of(values)


def intents(connection: sqlite3.Connection, kind: str) -> dict[int, dict[str, Any]]:
    """What was noted to be done and is not known to be finished, by number."""
    found = connection.execute("SELECT id, work FROM intent ORDER BY id").fetchall()
    works = {number: json.loads(work) for number, work in found}
    return {number: work for number, work in works.items() if work["kind"] == kind}


def mailboxes(connection: sqlite3.Connection) -> list[MailboxRow]:
    """All rows."""
    return [mailbox_of(values) for values in connection.execute(SELECT_MAILBOX)]


def usage(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many octets and messages there are in the mailboxes that are there."""
    ask = "SELECT coalesce(sum(stored), 0), coalesce(sum(messages), 0) FROM mailbox WHERE directory IS NOT NULL"
    octets, messages = connection.execute(ask).fetchone()
    return octets, messages


def stamps(connection: sqlite3.Connection) -> dict[str, str]:
    """The directories' stamps that the index reflects, as `stamp_column` has them, by mailbox directory."""
    found = connection.execute("SELECT directory, stamp FROM mailbox WHERE directory IS NOT NULL")
    return {unpacked(where): stamp for where, stamp in found}


def news(connection: sqlite3.Connection, mailbox: int, since: int, version: int) -> News | None:
    """What happened since the row was of `version` and its highest mod-sequence was `since`.

    None: the mailbox is unknown, or that is so long ago that `everything` has to be asked.
    """
    with _snapshot(connection):
        known = identified(connection, mailbox)
        if known is None or since < known[1].floor:
            return None
        if known[1].version == version:
            return News(*known, [], [])
        found = _changed_since(connection, known[1], since, version)
        return None if found is None else News(*known, found, gone_since(connection, mailbox, since))


def everything(connection: sqlite3.Connection, mailbox: int, *, unpack: bool = True) -> News | None:
    """All messages: what is packed and what came since, or row by row. None: the mailbox is unknown."""
    with _snapshot(connection):
        known = identified(connection, mailbox)
        if known is None:
            return None
        found = _kept(connection, *known) if unpack else None
        if found is not None:
            return found
        return News(*known, connection.execute(_LOADED, (mailbox,)).fetchall(), [])


def top(
    connection: sqlite3.Connection, row: MailboxRow
) -> tuple[packing.Header, list[Loaded], list[tuple[int, int]]] | None:
    """What comes on top of what is packed: messages and ranges of UIDs gone, as in `News`. None: that is not known, or
    what is packed is not true any more."""
    header = packing.header(connection, row.id)
    if header is None or not row.floor <= header.modseq <= row.highestmodseq or header.keywords != row.keywords:
        return None
    if row.unsized < header.unsized:
        return None  # sizes were found out since, which is not told by mod-sequences
    fresh = _changed_since(connection, row, header.modseq, header.version)
    return None if fresh is None else (header, fresh, gone_since(connection, row.id, header.modseq))


def _kept(connection: sqlite3.Connection, instance: str, row: MailboxRow) -> News | None:
    """All messages from what is packed, if that is still true and most of them."""
    found = top(connection, row)
    if found is None:
        return None
    header, fresh, gone = found
    columns = packing.read(connection, row.id, header)
    uids = columns.uids
    last = uids[-1] if uids else 0
    left = len(uids) - sum(bisect_right(uids, high) - bisect_left(uids, low) for low, high in gone)
    if left + sum(loaded[0] > last for loaded in fresh) != row.messages:
        return None
    return News(instance, row, fresh, gone, Kept(header, columns))


def _changed_since(connection: sqlite3.Connection, row: MailboxRow, modseq: int, version: int) -> list[Loaded] | None:
    """The messages that came or changed since the row was of a version, and this its highest mod-sequence; ascending.

    None: that is too long ago.
    """
    uids = changed.since(connection, row, version)
    if uids is None:
        return None
    return [
        loaded
        for first, last in uids
        for loaded in connection.execute(_CHANGED, (row.id, first, last, modseq)).fetchall()
    ]


def gone_since(connection: sqlite3.Connection, mailbox: int, modseq: int) -> list[tuple[int, int]]:
    """Ranges of UIDs expunged above a mod-sequence, which must not be below the row's floor."""
    return connection.execute(
        "SELECT first, last FROM gone WHERE mailbox = ? AND modseq > ?", (mailbox, modseq)
    ).fetchall()


def names(connection: sqlite3.Connection, mailbox: int, place: Where) -> set[str]:
    """The names of the mailbox's files in one directory."""
    found = connection.execute(_IN_NEW if place == "new" else _IN_CUR, (mailbox,))
    return {base + info if type(base) is type(info) is str else unpacked(base) + unpacked(info) for base, info in found}


def records(connection: sqlite3.Connection, mailbox: int, first: int = 1) -> Iterator[Record]:
    """The uidlist's lines for UIDs from `first` on."""
    ask = "SELECT uid, base, keys FROM message WHERE mailbox = ? AND uid >= ? ORDER BY uid"
    found = connection.execute(ask, (mailbox, first))
    return (Record(uid, unpacked(base), words(keys)) for uid, base, keys in found)


def entries(connection: sqlite3.Connection, mailbox: int) -> set[Entry]:
    """Where the mailbox's files are."""
    found = connection.execute("SELECT base, info, place FROM message WHERE mailbox = ?", (mailbox,)).fetchall()
    # A plain tuple of three strings equals the Entry of the same: most need not be made into one.
    return {values if type(values[0]) is type(values[1]) is str else entry_of(*values) for values in found}


def entries_of(connection: sqlite3.Connection, mailbox: int, bases: Collection[str]) -> dict[str, Entry]:
    """Where the files of these bases are, by base."""
    ask = "SELECT base, info, place FROM message WHERE mailbox = ? AND base = ?"
    found = (connection.execute(ask, (mailbox, packed(base))).fetchone() for base in bases)
    return {entry.base: entry for entry in (entry_of(*values) for values in found if values is not None)}


def uids_of(connection: sqlite3.Connection, mailbox: int, bases: Iterable[str]) -> list[int]:
    """The messages of these bases that are there, ascending."""
    ask = "SELECT uid FROM message WHERE mailbox = ? AND base = ?"
    found = (connection.execute(ask, (mailbox, packed(base))).fetchone() for base in bases)
    return sorted(values[0] for values in found if values is not None)


def message(connection: sqlite3.Connection, mailbox: int, uid: int) -> Message | None:
    """A message by its UID."""
    found = connection.execute(f"{SELECT_MESSAGE} WHERE mailbox = ? AND uid = ?", (mailbox, uid)).fetchone()
    return message_of(found) if found else None


def messages_of(connection: sqlite3.Connection, mailbox: int, uids: Iterable[int]) -> list[Message]:
    """Those of these messages that are there, ascending."""
    wanted = sorted(set(uids))
    if not wanted or wanted[-1] - wanted[0] > _SPREAD * len(wanted):
        found = (message(connection, mailbox, uid) for uid in wanted)
        return [one for one in found if one is not None]
    ask = f"{SELECT_MESSAGE} WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid"
    there = connection.execute(ask, (mailbox, wanted[0], wanted[-1]))
    chosen = set(wanted)
    return [message_of(values) for values in there if values[0] in chosen]


def files_of(connection: sqlite3.Connection, mailbox: int, uids: Collection[int]) -> dict[int, File]:
    """The files of those of these messages that are there, perhaps with some of messages between them."""
    if not uids:
        return {}
    first, last = min(uids), max(uids)
    if last - first > _SPREAD * len(uids):
        ask = f"{SELECT_FILE} WHERE mailbox = ? AND uid = ?"
        found = (connection.execute(ask, (mailbox, uid)).fetchone() for uid in uids)
        return {values[0]: File._make(values) for values in found if values is not None}
    ask = f"{SELECT_FILE} WHERE mailbox = ? AND uid BETWEEN ? AND ?"
    files = map(File._make, connection.execute(ask, (mailbox, first, last)).fetchall())
    return {file.uid: file for file in files}


def places_of(connection: sqlite3.Connection, mailbox: int, uids: Collection[int]) -> list[Place]:
    """The same as columns, for who reads all these files: no more is made of them, which takes half the time."""
    if not uids:
        return []
    first, last = min(uids), max(uids)
    if last - first > _SPREAD * len(uids):
        ask = f"{SELECT_PLACE} WHERE mailbox = ? AND uid = ?"
        return [row for uid in uids for row in connection.execute(ask, (mailbox, uid))]
    ask = f"{SELECT_PLACE} WHERE mailbox = ? AND uid BETWEEN ? AND ?"
    return connection.execute(ask, (mailbox, first, last)).fetchall()


def messages(connection: sqlite3.Connection, mailbox: int) -> list[Message]:
    """All messages."""
    found = connection.execute(f"{SELECT_MESSAGE} WHERE mailbox = ? ORDER BY uid", (mailbox,))
    return [message_of(values) for values in found]


def facts(connection: sqlite3.Connection, mailbox: int, uids: Sequence[int], version: int) -> dict[int, bytes]:
    """What is kept of these messages' facts, if it is of this version."""
    first = facts_id(mailbox, 0)
    if uids and max(uids) - min(uids) < len(uids):  # without gaps: blobs are not read in vain
        ask = "SELECT id - ?, data FROM facts WHERE id BETWEEN ? AND ? AND version = ?"
        return dict(connection.execute(ask, (first, first + min(uids), first + max(uids), version)))
    ask = "SELECT data FROM facts WHERE id = ? AND version = ?"
    found: dict[int, bytes] = {}
    for uid in uids:
        row = connection.execute(ask, (first + uid, version)).fetchone()
        if row is not None:
            found[uid] = row[0]
    return found


def left_facts(connection: sqlite3.Connection, modseq: int) -> list[int]:
    """Keys of the facts of messages that were expunged below a mod-sequence."""
    return [number for (number,) in connection.execute(f"{LEFT_FACTS} WHERE gone.modseq < ?", (modseq,))]


def count_from(connection: sqlite3.Connection, mailbox: int, uid: int) -> int:
    """How many messages have this UID or a higher one."""
    ask = "SELECT count(*) FROM message WHERE mailbox = ? AND uid >= ?"
    return int(connection.execute(ask, (mailbox, uid)).fetchone()[0])


def keys_of(connection: sqlite3.Connection, mailbox: int, first: int, last: int) -> dict[int, str | bytes]:
    """The uidlist keys of the messages in a range of UIDs that have any."""
    ask = "SELECT uid, keys FROM message WHERE mailbox = ? AND uid BETWEEN ? AND ? AND keys IS NOT NULL"
    return dict(connection.execute(ask, (mailbox, first, last)).fetchall())


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Several questions, one state. May be used inside a transaction."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")
