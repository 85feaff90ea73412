"""What all mailboxes come to, in one question: the first is cheap enough to be asked after every commit."""

import sqlite3
from typing import NamedTuple

from mailaccess.storage.index.rows import unpacked

_ASK = (
    "SELECT directory, guid, uidvalidity, uidnext, messages, unseen, highestmodseq"
    " FROM mailbox WHERE directory IS NOT NULL"
)


_ASK_TOTALS = (
    "SELECT directory, guid, uidvalidity, uidnext, messages, unseen, deleted, size, stored_deleted, highestmodseq,"
    " unsized, CASE WHEN first_recent <= 1 THEN messages WHEN first_recent >= uidnext THEN 0 ELSE"
    " (SELECT count(*) FROM message WHERE message.mailbox = mailbox.id AND uid >= first_recent) END,"
    " CASE WHEN new_settled AND cur_settled THEN stamp ELSE '' END, uidlist"
    " FROM mailbox WHERE directory IS NOT NULL"
)


class Sums(NamedTuple):
    """One mailbox's."""

    guid: str
    uidvalidity: int
    uidnext: int
    messages: int
    unseen: int
    highestmodseq: int


def sums(connection: sqlite3.Connection) -> dict[str, Sums]:
    """By directory below the account's root, "" for INBOX; only of mailboxes that were ever looked into."""
    return {unpacked(values[0]): Sums._make(values[1:]) for values in connection.execute(_ASK)}


class Totals(NamedTuple):
    """All that is told of one mailbox, and of which state of its files that is true."""

    guid: str
    uidvalidity: int
    uidnext: int
    messages: int
    unseen: int
    deleted: int
    size: int
    stored_deleted: int
    highestmodseq: int
    unsized: int
    recent: int
    stamp: tuple[int, ...] | None  # of new/ and cur/; None where it proves nothing
    uidlist: tuple[int, ...] | None  # its stamp; None where it is to be read


def totals(connection: sqlite3.Connection) -> dict[str, Totals]:
    """As `sums`, of all there is."""
    return {
        unpacked(values[0]): Totals._make((*values[1:-2], _numbers(values[-2]), _numbers(values[-1])))
        for values in connection.execute(_ASK_TOTALS)
    }


def _numbers(column: str) -> tuple[int, ...] | None:
    return tuple(map(int, column.split())) if column else None
