"""ESEARCH: one search in several mailboxes, selected or not (RFC 7377)."""

from collections.abc import AsyncIterator

from mailaccess.imap import contexts, render
from mailaccess.imap.errors import Bad
from mailaccess.imap.finding import check_charset, keep_up, parse_program, report, understood
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Program, Terms
from mailaccess.imap.registry import AUTHENTICATED, command
from mailaccess.imap.returning import ALL, Results, Returns, parse_returns
from mailaccess.imap.searching import evaluate
from mailaccess.imap.session import Session
from mailaccess.imap.sources import SELECTED, Source, mailboxes, parse_sources
from mailaccess.imap.view import View
from mailaccess.storage.errors import InvalidName, NoSuchMailbox, NotPermitted, NotSelectable
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import call, drained


def parse_esearch(cursor: Cursor) -> tuple[list[Source], Returns, Program]:
    """esearch = "ESEARCH" [SP "IN" SP "(" source-mbox ")"] [SP search-return-opts] SP search-program"""
    terms = Terms(cursor)
    sources = [SELECTED]
    if terms.skip(b"IN "):
        sources = parse_sources(terms)
        terms.sp()
    returns = parse_returns(terms) or ALL
    if b"SAVE" in returns and set(sources) != {SELECTED}:
        raise Bad("SAVE goes with the selected mailbox alone")
    return sources, returns, parse_program(terms)


# UID ESEARCH is in an example of the RFC, if not in its grammar; the answer has UIDs in any case.
@command(
    b"ESEARCH", when=AUTHENTICATED, parse=parse_esearch, by_uid=True, uid=True, capability=b"MULTISEARCH", rfc=7377
)
async def esearch(session: Session, sources: list[Source], returns: Returns, program: Program) -> bytes | None:
    """Answers for each mailbox in which something was found. MESSAGELIMIT does not concern it: RFC
    9738 names the commands that it limits."""
    check_charset(session, program)
    if session.selected is None and (SELECTED in sources or b"UPDATE" in returns):
        raise Bad("No mailbox is selected")
    if b"UPDATE" in returns:
        contexts.check_tag(session)
    missing = followed = False
    try:
        program = await understood(session, program, relevancy=b"RELEVANCY" in returns)
        async for view in _views(session, sources):
            missing |= await _search(session, view, returns, program)
            followed |= view is session.selected
            if session.channel.full:
                await drained()
    except Exception:
        if b"SAVE" in returns:  # as `finding.extended`
            session.saved = []
        raise
    if b"UPDATE" in returns and not followed:
        contexts.refuse(session, b"Only the selected mailbox is kept up to date")
    return b"[EXPUNGEISSUED] ESEARCH completed, without messages that are gone" if missing else None


async def _views(session: Session, sources: list[Source]) -> AsyncIterator[View]:
    """The mailboxes, one after the other, each once; the selected one as the client knows it. "Mailboxes matching the
    source options for which the logged-in user lacks sufficient rights MUST be ignored" (2.2), and so are others that
    cannot be read: nobody learns which it was."""
    done: set[str] = set()
    selected = session.selected
    if selected is not None and SELECTED in sources:
        done.add(selected.mailbox.guid)
        yield selected
    for name in await call(mailboxes, session.account, sources):
        try:
            mailbox = await call(session.account.mailbox, name)
        except (NoSuchMailbox, NotSelectable, NotPermitted, InvalidName):
            continue
        if mailbox.guid in done:
            continue
        done.add(mailbox.guid)
        if selected is not None and selected.mailbox is mailbox:
            yield selected
        else:
            yield _view(session, mailbox)


def _view(session: Session, mailbox: Mailbox) -> View:
    """A mailbox that is only looked into: nothing in it is any less \\Recent for that."""
    view = View(mailbox, read_only=True)
    if not session.rev2:
        view.add_recent(mailbox.recent_floor)
    return view


async def _search(session: Session, view: View, returns: Returns, program: Program) -> bool:
    """Answers if there is something: "An ESEARCH response MUST NOT be returned for mailboxes that contain no matching
    messages" (2.1). Whether messages were gone."""
    selected = view is session.selected
    session.expect(view.count)
    found = await evaluate(view, session.saved if selected else (), program, advance=session.advance)
    results = Results(found.rows, found.matches, by_uid=True)
    mailbox = view.mailbox
    correlator = b"TAG %s MAILBOX %s UIDVALIDITY %d" % (
        render.quoted(session.tag),
        render.mailbox(mailbox.name, utf8=session.utf8),
        mailbox.uidvalidity,
    )
    if found.matches:
        await report(session, returns, program, results, correlator)
    elif b"SAVE" in returns:
        session.saved = []
    if b"UPDATE" in returns and selected:  # "it MUST apply only to the currently selected mailbox" (2.2)
        await keep_up(session, returns, program, found, results, correlator)
    return found.missing
