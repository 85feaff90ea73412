"""SORT, THREAD and their UID variants (RFC 5256)."""

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from typing import Any

from mailaccess.imap.columns import (
    ANCESTRY,
    BASE_SUBJECT,
    DISPLAY_FROM,
    DISPLAY_TO,
    FIRST_CC,
    FIRST_FROM,
    FIRST_TO,
    IS_REPLY,
    SENT,
    Column,
)
from mailaccess.imap.commands.search import answer, completed, find, highest
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Program, Terms
from mailaccess.imap.registry import SELECTED, command, feature
from mailaccess.imap.rows import Rows
from mailaccess.imap.searching import HEADERS, hold_columns, make_sizes
from mailaccess.imap.session import Session
from mailaccess.mail.thread import Node, ThreadInput, ordered_subject, thread_references, thread_refs
from mailaccess.wire.traps import compute, compute_steps, drained, turn

feature(b"SORT", rfc=5256)  # what RFC 7162 adds to the command is not what is announced
feature(b"SORT=DISPLAY", rfc=5957)

SORTED_AT_ONCE = 10_000
PIECES_AT_ONCE = 5_000

Value = int | str

IN_MEMORY: dict[bytes, Callable[[Rows], Sequence[int]]] = {
    b"ARRIVAL": lambda rows: rows.dates,
    b"SIZE": lambda rows: rows.sizes,
}
CRITERIA: dict[bytes, Column[Any]] = {
    b"CC": FIRST_CC,
    b"DATE": SENT,
    b"DISPLAYFROM": DISPLAY_FROM,
    b"DISPLAYTO": DISPLAY_TO,
    b"FROM": FIRST_FROM,
    b"SUBJECT": BASE_SUBJECT,
    b"TO": FIRST_TO,
}
"""What each criterion goes by."""

Criteria = dict[bytes, bool]
"""Names of criteria in their order, and whether each is reversed."""


def parse_sort(cursor: Cursor) -> tuple[Criteria, Program]:
    """sort = "SORT" SP "(" sort-criterion *(SP sort-criterion) ")" SP charset 1*(SP search-key)"""
    terms = Terms(cursor)
    terms.expect(b"(")
    criteria: Criteria = {}
    while True:
        reverse = terms.skip(b"REVERSE ")
        name = terms.word("a sort criterion")
        if name not in IN_MEMORY and name not in CRITERIA:
            names = ", ".join(sorted(known.decode() for known in [*IN_MEMORY, *CRITERIA]))
            raise Bad(f"Expected REVERSE, or one of {names}")
        criteria.setdefault(name, reverse)  # a second time it has nothing left to decide
        if terms.skip(b")"):
            return criteria, _parse_criteria(terms)
        terms.sp()


def _parse_criteria(terms: Terms) -> Program:
    """search-criteria = charset 1*(SP search-key), after a space"""
    terms.sp()
    terms.charset()
    terms.sp()
    return terms.program()


@command(b"SORT", when=SELECTED, parse=parse_sort, uid=True, expunges=False, rfc=(5256, 7162))
async def sort(session: Session, criteria: Criteria, program: Program) -> bytes | None:
    """RFC 5256 BASE.6.4.SORT"""
    found = await find(session, program)
    if b"SIZE" in criteria:
        await make_sizes(found.rows, found.matches)
    values = await _values(found.rows, found.matches, [CRITERIA[name] for name in criteria if name in CRITERIA])
    matches = [row for row in found.matches if row not in found.rows.gone]
    for name, reverse in reversed(criteria.items()):  # each pass keeps the order of the one before among equals
        column = IN_MEMORY[name](found.rows) if name in IN_MEMORY else values[CRITERIA[name]]
        matches = await _sorted(matches, column.__getitem__, reverse=reverse)
    await answer(session, b"SORT", found, matches, highest(program, found, matches))
    return completed(session, b"SORT", found)


async def _sorted(rows: list[int], value: Callable[[int], Value], *, reverse: bool) -> list[int]:
    """Stable. A long list is sorted in parts: one call of `sorted` would hold up all other threads."""
    if len(rows) <= SORTED_AT_ONCE:
        return await compute_steps(len(rows) * 4, sorted, rows, key=value, reverse=reverse)
    parts = [
        await compute(sorted, rows[start : start + SORTED_AT_ONCE], key=value, reverse=reverse)
        for start in range(0, len(rows), SORTED_AT_ONCE)
    ]
    return await compute(lambda: list(merge(*parts, key=value, reverse=reverse)))


Algorithm = Callable[[list[ThreadInput]], list[Node]]

ALGORITHMS: dict[bytes, Algorithm] = {
    b"ORDEREDSUBJECT": ordered_subject,
    b"REFERENCES": thread_references,
    b"REFS": thread_refs,
}


def parse_thread(cursor: Cursor) -> tuple[Algorithm, Program]:
    """thread = "THREAD" SP thread-alg SP charset 1*(SP search-key)"""
    terms = Terms(cursor)
    algorithm = ALGORITHMS.get(terms.word("ORDEREDSUBJECT, REFERENCES or REFS"))
    if algorithm is None:
        raise Bad("Expected ORDEREDSUBJECT, REFERENCES or REFS")
    return algorithm, _parse_criteria(terms)


@command(
    b"THREAD",
    when=SELECTED,
    parse=parse_thread,
    uid=True,
    expunges=False,
    capability=(b"THREAD=ORDEREDSUBJECT", b"THREAD=REFERENCES", b"THREAD=REFS"),
    rfc=5256,
)
async def thread(session: Session, algorithm: Algorithm, program: Program) -> bytes | None:
    """RFC 5256 BASE.6.4.THREAD"""
    found = await find(session, program)
    said = await _values(found.rows, found.matches, [SENT, ANCESTRY, BASE_SUBJECT, IS_REPLY])
    uids = found.rows.uids if session.by_uid else None
    pieces = await compute_steps(len(found.matches) * 100, _threaded, algorithm, said, found.rows.dates, uids)
    session.write(b"* THREAD")
    for start in range(0, len(pieces), PIECES_AT_ONCE):
        session.write("".join(pieces[start : start + PIECES_AT_ONCE]).encode())
        if session.channel.full:
            await drained()
    session.write(b"\r\n")
    return completed(session, b"THREAD", found)


def _threaded(
    algorithm: Algorithm, said: dict[Column[Any], dict[int, Any]], dates: Sequence[int], uids: Sequence[int] | None
) -> list[str]:
    sent, subjects, replies = said[SENT], said[BASE_SUBJECT], said[IS_REPLY]
    inputs = [
        ThreadInput(row, sent[row], message_id, references, subjects[row], replies[row], dates[row])
        for row, (message_id, references) in said[ANCESTRY].items()
    ]
    return render_threads(algorithm(inputs), uids)


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


async def _values(
    rows: Rows, matches: Sequence[int], columns: Sequence[Column[Any]]
) -> dict[Column[Any], dict[int, Any]]:
    """What the messages say, by row; those that are gone are left out."""
    found: dict[Column[Any], dict[int, Any]] = {column: {} for column in columns}
    for start in range(0, len(matches) if columns else 0, HEADERS):
        part = matches[start : start + HEADERS]
        await hold_columns(rows, part, columns)
        for column, values in found.items():
            values.update(_sent(rows, part) if column == SENT else rows.said(column, part))
        await turn()
    return found


def _sent(rows: Rows, part: Sequence[int]) -> Iterator[tuple[int, int]]:
    """ "If the sent date cannot be determined [...] the INTERNALDATE for that message is used" (RFC 5256 2.2)."""
    return ((row, rows.dates[row] if sent is None else sent) for row, sent in rows.said(SENT, part))
