"""CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE: the tree of mailboxes."""

from mailaccess.imap import objectid, render, respelling
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.session import Session
from mailaccess.storage.special_uses import spelled
from mailaccess.wire.traps import call

MAX_USES = 100
"""That one command may name."""

feature(b"CREATE-SPECIAL-USE", rfc=6154)


def parse_mailbox(cursor: Cursor) -> tuple[str]:
    """SP mailbox"""
    name = cursor.mailbox()
    cursor.end()
    return (name,)


def parse_create(cursor: Cursor) -> tuple[str, frozenset[str]]:
    """create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]   (RFC 6154 section 6)"""
    name = cursor.new_mailbox()
    uses: list[str] = []
    if not cursor.at_end():
        cursor.sp()
        cursor.expect(b"(")
        cursor.expect(b"USE")
        cursor.sp()
        cursor.expect(b"(")
        for _ in () if cursor.skip(b")") else cursor.members(MAX_USES, "special uses"):
            cursor.expect(b"\\")
            uses.append("\\" + cursor.atom("a special use").decode("ascii", "replace"))
        cursor.expect(b")")
        cursor.end()
    return name, frozenset(uses)


@command(b"CREATE", when=AUTHENTICATED, parse=parse_create, rfc=(3501, 6154))
async def create(session: Session, name: str, uses: frozenset[str]) -> bytes:
    """RFC 3501 6.3.3. A trailing separator declares that names will be created under this one; it is not part of it."""
    bare = name.removesuffix("/")
    await call(session.account.create, bare, spelled(uses))
    await respelling.tell_respelled(session, name)
    guid = await call(session.account.guid, bare)
    return b"[MAILBOXID (%s)] CREATE completed" % objectid.mailboxid(guid)  # RFC 8474 4.1


@command(b"DELETE", when=AUTHENTICATED, parse=parse_mailbox)
async def delete(session: Session, name: str) -> None:
    """RFC 3501 6.3.4. If it is the selected one, it is left."""
    await call(session.account.delete, name)
    if session.selected is not None and session.selected.mailbox.name == name:
        session.unselect()
    respelling.tell_deleted(session, name)


def parse_rename(cursor: Cursor) -> tuple[str, str]:
    """rename = "RENAME" SP mailbox SP mailbox"""
    old = cursor.mailbox()
    cursor.sp()
    new = cursor.new_mailbox()
    cursor.end()
    return old, new


@command(b"RENAME", when=AUTHENTICATED, parse=parse_rename)
async def rename(session: Session, old: str, new: str) -> None:
    """RFC 3501 6.3.5"""
    await call(session.account.rename, old, new.removesuffix("/"))
    await respelling.tell_renamed(session, old, new)


@command(b"SUBSCRIBE", when=AUTHENTICATED, parse=parse_mailbox)
async def subscribe(session: Session, name: str) -> None:
    """RFC 3501 6.3.6. A name that does not exist may be subscribed: "A server MAY validate", and Outlook does so."""
    await call(session.account.subscribe, name.removesuffix("/"))


@command(b"UNSUBSCRIBE", when=AUTHENTICATED, parse=parse_mailbox)
async def unsubscribe(session: Session, name: str) -> None:
    """RFC 3501 6.3.7"""
    await call(session.account.unsubscribe, name.removesuffix("/"))


@command(b"NAMESPACE", when=AUTHENTICATED, capability=b"NAMESPACE", rfc=2342)
async def namespace(session: Session) -> None:
    """RFC 2342: the user's own mailboxes without a prefix; what others share below theirs, if sharing is on."""
    prefixes = (session.account.others, session.account.public)
    others, public = (
        b"NIL" if prefix is None else b'((%s "/"))' % render.mailbox(prefix, utf8=session.utf8) for prefix in prefixes
    )
    session.untagged(b'NAMESPACE (("" "/")) %s %s' % (others, public))
