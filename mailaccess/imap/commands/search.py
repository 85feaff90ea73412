"""SEARCH and UID SEARCH, their extended results, and `$` (RFC 3501 6.4.4, RFC 4731, RFC 5182)."""

from collections.abc import Sequence

from mailaccess.imap import (
    keys,  # noqa: F401 - fills the table of search keys
    numset,
    render,
)
from mailaccess.imap.commands.metadata import filters, owners
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Program, Terms
from mailaccess.imap.registry import SELECTED, command, feature
from mailaccess.imap.searching import Found, evaluate
from mailaccess.imap.session import Session, uid_required
from mailaccess.wire.traps import call, compute_steps, drained

feature(b"ESEARCH", rfc=4731)
feature(b"FILTERS", rfc=5466)  # imap.program, commands.metadata
feature(b"SEARCHRES", rfc=5182)

Options = frozenset[bytes]

ALL = Options((b"ALL",))
OPTIONS = Options((b"MIN", b"MAX", b"ALL", b"COUNT", b"SAVE"))
NUMBERS_AT_ONCE = 5_000


def parse_search(cursor: Cursor) -> tuple[Options | None, Program]:
    """search = "SEARCH" [SP "RETURN" SP "(" [option *(SP option)] ")"] [SP "CHARSET" SP charset] 1*(SP search-key)"""
    terms = Terms(cursor)
    options = _parse_return(terms) if terms.skip(b"RETURN ") else None
    if terms.skip(b"CHARSET "):
        terms.charset()
        terms.sp()
    return options, terms.program()


def _parse_return(terms: Terms) -> Options:
    """ "(" [search-return-opt *(SP search-return-opt)] ")" SP; none means ALL (RFC 4731 3.1)"""
    terms.expect(b"(")
    options: set[bytes] = set()
    while not terms.skip(b")"):
        if options:
            terms.sp()
        option = terms.word("MIN, MAX, ALL, COUNT or SAVE")
        if option not in OPTIONS:
            raise Bad("Expected MIN, MAX, ALL, COUNT or SAVE")
        options.add(option)
    terms.sp()
    return frozenset(options) or ALL


@command(b"SEARCH", when=SELECTED, parse=parse_search, uid=True, expunges=False, rfc=(3501, 7162))
async def search(session: Session, options: Options | None, program: Program) -> bytes | None:
    """RFC 3501 6.4.4"""
    if program.charset_named and session.utf8_accepted:
        # "it SHOULD reject the command with a "BAD" response (due to the conflicting charset labels)" (RFC 6855 3)
        raise Bad("After ENABLE UTF8=ACCEPT a search names no charset")
    if options is None and session.rev2:
        options = ALL  # "SEARCH command now requires to return the ESEARCH response" (RFC 9051 Appendix E)
    saving = options is not None and b"SAVE" in options
    try:
        found = await find(session, program)
    except Exception:
        if saving:  # a NO "sets the value of the search result variable to the empty sequence" (RFC 5182 2.1)
            session.saved = []
        raise
    if options is None:
        await answer(session, b"SEARCH", found, found.matches, highest(program, found, found.matches))
        return completed(session, b"SEARCH", found)
    returned = _returned(options, found.matches)
    if saving:
        session.saved = await compute_steps(len(returned), _numbers, found, returned, by_uid=True)
    if options != {b"SAVE"}:
        parts = await compute_steps(len(found.matches) * 4, _results, found, options, by_uid=session.by_uid)
        modseq = highest(program, found, returned)
        parts += [b"MODSEQ %d" % modseq] if modseq else []
        session.untagged(b" ".join([b"ESEARCH (TAG %s)" % render.quoted(session.tag), *parts]))
    return completed(session, b"SEARCH", found)


async def find(session: Session, program: Program) -> Found:
    """What the program finds; what holds for all commands that search, is done here."""
    if program.again is not None:
        program = program.again(await call(filters, session.account, owners(session)))
    if program.filters:
        raise No("There is no such filter, or it is none", b"UNDEFINED-FILTER " + program.filters[0])
    if program.modseq:
        session.enable(b"CONDSTORE")
    if program.numbers:
        if session.uidonly:
            raise uid_required()
        session.expunges = False
    return await evaluate(session, program)


def completed(session: Session, name: bytes, found: Found) -> bytes | None:
    """The tagged text. It warns of messages that another session has expunged (RFC 5530's example of this code)."""
    if not found.missing:
        return None
    return b"[EXPUNGEISSUED] %s%s completed, without messages that are gone" % (b"UID " * session.by_uid, name)


def highest(program: Program, found: Found, returned: Sequence[int]) -> int:
    """The highest mod-sequence of what is returned, if the program asked for mod-sequences; else 0."""
    if not program.modseq:
        return 0
    modseqs = found.rows.modseqs
    return max((modseqs[row] for row in returned), default=0)


async def answer(session: Session, word: bytes, found: Found, rows: Sequence[int], modseq: int) -> None:
    """`* SEARCH 2 84 882 (MODSEQ 917162500)`: rows in their order, as what the command counts in (RFC 7162 3.1.6)."""
    session.write(b"* " + word)
    for start in range(0, len(rows), NUMBERS_AT_ONCE):
        numbers = _numbers(found, rows[start : start + NUMBERS_AT_ONCE], by_uid=session.by_uid)
        session.write((" " + " ".join(map(str, numbers))).encode())
        if session.channel.full:
            await drained()
    session.write(b" (MODSEQ %d)\r\n" % modseq if modseq else b"\r\n")


def _numbers(found: Found, rows: Sequence[int], *, by_uid: bool) -> list[int]:
    uids = found.rows.uids
    return [uids[row] for row in rows] if by_uid else [row + 1 for row in rows]


def _returned(options: Options, matches: list[int]) -> list[int]:
    """What `$` becomes and MODSEQ tells of: all, unless only the ends were asked for (RFC 4731 3.2, RFC 5182 2.4)."""
    if not matches or options & {b"ALL", b"COUNT"} or not options & {b"MIN", b"MAX"}:
        return matches
    ends = {matches[0]} if b"MIN" in options else set()
    return sorted(ends | {matches[-1]} if b"MAX" in options else ends)


def _results(found: Found, options: Options, *, by_uid: bool) -> list[bytes]:
    """UID and the search-return-data of an ESEARCH response; of no matches only their count."""
    parts = [b"UID"] if by_uid else []
    numbers = _numbers(found, found.matches, by_uid=by_uid)
    if numbers:
        parts += [b"MIN %d" % numbers[0]] if b"MIN" in options else []
        parts += [b"MAX %d" % numbers[-1]] if b"MAX" in options else []
        parts += [b"ALL " + numset.render(numbers)] if b"ALL" in options else []
    parts += [b"COUNT %d" % len(numbers)] if b"COUNT" in options else []
    return parts
