"""Which messages came or got a new mod-sequence with which version of their mailbox's row.

Another process that has the mailbox in memory reads these anew, and so does who unpacks it. An index of messages by
mod-sequence would tell as much, but each message would be entered in it, and each change of a flag would move it there.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from mailaccess.storage.index.rows import MailboxRow

KEPT = 1024
"""Versions told of; who knows a mailbox as it was before these reads all of it."""

MOST = 250
"""Ranges told of one version. Where there are more, some are told of as one, with what is between them."""

_PRUNED = 64  # at so many versions at a time, the oldest are dropped
_NEAR = 8  # so many rows are read in vain rather than to ask for one more range

Ranges = list[tuple[int, int]]


def note(connection: sqlite3.Connection, row: MailboxRow, uids: Sequence[tuple[int, int]]) -> None:
    """The row has a new version, with which the messages of these UIDs (ranges, ascending) came or changed."""
    if uids:
        text = " ".join(f"{first} {last}" for first, last in _coarser(uids))
        connection.execute("INSERT INTO changed VALUES (?, ?, ?)", (row.id, row.version, text))
    if row.version % _PRUNED == 0:
        oldest = row.version - KEPT
        connection.execute("DELETE FROM changed WHERE mailbox = ? AND version <= ?", (row.id, oldest))


def since(connection: sqlite3.Connection, row: MailboxRow, version: int) -> Ranges | None:
    """Ranges of UIDs (ascending, apart) in which all is that came or changed with versions above this one, and perhaps
    some more. None: that is too long ago."""
    if version < row.version - KEPT:
        return None
    ask = "SELECT uids FROM changed WHERE mailbox = ? AND version > ?"
    found: set[tuple[int, int]] = set()
    for (text,) in connection.execute(ask, (row.id, version)):
        numbers = list(map(int, text.split()))
        found.update(zip(numbers[::2], numbers[1::2], strict=True))
    return _joined(sorted(found))


def _coarser(uids: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """At most MOST ranges, in which all these are."""
    step = -(-len(uids) // MOST)
    if step == 1:
        return uids
    pieces = (uids[start : start + step] for start in range(0, len(uids), step))
    return [(piece[0][0], piece[-1][1]) for piece in pieces]


def _joined(uids: Iterable[tuple[int, int]]) -> Ranges:
    """Those that overlap or are near each other as one."""
    joined: Ranges = []
    for first, last in uids:
        if joined and first <= joined[-1][1] + _NEAR:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined
