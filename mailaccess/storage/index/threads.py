"""Which thread each message is of, over all mailboxes of an account.

A message has names: of its ancestors as far as it tells them, eldest first, and its own. Messages that share a name are
of one thread, which is called by the eldest of these names. A message is of its eldest name's thread.

What a name's thread is called is written down when it is first asked for, and never changes: it was told to a client.
So two threads stay two if a message that ties them together comes later. As threads are called by names that messages
bear, an index that is made anew comes to the same.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from mailaccess.storage.index.rows import facts_id

_OF_NAME = "SELECT thread FROM kin WHERE name = ?"
_OF_MESSAGE = "SELECT thread FROM placed WHERE id = ?"


def known(connection: sqlite3.Connection, mailbox: int, uids: Iterable[int]) -> dict[int, int]:
    """The threads of those of these messages that were asked for before."""
    found = ((uid, connection.execute(_OF_MESSAGE, (facts_id(mailbox, uid),)).fetchone()) for uid in uids)
    return {uid: row[0] for uid, row in found if row is not None}


def place(connection: sqlite3.Connection, mailbox: int, messages: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """The threads of messages, by UID, from now on. `messages`: their names (63 bits); what has none is passed over."""
    messages = {uid: names for uid, names in messages.items() if names}
    threads: dict[int, int] = {}  # by name, as written down
    fresh: dict[int, int] = {}  # a name without a thread: one that shares it, or itself
    for name in dict.fromkeys(name for names in messages.values() for name in names):
        row = connection.execute(_OF_NAME, (name,)).fetchone()
        if row is None:
            fresh[name] = name
        else:
            threads[name] = row[0]
    _unite(fresh, messages.values())
    called: dict[int, int] = {}  # what the threads of fresh names are called, by the name they are united under
    for names in messages.values():
        joined = next((threads[name] for name in names if name in threads), None)
        if joined is not None:
            for name in names:
                if name in fresh:
                    called.setdefault(_first(fresh, name), joined)
    named = {name: called.get(_first(fresh, name), _first(fresh, name)) for name in fresh}
    connection.executemany("INSERT INTO kin VALUES (?, ?)", named.items())
    threads |= named
    found = {uid: threads[names[0]] for uid, names in messages.items()}
    rows = ((facts_id(mailbox, uid), thread) for uid, thread in found.items())
    connection.executemany("INSERT OR REPLACE INTO placed VALUES (?, ?)", rows)
    return found


def _unite(fresh: dict[int, int], messages: Iterable[Sequence[int]]) -> None:
    """Puts names that one message bears under one of them: that which is no message's descendant, if it can be."""
    for names in messages:
        ours = [name for name in names if name in fresh]
        for elder, name in pairwise(ours):
            above, below = _first(fresh, elder), _first(fresh, name)
            if above != below:
                fresh[below] = above


def _first(fresh: dict[int, int], name: int) -> int:
    """The name that a name was put under; the way there is shortened."""
    while fresh[name] != name:
        fresh[name] = fresh[fresh[name]]
        name = fresh[name]
    return name
