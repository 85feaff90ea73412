"""What all mailboxes come to, in one question: cheap enough to be asked after every commit."""

import sqlite3
from typing import NamedTuple

from mailaccess.storage.index.rows import unpacked

_ASK = (
    "SELECT directory, guid, uidvalidity, uidnext, messages, unseen, highestmodseq"
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
