"""SORT, THREAD and their UID variants (RFC 5256, RFC 5267 3)."""

from mailaccess.imap.errors import Bad
from mailaccess.imap.finding import answer, completed, extended, find, highest, understood
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Program, Terms
from mailaccess.imap.registry import SELECTED, command, feature
from mailaccess.imap.returning import Results, Returns, parse_returns
from mailaccess.imap.session import Session
from mailaccess.imap.sorting import Criteria, in_order, parse_criteria
from mailaccess.imap.threads import ALGORITHMS, Algorithm, threads
from mailaccess.wire.traps import drained

feature(b"SORT", rfc=5256)  # what RFC 7162 adds to the command is not what is announced
feature(b"SORT=DISPLAY", rfc=5957)
feature(b"ESORT", rfc=5267)


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
    matches = await in_order(found.rows, found.matches, criteria, program.text)
    results = Results(found.rows, matches, session.by_uid)
    await answer(session, b"SORT", results, highest(program, found.rows, matches))
    return completed(session, b"SORT", found)


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
    session.write(b"* THREAD")
    for piece in await threads(found.rows, found.matches, algorithm, program.text, by_uid=session.by_uid):
        session.write(piece)
        if session.channel.full:
            await drained()
    session.write(b"\r\n")
    return completed(session, b"THREAD", found)
