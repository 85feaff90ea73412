"""SELECT, EXAMINE, CLOSE, UNSELECT: entering and leaving a mailbox, quickly again after a while (RFC 7162)."""

from dataclasses import dataclass

from mailaccess.imap import objectid, render, respelling
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import NumSet, resolve
from mailaccess.imap.numset import render as render_numbers
from mailaccess.imap.permissions import writes
from mailaccess.imap.registry import AUTHENTICATED, SELECTED, command, enables
from mailaccess.imap.session import Session, uid_required
from mailaccess.imap.urlauth import URLMECH
from mailaccess.imap.view import View
from mailaccess.storage.access import Access
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.rights import EXPUNGE
from mailaccess.wire.traps import call, compute_steps, drained

enables(b"CONDSTORE")
enables(b"QRESYNC", b"CONDSTORE")  # "ENABLE QRESYNC" implies CONDSTORE (RFC 7162 3.2.3)

_DESCRIBED = (
    b"* %d EXISTS\r\n%s%s"
    b"* OK [UIDVALIDITY %d] UIDs valid\r\n"
    b"* OK [MAILBOXID (%s)] Under any name\r\n"
    b"* OK [UIDNEXT %d] Predicted next UID\r\n"
    b"* OK [HIGHESTMODSEQ %d] Highest\r\n"
)


@dataclass(frozen=True, slots=True)
class Resync:
    """The QRESYNC parameter (RFC 7162 3.2.5): what the client remembers of the mailbox."""

    uidvalidity: int
    modseq: int
    known: NumSet | None  # UIDs
    numbers: NumSet  # a sample of sequence numbers ...
    uids: NumSet  # ... and their UIDs


@dataclass(frozen=True, slots=True)
class SelectParameters:
    condstore: bool = False
    resync: Resync | None = None


def parse_select(cursor: Cursor) -> tuple[str, SelectParameters]:
    """select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"]   (RFC 4466, RFC 7162)"""
    name = cursor.mailbox()
    condstore, resync = False, None
    if not cursor.at_end():
        cursor.sp()
        cursor.expect(b"(")
        while True:
            word = cursor.word("CONDSTORE or QRESYNC")
            if word == b"CONDSTORE":
                condstore = True
            elif word == b"QRESYNC":
                cursor.sp()
                resync = _parse_resync(cursor)
            else:
                raise Bad("Expected CONDSTORE or QRESYNC")
            if cursor.skip(b")"):
                break
            cursor.sp()
        cursor.end()
    return name, SelectParameters(condstore, resync)


def _parse_resync(cursor: Cursor) -> Resync:
    cursor.expect(b"(")
    uidvalidity = cursor.nz_number()
    cursor.sp()
    modseq = cursor.number64()
    known: NumSet | None = None
    numbers: NumSet = ()
    uids: NumSet = ()
    while cursor.skip(b" "):
        if cursor.skip(b"("):
            numbers = cursor.uid_set()
            cursor.sp()
            uids = cursor.uid_set()
            cursor.expect(b")")
            break
        if known is not None:
            raise cursor.bad("'(' or ')'")
        known = cursor.uid_set()
    cursor.expect(b")")
    return Resync(uidvalidity, modseq, known, numbers, uids)


@command(b"SELECT", when=AUTHENTICATED, parse=parse_select, capability=(b"CONDSTORE", b"QRESYNC"), rfc=(3501, 7162))
async def select(session: Session, name: str, parameters: SelectParameters) -> bytes:
    """RFC 3501 6.3.1"""
    view = await _open(session, name, parameters, read_only=False)
    return b"[READ-WRITE] SELECT completed" if writes(view.mailbox) else b"[READ-ONLY] SELECT completed"


@command(b"EXAMINE", when=AUTHENTICATED, parse=parse_select)
async def examine(session: Session, name: str, parameters: SelectParameters) -> bytes:
    """RFC 3501 6.3.2"""
    await _open(session, name, parameters, read_only=True)
    return b"[READ-ONLY] EXAMINE completed"


async def _open(session: Session, name: str, parameters: SelectParameters, *, read_only: bool) -> View:
    if parameters.resync is not None and not session.qresync:
        raise Bad("QRESYNC must be enabled first")
    if parameters.resync is not None and parameters.resync.numbers and session.uidonly:
        raise uid_required()
    if session.selected is not None:
        # "the currently selected mailbox is automatically deselected": also if the attempt fails
        session.unselect()
        # To all, "whether or not a CONDSTORE enabling command was issued" (RFC 7162 3.2.11)
        session.untagged(b"OK [CLOSED] Previous mailbox is closed")
    if parameters.condstore:
        session.enable(b"CONDSTORE")
    at_hand = session.account.at_hand(name)
    if at_hand is not None and (read_only or at_hand.is_claimed):
        mailbox, first_recent = at_hand, at_hand.recent_floor
    else:
        mailbox, first_recent = await call(_enter, session.account, name, read_only=read_only)
    view = View(mailbox, read_only=read_only)
    listed = await respelling.selected(session, name) if session.rev2 else b""
    session.select(view)
    unseen = 0
    if not session.rev2:
        view.add_recent(first_recent)
    if not session.rev2 and not session.uidonly:
        unseen = await compute_steps(view.generation.unseen_steps, _first_unseen, view)
    _describe(session, view, unseen)
    if listed:
        session.untagged(listed)
    if parameters.resync is not None:
        await _resynchronize(session, view, parameters.resync)
    return view


def _enter(account: Access, name: str, *, read_only: bool) -> tuple[Mailbox, int]:
    """The mailbox, and the first UID that is \\Recent to this session."""
    mailbox = account.selected(name)
    if read_only:
        return mailbox, mailbox.recent_floor
    first = mailbox.claim_early()
    return mailbox, mailbox.claim_recent() if first is None else first


def _first_unseen(view: View) -> int:
    """Its sequence number; 0 if there is none."""
    row = view.generation.first_unseen()
    return row + 1 if row < view.count else 0


def _describe(session: Session, view: View, unseen: int) -> None:
    mailbox = view.mailbox
    session.tell_keywords()
    recent = b"" if session.rev2 else b"* %d RECENT\r\n" % view.recent
    first_unseen = b"* OK [UNSEEN %d] First unseen message\r\n" % unseen if unseen else b""
    mailboxid = objectid.mailboxid(mailbox.guid)
    session.write(
        _DESCRIBED % (view.count, recent, first_unseen, mailbox.uidvalidity, mailboxid, mailbox.uidnext, view.highest)
    )
    peer = session.channel.peer
    private = session.settings.authenticator.plaintext_allowed(tls=peer.tls, loopback=peer.loopback)
    if private and b"URLAUTH" not in session.without:
        # Not returned "unless some mechanism is provided that protects the session from snooping" (RFC 4467 section 8)
        session.untagged(URLMECH)


async def _resynchronize(session: Session, view: View, resync: Resync) -> None:
    mailbox = view.mailbox
    if resync.uidvalidity != mailbox.uidvalidity:
        return
    if mailbox.is_opening:
        await call(mailbox.await_rows)
    last = mailbox.uidnext - 1
    known = [(1, last)] if resync.known is None else resolve(resync.known, last)
    if last < 1 or not known:
        return
    vanished = await call(_vanished, view, resync, known)
    if vanished:
        session.untagged(b"VANISHED (EARLIER) " + vanished)
    wanted = view.resolve(tuple(known), by_uid=True)
    wanted = await compute_steps(view.count, view.changed, wanted, resync.modseq)
    flags_fetch = session.flags_fetch()
    for number, uid, messages, row in view.pick(wanted):
        flags = render.flags(messages.flags[row], recent=view.is_recent(uid))
        session.write(flags_fetch(number, uid, flags, messages.modseqs[row]))
        if session.channel.full:
            await drained()


def _vanished(view: View, resync: Resync, known: list[tuple[int, int]]) -> bytes:
    """What the client knows that has been expunged since, as far as its sample does not show that it knows."""
    matched = _matched(view, resync)
    ranges = [range(max(low, matched + 1), high + 1) for low, high in known if high > matched]
    return render_numbers(view.vanished(resync.modseq, ranges))


def _matched(view: View, resync: Resync) -> int:
    """The highest UID up to which the client's numbering is ours: it knows of all expunges below (3.2.5.2)."""
    matched = 0
    uids = (uid for low, high in resync.uids for uid in range(low, high + 1))
    numbers = (number for low, high in resync.numbers for number in range(low, high + 1))
    for number, uid in zip(numbers, uids, strict=False):
        if number > view.count or view.uid(number) != uid:
            break
        matched = uid
    return matched


@command(b"CLOSE", when=SELECTED)
async def close(session: Session) -> None:
    """RFC 3501 6.4.2: expunges without a word, then leaves; a read-only mailbox is only left, as is one that the user
    has no right to expunge: "the server MUST ignore the expunge request" (RFC 4314 section 4)."""
    view = session.view
    if not view.read_only and EXPUNGE in view.mailbox.rights:
        await call(view.mailbox.expunge, None)
    session.unselect()


@command(b"UNSELECT", when=SELECTED, capability=b"UNSELECT", rfc=3691)
async def unselect(session: Session) -> None:
    """RFC 3691: leaves without expunging."""
    session.unselect()
