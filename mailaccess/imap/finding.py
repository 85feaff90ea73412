"""What commands that search have in common: SEARCH, SORT, THREAD, ESEARCH. How they begin, answer, and end."""

from collections.abc import Sequence

from mailaccess.imap import (
    contexts,
    filters,
    limiting,
    render,
)
from mailaccess.imap.contexts import Context
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.program import Program, Terms
from mailaccess.imap.returning import Results, Returns, esearch
from mailaccess.imap.rows import Rows
from mailaccess.imap.searching import Found, evaluate
from mailaccess.imap.session import Session, uid_required
from mailaccess.imap.sorting import Criteria, in_order
from mailaccess.wire.traps import call, compute_steps, drained

NUMBERS_AT_ONCE = 5_000


def parse_program(terms: Terms) -> Program:
    """["CHARSET" SP charset SP] search-key *(SP search-key)"""
    if terms.skip(b"CHARSET "):
        terms.charset()
        terms.sp()
    return terms.program()


def check_charset(session: Session, program: Program) -> None:
    """ "it SHOULD reject the command with a "BAD" response (due to the conflicting charset labels)" (RFC 6855 3)"""
    if program.charset_named and session.utf8_accepted:
        raise Bad("After ENABLE UTF8=ACCEPT a search names no charset")


async def understood(session: Session, program: Program, *, relevancy: bool = False) -> Program:
    """The program with its filters; what holds for all commands that search, is done here."""
    if program.again is not None:
        program = program.again(await call(filters.stored, session))
    if program.filters:
        raise No("There is no such filter, or it is none", b"UNDEFINED-FILTER " + program.filters[0])
    if relevancy and not program.fuzzy:
        raise Bad("RELEVANCY goes with FUZZY")
    if program.modseq:
        session.enable(b"CONDSTORE")
    if program.numbers:
        if session.uidonly:
            raise uid_required()
        session.expunges = False
    return program


async def find(session: Session, program: Program, *, whole: bool = False) -> Found:
    """Runs a program over the selected mailbox, as far as one command goes. No, where that is not `whole`."""
    most = session.settings.max_messages
    session.expect(min(session.view.count, most))
    found = await evaluate(session.view, session.saved, program, most=most, advance=session.advance)
    if whole and found.lowest:
        # "Servers that advertise MESSAGELIMIT N will be unable to execute a THREAD command in a mailbox with more than
        # N messages" (RFC 9738 3.3), and an order of some says nothing of the others.
        raise limiting.too_many(session, found.lowest)
    return found


async def extended(session: Session, returns: Returns, program: Program, criteria: Criteria | None = None) -> Found:
    """SEARCH or SORT with RETURN: answers with ESEARCH, and keeps what is to be kept."""
    if b"UPDATE" in returns:
        contexts.check_tag(session)
    relevancy = b"RELEVANCY" in returns or (criteria is not None and b"RELEVANCY" in criteria)
    try:
        program = await understood(session, program, relevancy=relevancy)
        found = await find(session, program, whole=criteria is not None)
        ordered: Sequence[int] = found.matches
        if criteria is not None:
            ordered = await in_order(found.rows, found.matches, criteria, program.text)
    except Exception:
        if b"SAVE" in returns:
            session.saved = []  # a NO "sets the value [...] to the empty sequence" (RFC 5182 2.1)
        raise
    results = Results(found.rows, ordered, session.by_uid)
    await report(session, returns, program, results, b"TAG " + render.quoted(session.tag))
    if b"UPDATE" in returns:
        await keep_up(session, returns, program, found, results, b"TAG " + render.quoted(session.tag), criteria)
    return found


async def report(session: Session, returns: Returns, program: Program, results: Results, correlator: bytes) -> None:
    """The ESEARCH response; `$` becomes what is to be saved."""
    kept = returns.kept(results.matches)
    if b"SAVE" in returns:
        session.saved = await compute_steps(len(kept), results.uids, kept)
    if not returns.is_silent:
        modseq = highest(program, results.rows, kept)
        session.untagged(
            await compute_steps(len(results.matches) * 4, esearch, correlator, results, returns, modseq=modseq)
        )


async def keep_up(
    session: Session,
    returns: Returns,
    program: Program,
    found: Found,
    results: Results,
    correlator: bytes,
    criteria: Criteria | None = None,
) -> None:
    """What was found is kept up to date for the client, if that is not too much."""
    if found.lowest:
        contexts.refuse(session, b"Not all messages were searched")
        return
    steps = len(results.matches) * 2
    context = await compute_steps(steps, Context, session, correlator, program, found, results, criteria, returns.items)
    contexts.follow(session, context)


def completed(session: Session, name: bytes, found: Found) -> bytes | None:
    """The tagged text. It warns of messages that another session has expunged (RFC 5530's example of this code), and of
    those that were too many to be looked at."""
    if found.lowest and not found.missing:
        return limiting.completed(session, found.lowest)
    if not found.missing:
        return None
    if found.lowest:
        limiting.tell(session, found.lowest)
    return b"[EXPUNGEISSUED] %s%s completed, without messages that are gone" % (b"UID " * session.by_uid, name)


def highest(program: Program, rows: Rows, returned: Sequence[int]) -> int:
    """The highest mod-sequence of what is returned, if the program asked for mod-sequences; else 0."""
    if not program.modseq:
        return 0
    modseqs = rows.modseqs
    return max((modseqs[row] for row in returned), default=0)


async def answer(session: Session, word: bytes, results: Results, modseq: int) -> None:
    """`* SEARCH 2 84 882 (MODSEQ 917162500)`: as what the command counts in (RFC 7162 3.1.6)."""
    session.write(b"* " + word)
    rows = results.matches
    for start in range(0, len(rows), NUMBERS_AT_ONCE):
        numbers = results.numbers(rows[start : start + NUMBERS_AT_ONCE])
        session.write(b" %d" * len(numbers) % tuple(numbers))  # in half the time that joining takes
        if session.channel.full:
            await drained()
    session.write(b" (MODSEQ %d)\r\n" % modseq if modseq else b"\r\n")
