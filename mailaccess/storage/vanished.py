"""Which messages are gone that a client may still know of (RFC 7162: VANISHED)."""

from bisect import bisect_left
from collections.abc import Sequence
from sqlite3 import Connection

from mailaccess.storage.box import Box
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import load_mailbox
from mailaccess.storage.messages import Messages

MOST = 10_000_000
"""UIDs listed at most where expunges are not known any more: what a client can have seen, not what fits 32 bits."""


def vanished_since(box: Box, messages: Messages, uidnext: int, modseq: int, known: Sequence[range] | None) -> list[int]:
    """UIDs (ascending) that were expunged above a mod-sequence; where that is too long ago, all that are absent.

    `known`: only those among these, which ascend and do not overlap.
    """

    def ask(connection: Connection) -> list[tuple[int, int]] | None:
        row = load_mailbox(connection, box.id)
        return None if row is None or modseq < row.floor else reading.gone_since(connection, row.id, modseq)

    gone = box.index.read(ask)
    first = max(1, uidnext - MOST)
    if gone is None:
        spans = [range(first, uidnext)] if known is None else known
        uids = [uid for span in spans for uid in range(max(span.start, first), min(span.stop, uidnext))]
    else:
        uids = sorted(uid for low, high in gone for uid in range(max(low, first), high + 1))
        if known is not None:
            pieces = (uids[bisect_left(uids, each.start) : bisect_left(uids, each.stop)] for each in known)
            uids = [uid for piece in pieces for uid in piece]
    there = set(messages.uids)
    return [uid for uid in uids if uid not in there]
