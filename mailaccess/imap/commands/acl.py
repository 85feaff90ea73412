"""SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314), and MYRIGHTS in LIST (RFC 8440)."""

from mailaccess.auth.saslprep import saslprep
from mailaccess.imap import render
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.myrights import response
from mailaccess.imap.permissions import rendered
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.session import Session
from mailaccess.storage import acl, rights
from mailaccess.storage.acl import USER, Who
from mailaccess.storage.rights import UnknownRight
from mailaccess.wire.traps import call

feature(b"RIGHTS=" + rights.NEW.encode(), rfc=4314)
feature(b"LIST-MYRIGHTS", rfc=8440)  # commands.listing


def parse_mailbox(cursor: Cursor) -> tuple[str]:
    """getacl = "GETACL" SP mailbox, and so MYRIGHTS"""
    name = cursor.mailbox()
    cursor.end()
    return (name,)


def parse_identifier(cursor: Cursor) -> tuple[str, str]:
    """listrights = "LISTRIGHTS" SP mailbox SP identifier, and so DELETEACL"""
    name = cursor.mailbox()
    cursor.sp()
    identifier = _identifier(cursor)
    cursor.end()
    return name, identifier


def parse_setacl(cursor: Cursor) -> tuple[str, str, str]:
    """setacl = "SETACL" SP mailbox SP identifier SP mod-rights"""
    name = cursor.mailbox()
    cursor.sp()
    identifier = _identifier(cursor)
    cursor.sp()
    change = cursor.astring("rights").decode("utf-8", "replace")
    cursor.end()
    try:
        rights.modified(rights.NONE, change)
    except UnknownRight as unknown:
        raise Bad(f"Expected rights; {unknown}") from None
    return name, identifier, change


def _identifier(cursor: Cursor) -> str:
    """identifier = astring, in UTF-8, as the client wrote it. To prepare a long one would take long."""
    raw = cursor.astring("an identifier")
    if len(raw) > 4 * acl.LONGEST:
        raise Bad(f"An identifier has at most {acl.LONGEST} characters")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Bad("An identifier is written in UTF-8") from None


async def _who(session: Session, identifier: str) -> tuple[Who, bool]:
    """Whom an identifier means, and whether it is a negative one; of a user the name as it is stored.

    "If the preparation of the identifier fails or results in an empty string, the server MUST refuse to perform the
    command with a BAD response" (section 3).
    """
    try:
        who, negative = acl.from_identifier(saslprep(identifier))
    except ValueError as error:
        raise Bad(f"Expected an identifier: {error}") from None
    if who.kind == USER:
        who = Who(USER, await call(session.account.known_name, who.name))
    return who, negative


@command(b"SETACL", when=AUTHENTICATED, parse=parse_setacl, capability=b"ACL", rfc=4314)
async def setacl(session: Session, name: str, identifier: str, change: str) -> None:
    """RFC 4314 3.1"""
    who, negative = await _who(session, identifier)
    await call(lambda: session.account.change_acl(name, who, change, negative=negative))


@command(b"DELETEACL", when=AUTHENTICATED, parse=parse_identifier, capability=b"ACL", rfc=4314)
async def deleteacl(session: Session, name: str, identifier: str) -> None:
    """RFC 4314 3.2. What there is no entry for need not be removed."""
    who, negative = await _who(session, identifier)
    await call(lambda: session.account.change_acl(name, who, None, negative=negative))


@command(b"GETACL", when=AUTHENTICATED, parse=parse_mailbox, capability=b"ACL", rfc=4314)
async def getacl(session: Session, name: str) -> None:
    """RFC 4314 3.3"""
    found, owner = await call(session.account.acl, name)
    pairs = [b" %s %s" % (render.astring(who.encode()), rendered(granted)) for who, granted in acl.listed(found, owner)]
    session.untagged(b"ACL %s%s" % (render.mailbox(name, utf8=session.utf8), b"".join(pairs)))


@command(b"LISTRIGHTS", when=AUTHENTICATED, parse=parse_identifier, capability=b"ACL", rfc=4314)
async def listrights(session: Session, name: str, identifier: str) -> None:
    """RFC 4314 3.4. No rights are tied; the owner always has what it takes to give himself the others.

    The identifier is told "always ... as specified by the client".
    """
    who, negative = await _who(session, identifier)
    _, owner = await call(session.account.acl, name)
    always = rights.NONE if negative else acl.required(who, owner)
    optional = [letter for letter in rights.LETTERS if letter not in always]
    if negative:
        optional = [letter for letter in optional if letter not in acl.required(who, owner)]
    session.untagged(
        b"LISTRIGHTS %s %s %s %s"
        % (
            render.mailbox(name, utf8=session.utf8),
            render.astring(identifier.encode()),
            rights.letters(always).encode() or b'""',
            " ".join([*optional, *rights.VIRTUAL]).encode(),
        )
    )


@command(b"MYRIGHTS", when=AUTHENTICATED, parse=parse_mailbox, capability=b"ACL", rfc=4314)
async def myrights(session: Session, name: str) -> None:
    """RFC 4314 3.5"""
    session.write(await response(session, name))
