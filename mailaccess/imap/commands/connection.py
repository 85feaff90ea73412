"""CAPABILITY, NOOP, CHECK, LOGOUT, ID: what concerns the connection and no mailbox in particular."""

from importlib.metadata import version

from mailaccess.imap import render
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import ANY, SELECTED, command, feature
from mailaccess.imap.session import Session

IDENTITY = b'("name" "mailaccess" "version" %s)' % render.string(version("mailaccess").encode())
MAX_ID_PAIRS = 30

feature(b"LITERAL+", rfc=7888, announce=ANY)  # imap.framing


@command(b"CAPABILITY", when=ANY)
async def capability(session: Session) -> None:
    """RFC 3501 6.1.1"""
    session.untagged(b"CAPABILITY " + session.capabilities())


@command(b"NOOP", when=ANY)
async def noop(session: Session) -> None:
    """RFC 3501 6.1.2. The update that follows every command is all it is for."""


@command(b"CHECK", when=SELECTED)
async def check(session: Session) -> None:
    """RFC 3501 6.4.1. Nothing acknowledged waits for a checkpoint here."""


@command(b"LOGOUT", when=ANY)
async def logout(session: Session) -> None:
    """RFC 3501 6.1.3"""
    session.unselect()
    session.untagged(b"BYE Logging out")
    session.ended = True


def parse_id(cursor: Cursor) -> tuple[list[tuple[bytes, bytes | None]]]:
    """id = "ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)"""
    pairs: list[tuple[bytes, bytes | None]] = []
    if cursor.skip(b"NIL"):
        cursor.end()
        return (pairs,)
    cursor.expect(b"(")
    while not cursor.skip(b")"):
        if pairs:
            cursor.sp()
        name = cursor.string()
        cursor.sp()
        pairs.append((name, cursor.nstring()))
        if len(pairs) > MAX_ID_PAIRS:
            raise Bad(f"An ID has at most {MAX_ID_PAIRS} fields")
    cursor.end()
    return (pairs,)


@command(b"ID", when=ANY, parse=parse_id, capability=b"ID", announce=ANY, rfc=2971)
async def identify(session: Session, pairs: list[tuple[bytes, bytes | None]]) -> None:
    """RFC 2971. What the client says of itself changes nothing: "MUST NOT" (section 3)."""
    session.untagged(b"ID " + IDENTITY)
