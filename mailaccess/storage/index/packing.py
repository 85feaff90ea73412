"""What a session needs of a mailbox's messages, packed in chunks: who opens it need not read each row.

It is written now and then, as of a mod-sequence: what happened since is read from the rows, and comes on top. A chunk
holds the messages of a range of UIDs, and is written anew only if it differs.
"""

import json
import sqlite3
import sys
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mailaccess.mail.flags import Flags
from mailaccess.storage.index.rows import facts_id

RANGE = 1 << 14
"""UIDs of a chunk."""

_COUNTS = 8  # octets before the flags: how many messages, and how many octets of flags
_CODES = "IQQqqH"
_ORDER = [sys.byteorder, *(array(code).itemsize for code in _CODES)]  # another machine's chunks are not read


class Columns(NamedTuple):
    """Of equal length, in ascending order of UID: see `Messages`."""

    uids: "array[int]"
    flags: list[Flags]
    modseqs: "array[int]"
    sizes: "array[int]"
    dates: "array[int]"
    saved: "array[int]"

    @classmethod
    def empty(cls) -> "Columns":
        return cls(array("I"), [], array("Q"), array("Q"), array("q"), array("q"))

    def part(self, start: int, end: int) -> "Columns":
        """Some of the rows."""
        uids, flags, modseqs, sizes, dates, saved = self
        rows = slice(start, end)
        return Columns(uids[rows], flags[rows], modseqs[rows], sizes[rows], dates[rows], saved[rows])


class Header(NamedTuple):
    """Of what was packed."""

    modseq: int  # what happened up to here is in it
    version: int  # of the mailbox's row at that time
    keywords: str  # the mailbox's column at that time: what letters meant
    further: Mapping[str, str]  # keywords without a letter, as spelled, by name in lower case
    unsized: int  # messages whose size was not known
    chunks: Mapping[str, int]  # checksums, by number
    unseen: Sequence[int] = ()  # of the first that was not \\Seen, UID (0: all were) and row; then the last UID


def header(connection: sqlite3.Connection, mailbox: int) -> Header | None:
    """What is packed of a mailbox, if that can be read here."""
    row = connection.execute("SELECT data FROM packed WHERE id = ?", (facts_id(mailbox, 0),)).fetchone()
    fields = json.loads(row[0]) if row is not None else []
    if len(fields) != len(Header._fields) or fields[-1][: len(_ORDER)] != _ORDER:
        return None
    return Header._make([*fields[:-1], fields[-1][len(_ORDER) :]])


def chunks_of(columns: Columns) -> dict[str, bytes]:
    """The messages in chunks, by number."""
    uids = columns.uids
    found = {}
    start = 0
    while start < len(uids):
        number = uids[start] // RANGE
        end = bisect_left(uids, (number + 1) * RANGE, start)
        found[str(number)] = _packed(columns.part(start, end))
        start = end
    return found


def write(connection: sqlite3.Connection, mailbox: int, fresh: Header, chunks: Mapping[str, bytes]) -> None:
    """Replaces what is packed of a mailbox, in a transaction, unless there is a later one."""
    old = header(connection, mailbox)
    if old is not None and old.modseq > fresh.modseq:
        return
    known = old.chunks if old is not None else {}
    sums = {number: zlib.crc32(data) for number, data in chunks.items()}
    differing = [number for number, checksum in sums.items() if known.get(number) != checksum]
    replace = "INSERT OR REPLACE INTO packed VALUES (?, ?)"
    connection.executemany(replace, ((_id(mailbox, number), chunks[number]) for number in differing))
    left = ((_id(mailbox, number),) for number in known if number not in sums)
    connection.executemany("DELETE FROM packed WHERE id = ?", left)
    # To an earlier version the last field is the order of octets alone: it does not know this one, and reads rows.
    fields = [*fresh._replace(chunks=sums)[:-1], [*_ORDER, *fresh.unseen]]
    connection.execute(replace, (facts_id(mailbox, 0), json.dumps(fields)))


def read(connection: sqlite3.Connection, mailbox: int, known: Header) -> Columns:
    """The messages as they were at `known`."""
    columns = Columns.empty()
    shared: dict[Flags, Flags] = {}
    for number in sorted(known.chunks, key=int):
        row = connection.execute("SELECT data FROM packed WHERE id = ?", (_id(mailbox, number),)).fetchone()
        if row is None:
            break  # what is missing will be missed
        _unpack(memoryview(row[0]), columns, shared)
    return columns


def _packed(columns: Columns) -> bytes:
    kinds = list(dict.fromkeys(columns.flags))
    numbers = {flags: number for number, flags in enumerate(kinds)}
    flags = json.dumps([sorted(each) for each in kinds]).encode()
    codes = array("H", map(numbers.__getitem__, columns.flags))
    counts = len(codes).to_bytes(4, "big") + len(flags).to_bytes(4, "big")
    numeric = (columns.uids, columns.modseqs, columns.sizes, columns.dates, columns.saved, codes)
    return b"".join((counts, flags, *(column.tobytes() for column in numeric)))


def _unpack(data: memoryview, columns: Columns, shared: dict[Flags, Flags]) -> None:
    """Adds a chunk's messages. One object for all messages with the same flags."""
    count = int.from_bytes(data[:4], "big")
    start = _COUNTS + int.from_bytes(data[4:_COUNTS], "big")
    kinds = [shared.setdefault(flags, flags) for flags in map(frozenset, json.loads(bytes(data[_COUNTS:start])))]
    numeric = (columns.uids, columns.modseqs, columns.sizes, columns.dates, columns.saved, codes := array("H"))
    for column in numeric:
        end = start + count * column.itemsize
        column.frombytes(data[start:end])
        start = end
    columns.flags.extend(map(kinds.__getitem__, codes))


def _id(mailbox: int, number: str) -> int:
    return facts_id(mailbox, 1 + int(number))
