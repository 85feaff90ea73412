"""Annotations of mailboxes and of the account: their names, which a user sees, and how they are told (RFC 5464)."""

import re
from collections.abc import Iterable

from mailaccess.imap import render
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.session import Session
from mailaccess.storage.account import MailboxEntry
from mailaccess.storage.errors import StorageError
from mailaccess.storage.metadata import SHARED
from mailaccess.wire.traps import call

MAX_NAMES = 100
"""Entries that one command may name."""
LONGEST_NAME = 1024

SPECIAL_USE = b"/private/specialuse"
"""Of a mailbox: what CREATE's USE sets, and LIST shows (RFC 6154 section 4)."""
ADMIN = b"/shared/admin"
"""Of the server: how to reach the administrator (RFC 5464 6.2.2); the configuration says so."""

SCOPES = (b"private", b"shared")

Uses = frozenset[str]

_ENTRY = re.compile(rb"(?:/[^/\x00-\x1f*%\x7f-\xff]+)+", re.DOTALL)


def parse_names(cursor: Cursor) -> list[bytes]:
    """entries = entry / "(" entry *(SP entry) ")"; as in the RFC's examples, a list may lack its parentheses."""
    several = cursor.skip(b"(")
    names = [parse_entry(cursor)]
    while not (several and cursor.skip(b")")) and not (not several and cursor.at_end()):
        cursor.sp()
        names.append(parse_entry(cursor))
        if len(names) > MAX_NAMES:
            raise Bad(f"At most {MAX_NAMES} entries can be named at once")
    return names


def parse_entry(cursor: Cursor) -> bytes:
    name = cursor.astring("the name of an entry")
    if not _ENTRY.fullmatch(name) or len(name) > LONGEST_NAME:
        raise Bad("The name of an entry is /private/... or /shared/..., in ASCII, without '*', '%' and '//'")
    if not name.lower().startswith((b"/private", b"/shared")) or name.lower().split(b"/")[1] not in SCOPES:
        raise Bad("The name of an entry begins with /private or /shared")
    return name


def find(
    session: Session, mailbox: str | None, names: Iterable[bytes], depth: float = 0, uses: Uses | None = None
) -> list[tuple[bytes, bytes | None]]:
    """Names and values. An entry that is named and has no value is there with None."""
    known = _known(session, mailbox, uses)
    found: dict[bytes, tuple[bytes, bytes | None]] = {}
    for name in names:
        lowered = name.lower()
        below = [
            each for each in known if each.startswith(lowered + b"/") and each[len(lowered) :].count(b"/") <= depth
        ]
        if lowered in known or not depth:
            found.setdefault(lowered, (name, known.get(lowered, (name, None))[1]))
        for each in sorted(below):
            found.setdefault(each, known[each])
    return list(found.values())


def _known(session: Session, mailbox: str | None, uses: Uses | None) -> dict[bytes, tuple[bytes, bytes]]:
    """All entries that the user sees at a place: in lower case -> as spelled, and value.

    `uses` are the mailbox's special uses, if they are known: to find them, all mailboxes are gone through.
    """
    annotations = session.account.annotations(mailbox)
    known: dict[bytes, tuple[bytes, bytes]] = {}
    for scope, owner in owners(session).items():
        for path, value in annotations.entries(owner).items():
            name = b"/" + scope + path.encode("ascii")
            known[name.lower()] = name, value
    if mailbox is None and session.settings.admin:
        known[ADMIN] = ADMIN, session.settings.admin.encode()
    if mailbox is not None:
        if uses is None:
            entries = session.account.mailboxes(foreign=session.account.reaches_others(mailbox))
            uses = next((entry.special_use for entry in entries if entry.name == mailbox), frozenset())
        if uses:
            known[SPECIAL_USE] = SPECIAL_USE, " ".join(sorted(uses)).encode()
    return known


def owners(session: Session) -> dict[bytes, str]:
    """By scope, whose entries are meant."""
    assert session.identity is not None
    return {b"private": session.identity.user, b"shared": SHARED}


async def for_list(session: Session, entry: MailboxEntry, names: tuple[bytes, ...]) -> bytes:
    """The METADATA response behind a LIST response; none if the mailbox cannot be looked at right now (RFC 9590)."""
    try:
        found = await call(find, session, entry.name, names, uses=entry.special_use)
    except StorageError:
        return b""
    return response(session, entry.name, found)


def response(session: Session, mailbox: str | None, values: Iterable[tuple[bytes, bytes | None]]) -> bytes:
    """metadata-resp = "METADATA" SP mailbox SP entry-values"""
    listed = b" ".join(b"%s %s" % (render.astring(name), _value(value)) for name, value in values)
    return b"* METADATA %s (%s)\r\n" % (rendered_place(session, mailbox), listed)


def _value(value: bytes | None) -> bytes:
    """value = nstring / literal8"""
    if value is not None and b"\0" in value:
        return b"~{%d}\r\n%s" % (len(value), value)
    return render.nstring(value)


def rendered_place(session: Session, mailbox: str | None) -> bytes:
    return b'""' if mailbox is None else render.mailbox(mailbox, utf8=session.utf8)
