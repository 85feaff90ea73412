"""SEARCH and UID SEARCH, their extended results, and `$` (RFC 3501 6.4.4, RFC 4731, RFC 5182, RFC 5267)."""

from mailaccess.imap.finding import answer, check_charset, completed, extended, find, highest, parse_program, understood
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Program, Terms
from mailaccess.imap.registry import SELECTED, command, feature
from mailaccess.imap.returning import ALL, Results, Returns, parse_returns
from mailaccess.imap.session import Session

feature(b"ESEARCH", rfc=4731)
feature(b"FILTERS", rfc=5466)  # imap.program, imap.filters
feature(b"SEARCHRES", rfc=5182)
feature(b"PARTIAL", rfc=9394)  # and commands.fetch


def parse_search(cursor: Cursor) -> tuple[Returns | None, Program]:
    """search = "SEARCH" [SP "RETURN" SP "(" [option *(SP option)] ")"] [SP "CHARSET" SP charset] 1*(SP search-key)"""
    terms = Terms(cursor)
    returns = parse_returns(terms)
    return returns, parse_program(terms)


@command(b"SEARCH", when=SELECTED, parse=parse_search, uid=True, expunges=False, rfc=(3501, 7162))
async def search(session: Session, returns: Returns | None, program: Program) -> bytes | None:
    """RFC 3501 6.4.4"""
    check_charset(session, program)
    if returns is None and session.rev2:
        returns = ALL  # "SEARCH command now requires to return the ESEARCH response" (RFC 9051 Appendix E)
    if returns is None:
        program = await understood(session, program)
        found = await find(session, program)
        results = Results(found.rows, found.matches, session.by_uid)
        await answer(session, b"SEARCH", results, highest(program, found.rows, found.matches))
        return completed(session, b"SEARCH", found)
    found = await extended(session, returns, program)
    return completed(session, b"SEARCH", found)
