"""GETMETADATA and SETMETADATA: annotations of mailboxes and of the account (RFC 5464), and in a LIST (RFC 9590)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from mailaccess.imap import (
    keys,  # noqa: F401 - fills the table of search keys
    render,
)
from mailaccess.imap.commands.mailboxes import SPECIAL_USES
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Terms
from mailaccess.imap.registry import AUTHENTICATED, command, enables, feature
from mailaccess.imap.session import Session
from mailaccess.storage.access import Access
from mailaccess.storage.account import MailboxEntry
from mailaccess.storage.errors import StorageError
from mailaccess.storage.metadata import MAX_VALUE, SHARED, Owned
from mailaccess.wire.traps import call

MAX_NAMES = 100
"""Entries that one command may name."""
LONGEST_NAME = 1024

SPECIAL_USE = b"/private/specialuse"
"""Of a mailbox: what CREATE's USE sets, and LIST shows (RFC 6154 section 4)."""
ADMIN = b"/shared/admin"
"""Of the server: how to reach the administrator (RFC 5464 6.2.2); the configuration says so."""

CAPABILITIES = (b"METADATA", b"METADATA-SERVER")
feature(b"LIST-METADATA", rfc=9590)  # commands.listing

SCOPES = (b"private", b"shared")

Uses = frozenset[str]

_ENTRY = re.compile(rb"(?:/[^/\x00-\x1f*%\x7f-\xff]+)+", re.DOTALL)
FILTERS = "/filters/values/"
"""Of the server, private or shared: named searches (RFC 5466 3.2)."""

_DEPTHS = {b"0": 0, b"1": 1, b"INFINITY": inf}


@dataclass(frozen=True, slots=True)
class Get:
    """`mailbox` is None for the server. Sizes in octets."""

    mailbox: str | None
    names: list[bytes]
    depth: float = 0
    max_size: float = inf


def parse_get(cursor: Cursor) -> tuple[Get]:
    """getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries

    The RFC's examples have the options behind the mailbox; both are taken.
    """
    options = _options(cursor) if cursor.peek() == b"(" else None
    mailbox = parse_place(cursor)
    cursor.sp()
    if options is None and cursor.peek() == b"(" and not cursor.data.startswith((b"(/", b'("', b"({"), cursor.pos):
        options = _options(cursor)
    names = parse_names(cursor)
    cursor.end()
    depth, max_size = options or (0, inf)
    return (Get(mailbox, names, depth, max_size),)


def parse_place(cursor: Cursor) -> str | None:
    """A mailbox's name, or the empty string for the server."""
    raw = cursor.astring("a mailbox name or an empty string")
    return cursor.mailbox_name(raw) if raw else None


def _options(cursor: Cursor) -> tuple[float, float]:
    """getmetadata-options = "(" getmetadata-option *(SP getmetadata-option) ")" SP: depth and largest size"""
    depth, max_size = 0.0, inf
    cursor.expect(b"(")
    while True:
        option = cursor.word("DEPTH or MAXSIZE")
        cursor.sp()
        if option == b"MAXSIZE":
            max_size = cursor.number()
        elif option == b"DEPTH":
            word = cursor.word("0, 1 or infinity")
            if word not in _DEPTHS:
                raise Bad("Expected a depth of 0, 1 or infinity")
            depth = _DEPTHS[word]
        else:
            raise Bad("Expected DEPTH or MAXSIZE")
        if cursor.skip(b")"):
            break
        cursor.sp()
    cursor.sp()
    return depth, max_size


def parse_names(cursor: Cursor) -> list[bytes]:
    """entries = entry / "(" entry *(SP entry) ")"; as in the RFC's examples, a list may lack its parentheses."""
    several = cursor.skip(b"(")
    names = [_entry(cursor)]
    while not (several and cursor.skip(b")")) and not (not several and cursor.at_end()):
        cursor.sp()
        names.append(_entry(cursor))
        if len(names) > MAX_NAMES:
            raise Bad(f"At most {MAX_NAMES} entries can be named at once")
    return names


def _entry(cursor: Cursor) -> bytes:
    name = cursor.astring("the name of an entry")
    if not _ENTRY.fullmatch(name) or len(name) > LONGEST_NAME:
        raise Bad("The name of an entry is /private/... or /shared/..., in ASCII, without '*', '%' and '//'")
    if not name.lower().startswith((b"/private", b"/shared")) or name.lower().split(b"/")[1] not in SCOPES:
        raise Bad("The name of an entry begins with /private or /shared")
    return name


@command(b"GETMETADATA", when=AUTHENTICATED, parse=parse_get, capability=CAPABILITIES, rfc=5464)
async def getmetadata(session: Session, wanted: Get) -> bytes | None:
    """RFC 5464 4.2"""
    found = await call(_find, session, wanted.mailbox, wanted.names, wanted.depth)
    small = [(name, value) for name, value in found if value is None or len(value) <= wanted.max_size]
    if small:
        session.write(response(session, wanted.mailbox, small))
    longest = max((len(value) for _, value in found if value is not None), default=0)
    if longest > wanted.max_size:
        return b"[METADATA LONGENTRIES %d] GETMETADATA completed" % longest
    return None


def _find(
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
        found = await call(_find, session, entry.name, names, uses=entry.special_use)
    except StorageError:
        return b""
    return response(session, entry.name, found)


def response(session: Session, mailbox: str | None, values: Iterable[tuple[bytes, bytes | None]]) -> bytes:
    """metadata-resp = "METADATA" SP mailbox SP entry-values"""
    listed = b" ".join(b"%s %s" % (render.astring(name), _value(value)) for name, value in values)
    return b"* METADATA %s (%s)\r\n" % (_place(session, mailbox), listed)


def _value(value: bytes | None) -> bytes:
    """value = nstring / literal8"""
    if value is not None and b"\0" in value:
        return b"~{%d}\r\n%s" % (len(value), value)
    return render.nstring(value)


def _place(session: Session, mailbox: str | None) -> bytes:
    return b'""' if mailbox is None else render.mailbox(mailbox, utf8=session.utf8)


def parse_set(cursor: Cursor) -> tuple[str | None, dict[bytes, bytes | None]]:
    """setmetadata = "SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")" """
    mailbox = parse_place(cursor)
    cursor.sp()
    cursor.expect(b"(")
    values: dict[bytes, bytes | None] = {}
    while True:
        name = _entry(cursor)
        parts = name.lower().split(b"/")[1:]
        if len(parts) < (4 if parts[1:2] == [b"vendor"] else 2):
            raise Bad("The name of an entry has two parts at least, and four below /private/vendor and /shared/vendor")
        cursor.sp()
        values[name] = None if cursor.skip(b"NIL") else cursor.string(binary=True)
        if len(values) > MAX_NAMES:
            raise Bad(f"At most {MAX_NAMES} entries can be set at once")
        if cursor.skip(b")"):
            break
        cursor.sp()
    cursor.end()
    return mailbox, values


@command(b"SETMETADATA", when=AUTHENTICATED, parse=parse_set, capability=CAPABILITIES, rfc=5464)
async def setmetadata(session: Session, mailbox: str | None, values: dict[bytes, bytes | None]) -> None:
    """RFC 5464 4.3. All entries or none."""
    if any(value is not None and len(value) > MAX_VALUE for value in values.values()):
        raise No(f"A value may have {MAX_VALUE} octets", b"METADATA MAXSIZE %d" % MAX_VALUE)
    if mailbox is None and any(name.lower() == ADMIN for name in values):
        raise No("This entry is the administrator's", b"NOPERM")
    await call(_set, session, mailbox, values)
    for watcher in session.watchers:
        if isinstance(watcher, Watcher):
            await watcher.look()


def _set(session: Session, mailbox: str | None, values: dict[bytes, bytes | None]) -> None:
    annotations = session.account.annotations(mailbox)
    changes: dict[str, dict[str, bytes | None]] = {}
    uses: frozenset[str] | None = None
    for name, value in values.items():
        if mailbox is not None and name.lower() == SPECIAL_USE:
            uses = _special_uses(value)
            continue
        scope, _, path = name[1:].partition(b"/")
        if mailbox is None:
            _check_filter(b"/" + path, value)
        changes.setdefault(owners(session)[scope.lower()], {})["/" + path.decode("ascii")] = value
    if changes:
        annotations.change(changes)
    if mailbox is not None and uses is not None:
        session.account.set_special_use(mailbox, uses)


def _special_uses(value: bytes | None) -> frozenset[str]:
    known = {use.upper(): use for use in SPECIAL_USES}
    wanted = (value or b"").decode("ascii", "replace").upper().split()
    if not all(use in known for use in wanted):
        raise No("That is not a special use this server knows", b"USEATTR")
    return frozenset(known[use] for use in wanted)


def filters(account: Access, owners: Mapping[bytes, str]) -> dict[bytes, bytes]:
    """Blocking: stored search criteria by name in lower case, "private" ones before "public" ones (RFC 5466 1)."""
    annotations = account.annotations(None)
    return {
        path[len(FILTERS) :].encode("ascii").lower(): value
        for scope in (b"shared", b"private")
        for path, value in annotations.entries(owners[scope]).items()
        if path.lower().startswith(FILTERS)
    }


def _check_filter(path: bytes, value: bytes | None) -> None:
    """ "The server SHOULD verify that each search criterion stored in such a server entry is a full and correct search
    criterion" (RFC 5466 3.2); also when it is referred to, as it may have got there in another way."""
    if value is None or not path.lower().startswith(FILTERS.encode()):
        return
    try:
        Terms(Cursor(value, utf8=True)).program()
    except Bad as bad:
        raise No(f"That is not what SEARCH can be asked: {bad}") from None


class Watcher:
    """Tells what others changed, by names alone (RFC 5464 4.4.2)."""

    def __init__(self, session: Session, known: dict[str, Owned]) -> None:
        self._session = session
        self._known = known
        self._stamp = session.account.metadata.stamp()

    async def __call__(self) -> None:
        """After each command: a stat call, unless something changed."""
        if self._session.account.metadata.stamp() == self._stamp:
            return
        before = self._known
        await self.look()
        if self._session.notifier is not None:
            return  # which tells what the client has asked for by NOTIFY
        for mailbox in sorted({*before, *self._known}):
            names = differing(self._session, before.get(mailbox, {}), self._known.get(mailbox, {}))
            if mailbox in self._known or await call(self._is_there, mailbox):
                tell_changed(self._session, mailbox, names)

    def _is_there(self, mailbox: str) -> bool:
        """It has no annotations any more, and perhaps because it has been deleted or renamed."""
        try:
            return not mailbox or bool(self._session.account.guid(mailbox))
        except StorageError:
            return False

    async def look(self) -> None:
        """Takes things as they are for known."""
        account = self._session.account
        self._stamp = account.metadata.stamp()
        self._known = await call(account.annotated)


def differing(session: Session, before: Owned, now: Owned) -> list[bytes]:
    """The names of entries that the user sees and that differ."""
    return [
        b"/" + scope + name.encode("ascii")
        for scope, owner in owners(session).items()
        for name in sorted({*before.get(owner, {}), *now.get(owner, {})})
        if before.get(owner, {}).get(name) != now.get(owner, {}).get(name)
    ]


def tell_changed(session: Session, mailbox: str, names: Iterable[bytes]) -> None:
    """An unsolicited METADATA response, if there are any names (RFC 5464 4.4.2); "" is the server."""
    listed = b" ".join(map(render.astring, names))
    if listed:
        session.untagged(b"METADATA %s %s" % (_place(session, mailbox or None), listed))


async def watch(session: Session) -> None:
    """ "servers MUST only send unsolicited responses if the client used the ENABLE command" (4.1)"""
    if not any(isinstance(watcher, Watcher) for watcher in session.watchers):
        session.watchers.append(Watcher(session, await call(session.account.annotated)))


enables(b"METADATA", then=watch)
enables(b"METADATA-SERVER", then=watch)
