"""GETMETADATA and SETMETADATA: annotations of mailboxes and of the account (RFC 5464), and in a LIST (RFC 9590)."""

from dataclasses import dataclass
from math import inf

from mailaccess.imap import filters
from mailaccess.imap.annotation_news import Watcher, watch
from mailaccess.imap.annotations import ADMIN, MAX_NAMES, SPECIAL_USE, find, owners, parse_entry, parse_names, response
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import AUTHENTICATED, command, enables, feature
from mailaccess.imap.session import Session
from mailaccess.storage.metadata import MAX_VALUE
from mailaccess.storage.special_uses import spelled
from mailaccess.wire.traps import call

CAPABILITIES = (b"METADATA", b"METADATA-SERVER")
feature(b"LIST-METADATA", rfc=9590)  # commands.listing

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


@command(b"GETMETADATA", when=AUTHENTICATED, parse=parse_get, capability=CAPABILITIES, rfc=5464)
async def getmetadata(session: Session, wanted: Get) -> bytes | None:
    """RFC 5464 4.2"""
    found = await call(find, session, wanted.mailbox, wanted.names, wanted.depth)
    small = [(name, value) for name, value in found if value is None or len(value) <= wanted.max_size]
    if small:
        session.write(response(session, wanted.mailbox, small))
    longest = max((len(value) for _, value in found if value is not None), default=0)
    if longest > wanted.max_size:
        return b"[METADATA LONGENTRIES %d] GETMETADATA completed" % longest
    return None


def parse_set(cursor: Cursor) -> tuple[str | None, dict[bytes, bytes | None]]:
    """setmetadata = "SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")" """
    mailbox = parse_place(cursor)
    cursor.sp()
    cursor.expect(b"(")
    values: dict[bytes, bytes | None] = {}
    for _ in cursor.members(MAX_NAMES, "entries"):
        name = parse_entry(cursor)
        parts = name.lower().split(b"/")[1:]
        if len(parts) < (4 if parts[1:2] == [b"vendor"] else 2):
            raise Bad("The name of an entry has two parts at least, and four below /private/vendor and /shared/vendor")
        cursor.sp()
        values[name] = None if cursor.skip(b"NIL") else cursor.string(binary=True)
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
            uses = spelled((value or b"").decode("ascii", "replace").split())
            continue
        scope, _, path = name[1:].partition(b"/")
        if mailbox is None:
            filters.check(b"/" + path, value)
        changes.setdefault(owners(session)[scope.lower()], {})["/" + path.decode("ascii")] = value
    if changes:
        annotations.change(changes)
    if mailbox is not None and uses is not None:
        session.account.set_special_use(mailbox, uses)


enables(b"METADATA", then=watch)
enables(b"METADATA-SERVER", then=watch)
