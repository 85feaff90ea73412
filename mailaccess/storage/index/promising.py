"""What can be said of a large mailbox before its messages are read, as far as it was packed: see `packing`."""

import sqlite3
from collections.abc import Sequence

from mailaccess.storage.index import packing, reading
from mailaccess.storage.index.reading import Loaded, News, Promised
from mailaccess.storage.index.rows import MailboxRow, marks, unpacked, words


def promise(connection: sqlite3.Connection, mailbox: int) -> News | None:
    """The mailbox without its messages. None: they have to be read, or it is unknown."""
    known = reading.identified(connection, mailbox)
    found = None if known is None else reading.top(connection, known[1])
    if known is None or found is None:
        return None
    header, fresh, gone = found
    first_unseen = _first_unseen(known[1], header, fresh, gone)
    if first_unseen is None:
        return None
    further = {name.lower(): name for loaded in fresh for name in words(loaded[2])}
    return News(*known, [], [], Promised({**further, **header.further}, first_unseen))


def _first_unseen(
    row: MailboxRow, header: packing.Header, fresh: Sequence[Loaded], gone: Sequence[tuple[int, int]]
) -> int | None:
    """As in `Promised`; None where what came on top of the packed messages may have changed it."""
    if not row.unseen or not header.unseen:
        return None if row.unseen else row.messages
    uid, place, last = header.unseen
    touched = [*(first for first, _ in gone), *(loaded[0] for loaded in fresh)]
    if uid:
        return place if min(touched, default=uid + 1) > uid else None
    # All were \\Seen. What is behind them is among `fresh`, and its place is told from the end.
    unseen = [loaded[0] for loaded in fresh if marks(unpacked(loaded[1]))[0]]
    if not unseen or unseen[0] <= last:
        return None
    return row.messages - sum(loaded[0] >= unseen[0] for loaded in fresh)
