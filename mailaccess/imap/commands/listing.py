"""LIST and LSUB, with their options (RFC 5258), special uses (RFC 6154) and STATUS (RFC 5819)."""

import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from mailaccess.imap import annotations, myrights, render
from mailaccess.imap.bounded import ALONE, LISTS, Bounded
from mailaccess.imap.errors import Bad
from mailaccess.imap.glob import matcher
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.listed import Listed, absent, response
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.session import Session
from mailaccess.imap.status_items import own_recent, parse_items, render_status
from mailaccess.storage.account import Account, MailboxEntry
from mailaccess.storage.errors import NoSuchMailbox, NotSelectable, StorageError
from mailaccess.storage.folders import parents
from mailaccess.storage.status import Status
from mailaccess.wire.traps import call, drained

feature(b"CHILDREN", rfc=3348)
feature(b"SPECIAL-USE", rfc=6154)
feature(b"LIST-STATUS", rfc=5819)

MAX_PATTERNS = 100
MAX_OPTIONS = 100


@dataclass(slots=True)
class ListArguments:
    """One LIST. Options are upper-case names; `status` and `metadata` hold the items and entries to add, if any."""

    patterns: list[str]
    select: frozenset[bytes] = frozenset()
    wanted: frozenset[bytes] = frozenset()
    status: tuple[bytes, ...] = ()
    metadata: tuple[bytes, ...] = ()
    extended: bool = False
    root: bool = False  # no names are wanted, only the hierarchy delimiter


_SELECTION = frozenset([b"SUBSCRIBED", b"REMOTE", b"RECURSIVEMATCH", b"SPECIAL-USE"])
_RETURN = frozenset([b"SUBSCRIBED", b"CHILDREN", b"SPECIAL-USE", b"STATUS", b"METADATA", b"MYRIGHTS"])


def parse_list(cursor: Cursor) -> tuple[ListArguments]:
    """list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]   (RFC 5258 section 6)"""
    select: frozenset[bytes] = frozenset()
    extended = False
    if cursor.skip(b"("):
        select = frozenset(_selection(cursor))
        extended = True
        cursor.sp()
        if b"RECURSIVEMATCH" in select and b"SUBSCRIBED" not in select:
            raise Bad("RECURSIVEMATCH needs SUBSCRIBED beside it")
    reference = cursor.list_mailbox()
    cursor.sp()
    several = cursor.skip(b"(")
    patterns = [cursor.list_mailbox()]
    while several and not cursor.skip(b")"):
        cursor.sp()
        patterns.append(cursor.list_mailbox())
        if len(patterns) > MAX_PATTERNS:
            raise Bad(f"At most {MAX_PATTERNS} patterns are taken")
    wanted: dict[bytes, list[bytes]] = {}
    extended = extended or several
    if not cursor.at_end():
        cursor.sp()
        cursor.expect(b"RETURN")
        cursor.sp()
        wanted = _return_options(cursor)
        extended = True
    cursor.end()
    return (
        ListArguments(
            _interpreted(cursor, reference, patterns),
            select,
            frozenset(wanted),
            tuple(wanted.get(b"STATUS", ())),
            tuple(wanted.get(b"METADATA", ())),
            extended,
            root=patterns == [b""] and not extended,
        ),
    )


def _selection(cursor: Cursor) -> Iterable[bytes]:
    for _ in () if cursor.skip(b")") else cursor.members(MAX_OPTIONS, "options"):
        option = cursor.word("a selection option")
        if option not in _SELECTION:
            raise Bad(f"There is no selection option {option.decode('ascii', 'replace')}")
        yield option


def _return_options(cursor: Cursor) -> dict[bytes, list[bytes]]:
    options: dict[bytes, list[bytes]] = {}
    cursor.expect(b"(")
    for _ in () if cursor.skip(b")") else cursor.members(MAX_OPTIONS, "options"):
        option = cursor.word("a return option")
        if option not in _RETURN:
            raise Bad(f"There is no return option {option.decode('ascii', 'replace')}")
        options[option] = []
        if option == b"STATUS":
            cursor.sp()
            options[option] = parse_items(cursor)
        elif option == b"METADATA":
            cursor.sp()
            options[option] = annotations.parse_names(cursor)
    return options


def _interpreted(cursor: Cursor, reference: bytes, patterns: Iterable[bytes]) -> list[str]:
    """The patterns in the context of the reference: it stands before them, and nothing breaks out of it.

    Empty ones are "ignored for the purpose of matching", and so is what can be no name: "it MUST silently ignore it"
    (RFC 5258 3).
    """
    found: list[str] = []
    for pattern in filter(None, patterns):
        with suppress(Bad):
            found.append(cursor.mailbox_name(reference + pattern))
    return found


class _Key(NamedTuple):
    """What is asked, and by whom."""

    account: weakref.ref[Account]
    patterns: tuple[str, ...]
    options: tuple[frozenset[bytes], frozenset[bytes], tuple[bytes, ...], bool]
    utf8: bool
    rev2: bool

    @classmethod
    def of(cls, session: Session, wanted: ListArguments) -> "_Key":
        options = wanted.select, wanted.wanted, wanted.status, wanted.extended
        return cls(weakref.ref(session.account.own), tuple(wanted.patterns), options, session.utf8, session.rev2)


class _Basis(NamedTuple):
    """What an answer is made of: of the same, it is the same again."""

    found: list[MailboxEntry]
    known: Mapping[str, Status]
    subscriptions: list[str]
    own_recent: tuple[str, int] | None


_TOLD: Bounded[_Key, tuple[_Basis, list[bytes]]] = Bounded(LISTS)
"""Answers, for clients that ask again and again whether there is new mail anywhere. For one thread."""
_ASKED_ANEW = frozenset([b"METADATA", b"MYRIGHTS"])
_AT_ONCE = 100  # lines of an answer in one piece
_EACH = 400  # octets of what the answer is made of, for each mailbox


@command(
    b"LIST",
    when=AUTHENTICATED,
    parse=parse_list,
    capability=b"LIST-EXTENDED",
    rfc=(3501, 5258),
)
async def list_(session: Session, wanted: ListArguments) -> None:
    """RFC 3501 6.3.8, RFC 5258"""
    if wanted.root:
        # "a special request to return the hierarchy delimiter and the root name"
        session.untagged(b'LIST (\\Noselect) "/" ""')
        return
    found, known = await _entries(session, wanted.patterns, wanted.status)
    subscriptions = await call(session.account.subscriptions)
    if b"HIGHESTMODSEQ" in wanted.status:
        session.enable(b"CONDSTORE")
    key = _Key.of(session, wanted)
    basis = _Basis(found, known, subscriptions, own_recent(session) if wanted.status else None)
    told = _TOLD.get(key)
    if told is not None and told[0] == basis:
        for piece in told[1]:
            session.write(piece)
            if session.channel.full:
                await drained()
        return
    entries = {entry.name: entry for entry in found}
    lines = _select(entries, set(subscriptions), wanted)
    lasting = not wanted.wanted & _ASKED_ANEW
    pieces: list[bytes] = []
    at_once = _AT_ONCE if lasting else 1  # annotations may be long
    for start in range(0, len(lines), at_once):
        part = lines[start : start + at_once]
        lasting = lasting and not any(line.has_status and line.name not in known for line in part if wanted.status)
        answer = await _answer(session, wanted, part, known)
        session.write(answer)
        pieces += [answer] if lasting else []
        if session.channel.full:
            await drained()
    if lasting:
        octets = ALONE + sum(map(len, [*pieces, *wanted.patterns])) + _EACH * len(found)
        _TOLD.put(key, (basis, pieces), octets)


async def _answer(
    session: Session, wanted: ListArguments, lines: Iterable[Listed], known: Mapping[str, Status]
) -> bytes:
    """The responses for these lines."""
    mark = absent(session, extended=wanted.extended)
    with_subscribed = b"SUBSCRIBED" in wanted.wanted | wanted.select
    pieces: list[bytes] = []
    for line in lines:
        with_status = wanted.status and line.has_status
        status = await _status(session, line, wanted.status, known.get(line.name)) if with_status else b""
        childinfo = b' ("CHILDINFO" ("SUBSCRIBED"))' if line.child_matched else b""
        listed = response(session, line.name, line.attributes(mark, subscribed=with_subscribed))
        pieces.append(b"* %b%b\r\n%b" % (listed, childinfo, status))
        if wanted.metadata and line.selected and line.entry is not None and line.exists:
            pieces.append(await annotations.for_list(session, line.entry, wanted.metadata))
        if b"MYRIGHTS" in wanted.wanted and line.selected and line.exists:
            pieces.append(await myrights.for_list(session, line.name))
    return b"".join(pieces)


async def _entries(
    session: Session, patterns: list[str], status: tuple[bytes, ...] = ()
) -> tuple[list[MailboxEntry], Mapping[str, Status]]:
    """The mailboxes that patterns can match: others' are looked for only if need be.

    And, where they can match many, what is to be told of those of which that is known; to ask for it takes the longer
    the more mailboxes there are.
    """
    account = session.account
    foreign = any(map(account.reaches_others, patterns))
    known: Mapping[str, Status] = {}
    if status and any("*" in pattern or "%" in pattern for pattern in patterns):
        found, known = await call(account.with_statuses, foreign=foreign, size=b"SIZE" in status)
    else:
        found = await call(account.mailboxes, foreign=foreign)
    return found, known


async def _status(session: Session, line: Listed, items: tuple[bytes, ...], values: Status | None) -> bytes:
    """The STATUS response that follows the line, if there can be one; of a mailbox of which it is not known yet.

    A mailbox that has gone meanwhile "MUST include the \\NoSelect attribute" and has no STATUS (RFC 5819 2); one that
    cannot be looked at right now has none either.
    """
    try:
        if values is None:
            values = await call(session.account.status, line.name, size=b"SIZE" in items)
    except (NoSuchMailbox, NotSelectable):
        line.entry = None
        return b""
    except StorageError:
        return b""
    return render_status(session, line.name, values, items)


def _select(entries: dict[str, MailboxEntry], subscribed: set[str], wanted: ListArguments) -> list[Listed]:
    """What the selection options and patterns choose, in the tree's order."""
    matches = matcher(wanted.patterns)
    above = {parent for name in entries for parent in parents(name)}
    candidates = _candidates(entries, subscribed, wanted.select)

    def listed(name: str, *, selected: bool) -> Listed:
        return Listed(name, entries.get(name), name in subscribed, name in above, selected)

    lines = {name: listed(name, selected=True) for name in candidates if matches(name)}
    if b"RECURSIVEMATCH" in wanted.select:
        for name in candidates:
            for parent in parents(name):
                # "SHOULD ONLY return a non-matching mailbox name along with CHILDINFO if at least one matching child is
                # not also being returned" (RFC 5258 3.5)
                if parent not in lines and matches(parent) and not matches(name):
                    lines[parent] = listed(parent, selected=False)
                if parent in lines:
                    lines[parent].child_matched = True
    if not wanted.select:
        return list(lines.values())
    order = {name: index for index, name in enumerate(entries)}
    return sorted(lines.values(), key=lambda line: (order.get(line.name, len(order)), line.name))


def _candidates(entries: dict[str, MailboxEntry], subscribed: set[str], select: frozenset[bytes]) -> list[str]:
    names = list(entries)
    if b"SUBSCRIBED" in select:
        names = sorted(subscribed)
    if b"SPECIAL-USE" in select:
        names = [name for name in names if name in entries and entries[name].special_use]
    return names


def parse_lsub(cursor: Cursor) -> tuple[list[str]]:
    """lsub = "LSUB" SP mailbox SP list-mailbox"""
    reference = cursor.list_mailbox()
    cursor.sp()
    pattern = cursor.list_mailbox()
    cursor.end()
    return (_interpreted(cursor, reference, [pattern]),)


@command(b"LSUB", when=AUTHENTICATED, parse=parse_lsub)
async def lsub(session: Session, patterns: list[str]) -> None:
    """RFC 3501 6.3.9. With `%`, a parent that is not subscribed stands, \\Noselect, for its subscribed children."""
    matches = matcher(patterns)
    parents_too = any(pattern.endswith("%") for pattern in patterns)
    entries = {entry.name: entry for entry in (await _entries(session, patterns))[0]}
    lines: dict[str, bool] = {}  # name -> stands for itself
    for name in sorted(await call(session.account.subscriptions)):
        if matches(name):
            lines[name] = True
        elif parents_too:
            for parent in parents(name):
                if matches(parent):
                    lines.setdefault(parent, False)
    for name, itself in lines.items():
        entry = entries.get(name)
        # Outlook 2013 looks for special uses here; \Noselect is also what Thunderbird needs on parents.
        attributes = sorted(use.encode() for use in entry.special_use) if entry else []
        if not itself or entry is None or not entry.selectable:
            attributes.insert(0, b"\\Noselect")
        rendered = render.mailbox(name, utf8=session.utf8)
        session.untagged(b'LSUB (%s) "/" %s' % (b" ".join(attributes), rendered))
