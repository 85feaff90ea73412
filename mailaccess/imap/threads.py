"""Threads of the messages of a mailbox, as THREAD tells them (RFC 5256)."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailaccess.imap.bounded import ALONE, THREADS, Bounded
from mailaccess.imap.columns import ANCESTRY, BASE_SUBJECT, IS_REPLY, SENT, Column
from mailaccess.imap.orders import Key, key_of, uids_of
from mailaccess.imap.rows import Rows
from mailaccess.imap.sorting import said_by
from mailaccess.mail.thread import Links, ThreadInput, Threads, ordered_subject, thread_references, thread_refs
from mailaccess.wire.traps import compute_steps

PIECES_AT_ONCE = 5_000

COLUMNS: tuple[Column[Any], ...] = (SENT, ANCESTRY, BASE_SUBJECT, IS_REPLY)
"""What threading goes by, besides when messages arrived."""

_NOBODY: Sequence[int] = ()

Algorithm = Callable[[ThreadInput, Links], Threads]

ALGORITHMS: dict[bytes, Algorithm] = {
    b"ORDEREDSUBJECT": ordered_subject,
    b"REFERENCES": thread_references,
    b"REFS": thread_refs,
}

_EACH = 300  # octets that are kept of a message, besides what `columns` count
_LARGE = THREADS // 2  # above that, only the answer is kept


@dataclass(slots=True)
class _Kept:
    """An answer, and what it was made of, to which new messages are added."""

    uids: "array[int]" = field(default_factory=lambda: array("I"))
    numbers: Sequence[int] = ()
    pieces: list[bytes] = field(default_factory=list)
    messages: tuple[list[Any], ...] = ()  # as `COLUMNS`, and when each arrived; all of them, or none
    links: Links = field(default_factory=Links)

    def forget(self) -> None:
        """All but the answer."""
        self.messages, self.links = ([], [], [], [], []), Links()


_KEPT: Bounded[Key, _Kept] = Bounded(THREADS)


async def threads(
    rows: Rows, matches: Sequence[int], algorithm: Algorithm, program: bytes, *, by_uid: bool
) -> list[bytes]:
    """thread-data of rows (ascending), in pieces; without those that are gone. Kept for the next time under the text of
    the program that found them."""
    key = key_of(rows, algorithm, program)
    uids = await uids_of(rows, matches)
    numbers = uids if by_uid else matches
    kept = _KEPT.get(key)
    if kept is not None and kept.uids == uids and kept.numbers == numbers:
        return kept.pieces
    _KEPT.take(key)  # nobody else changes it meanwhile
    if kept is None or kept.uids != uids[: len(kept.uids)]:
        kept = _Kept()
        kept.forget()
    fresh = matches[len(kept.messages[0]) :]
    said = await said_by(rows, fresh, COLUMNS)
    if rows.gone:
        fresh = [row for row in fresh if row not in rows.gone]
        numbers = [number for row, number in zip(matches, numbers, strict=True) if row not in rows.gone]
    await compute_steps(len(matches) * 100, _threaded, kept, algorithm, fresh, said, rows.dates, numbers, by_uid)
    if not rows.gone:
        kept.uids, kept.numbers = uids, numbers
        octets = _EACH * len(uids)
        if octets > _LARGE:
            kept.forget()
            octets = sum(map(len, kept.pieces)) + 40 * len(uids)
        _KEPT.put(key, kept, ALONE + len(program) + octets)
    return kept.pieces


def _threaded(
    kept: _Kept,
    algorithm: Algorithm,
    fresh: Sequence[int],
    said: dict[Column[Any], dict[int, Any]],
    dates: Sequence[int],
    numbers: Sequence[int],
    by_uid: bool,
) -> None:
    for values, column in zip(kept.messages, COLUMNS, strict=False):
        values.extend(map(said[column].__getitem__, fresh))
    kept.messages[-1].extend(dates[row] for row in fresh)
    threads = algorithm(ThreadInput(*kept.messages), kept.links)
    pieces = render_threads(threads, numbers if by_uid else [row + 1 for row in numbers])
    kept.pieces = ["".join(pieces[at : at + PIECES_AT_ONCE]).encode() for at in range(0, len(pieces), PIECES_AT_ONCE)]


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
