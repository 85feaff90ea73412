"""Threads of the messages of a mailbox, as THREAD tells them (RFC 5256)."""

from collections.abc import Callable, Sequence
from typing import Any

from mailaccess.imap.columns import ANCESTRY, BASE_SUBJECT, IS_REPLY, SENT, Column
from mailaccess.imap.orders import LIMIT, Kept, key_of
from mailaccess.imap.rows import Rows
from mailaccess.imap.sorting import said_by
from mailaccess.mail.thread import ThreadInput, Threads, ordered_subject, thread_references, thread_refs
from mailaccess.wire.traps import compute_steps

PIECES_AT_ONCE = 5_000

COLUMNS: tuple[Column[Any], ...] = (SENT, ANCESTRY, BASE_SUBJECT, IS_REPLY)
"""What threading goes by, besides when messages arrived."""

_NOBODY: Sequence[int] = ()

Algorithm = Callable[[ThreadInput], Threads]

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
        said = await said_by(rows, matches, COLUMNS)
        present = [row for row in matches if row not in rows.gone] if rows.gone else matches
        uids = rows.uids if by_uid else None
        kept = await compute_steps(len(matches) * 100, _threaded, algorithm, present, said, rows.dates, uids)
        if not rows.gone:
            _THREADS.put(key, kept, sum(map(len, kept)))
    return kept


def _threaded(
    algorithm: Algorithm,
    present: Sequence[int],
    said: dict[Column[Any], dict[int, Any]],
    dates: Sequence[int],
    uids: Sequence[int] | None,
) -> list[bytes]:
    sent, ancestry, subjects, replies = (list(map(said[column].__getitem__, present)) for column in COLUMNS)
    threads = algorithm(ThreadInput(sent, ancestry, subjects, replies, [dates[row] for row in present]))
    numbers = [uids[row] for row in present] if uids else [row + 1 for row in present]
    pieces = render_threads(threads, numbers)
    return ["".join(pieces[at : at + PIECES_AT_ONCE]).encode() for at in range(0, len(pieces), PIECES_AT_ONCE)]


def render_threads(threads: Threads, numbers: Sequence[int]) -> list[str]:
    """thread-data in pieces: ` (2)(3 6 (4 23)(44 7 96))`, with a number for each message.

    Threads nest as deep as replies do, so there is no recursion here.
    """
    count, children = threads.count, threads.children
    names = list(map(str, numbers))
    pieces = [" "] if threads.tops else []
    waiting = threads.tops[::-1]  # below 0: the end of a list of siblings
    while waiting:
        node = waiting.pop()
        if node < 0:
            pieces.append(")")
            continue
        members = [names[node]] if node < count else []
        while len(below := children.get(node, _NOBODY)) == 1:  # down to where the thread splits
            node = below[0]
            members.append(names[node])
        if not below:
            pieces.append(f"({' '.join(members)})")
            continue
        pieces.append(f"({' '.join(members)} " if members else "(")
        waiting.append(-1)
        waiting.extend(reversed(below))
    return pieces
