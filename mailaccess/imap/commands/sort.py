"""SORT, THREAD and their UID variants (RFC 5256, RFC 5267 3)."""

from collections.abc import Callable, Sequence
from typing import Any

from mailaccess.imap.columns import ANCESTRY, BASE_SUBJECT, IS_REPLY, SENT, Column
from mailaccess.imap.commands.search import answer, completed, extended, find, highest, understood
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Program, Terms
from mailaccess.imap.registry import SELECTED, command, feature
from mailaccess.imap.returning import Results, Returns, parse_returns
from mailaccess.imap.session import Session
from mailaccess.imap.sorting import Criteria, in_order, parse_criteria, said_by
from mailaccess.mail.thread import Node, ThreadInput, ordered_subject, thread_references, thread_refs
from mailaccess.wire.traps import compute_steps, drained

feature(b"SORT", rfc=5256)  # what RFC 7162 adds to the command is not what is announced
feature(b"SORT=DISPLAY", rfc=5957)
feature(b"ESORT", rfc=5267)

PIECES_AT_ONCE = 5_000


def parse_sort(cursor: Cursor) -> tuple[Returns | None, Criteria, Program]:
    """extended-sort = "SORT" [SP search-return-opts] SP sort-criteria SP charset 1*(SP search-key)"""
    terms = Terms(cursor)
    returns = parse_returns(terms)
    return returns, parse_criteria(terms), _parse_program(terms)


def _parse_program(terms: Terms) -> Program:
    """search-criteria = charset 1*(SP search-key), after a space"""
    terms.sp()
    terms.charset()
    terms.sp()
    return terms.program()


@command(b"SORT", when=SELECTED, parse=parse_sort, uid=True, expunges=False, rfc=(5256, 7162))
async def sort(session: Session, returns: Returns | None, criteria: Criteria, program: Program) -> bytes | None:
    """RFC 5256 BASE.6.4.SORT"""
    if returns is not None:
        return completed(session, b"SORT", await extended(session, returns, program, criteria))
    program = await understood(session, program, relevancy=b"RELEVANCY" in criteria)
    found = await find(session, program, whole=True)
    matches = await in_order(found.rows, found.matches, criteria)
    results = Results(found.rows, matches, session.by_uid)
    await answer(session, b"SORT", results, highest(program, found.rows, matches))
    return completed(session, b"SORT", found)


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
    return algorithm, _parse_program(terms)


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
    program = await understood(session, program)
    found = await find(session, program, whole=True)
    said = await said_by(found.rows, found.matches, [SENT, ANCESTRY, BASE_SUBJECT, IS_REPLY])
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
