"""Threads of the messages of a mailbox, as THREAD tells them (RFC 5256)."""

from collections.abc import Callable, Sequence
from typing import Any

from mailaccess.imap.columns import ANCESTRY, BASE_SUBJECT, IS_REPLY, SENT, Column
from mailaccess.imap.orders import LIMIT, Kept, key_of
from mailaccess.imap.rows import Rows
from mailaccess.imap.sorting import said_by
from mailaccess.mail.thread import Node, ThreadInput, ordered_subject, thread_references, thread_refs
from mailaccess.wire.traps import compute_steps

PIECES_AT_ONCE = 5_000

Algorithm = Callable[[list[ThreadInput]], list[Node]]

ALGORITHMS: dict[bytes, Algorithm] = {
    b"ORDEREDSUBJECT": ordered_subject,
    b"REFERENCES": thread_references,
    b"REFS": thread_refs,
}

_THREADS: Kept[list[bytes]] = Kept(LIMIT)


async def threads(rows: Rows, matches: Sequence[int], algorithm: Algorithm, *, by_uid: bool) -> list[bytes]:
    """thread-data of rows (ascending), in pieces; without those that are gone."""
    key = await key_of(rows, matches, (algorithm, by_uid))
    kept = _THREADS.get(key)
    if kept is None:
        said = await said_by(rows, matches, [SENT, ANCESTRY, BASE_SUBJECT, IS_REPLY])
        uids = rows.uids if by_uid else None
        kept = await compute_steps(len(matches) * 100, _threaded, algorithm, said, rows.dates, uids)
        if not rows.gone:
            _THREADS.put(key, kept, sum(map(len, kept)))
    return kept


def _threaded(
    algorithm: Algorithm, said: dict[Column[Any], dict[int, Any]], dates: Sequence[int], uids: Sequence[int] | None
) -> list[bytes]:
    sent, subjects, replies = said[SENT], said[BASE_SUBJECT], said[IS_REPLY]
    inputs = [
        ThreadInput(row, sent[row], message_id, references, subjects[row], replies[row], dates[row])
        for row, (message_id, references) in said[ANCESTRY].items()
    ]
    pieces = render_threads(algorithm(inputs), uids)
    return ["".join(pieces[at : at + PIECES_AT_ONCE]).encode() for at in range(0, len(pieces), PIECES_AT_ONCE)]


def render_threads(threads: Sequence[Node], uids: Sequence[int] | None) -> list[str]:
    """thread-data in pieces: ` (2)(3 6 (4 23)(44 7 96))`, by UIDs if there are any.

    Threads nest as deep as replies do, so there is no recursion here.
    """
    pieces = [" "] if threads else []
    waiting: list[Node | None] = list(reversed(threads))  # None: the end of a list of siblings
    while waiting:
        node = waiting.pop()
        if node is None:
            pieces.append(")")
            continue
        pieces.append("(")
        members = []
        while True:  # down to where the thread splits
            if node.key is not None:
                members.append(str(uids[node.key] if uids else node.key + 1))
            if len(node.children) != 1:
                break
            node = node.children[0]
        pieces.append(" ".join(members))
        if node.children and members:
            pieces.append(" ")
        waiting.append(None)
        waiting.extend(reversed(node.children))
    return pieces
