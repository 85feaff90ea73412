"""STATUS: facts of a mailbox that need not be selected."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from mailaccess.imap import objectid, render
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.session import Session
from mailaccess.storage.status import Status
from mailaccess.wire.traps import call

ITEMS: dict[bytes, Callable[[Status], int | bytes]] = {
    b"MESSAGES": lambda status: status.messages,
    b"RECENT": lambda status: status.recent,
    b"UIDNEXT": lambda status: status.uidnext,
    b"UIDVALIDITY": lambda status: status.uidvalidity,
    b"UNSEEN": lambda status: status.unseen,
    b"DELETED": lambda status: status.deleted,  # RFC 9051, RFC 9208
    b"DELETED-STORAGE": lambda status: status.stored_deleted,  # RFC 9208, in octets
    b"SIZE": lambda status: status.size,  # RFC 8438
    b"HIGHESTMODSEQ": lambda status: status.highestmodseq,  # RFC 7162
    b"MAILBOXID": lambda status: objectid.mailboxid(status.guid),  # RFC 8474
}

feature(b"STATUS=SIZE", rfc=8438)


def parse_items(cursor: Cursor) -> list[bytes]:
    """ "(" status-att *(SP status-att) ")" """
    cursor.expect(b"(")
    items: dict[bytes, None] = {}  # in order; one asked for twice comes once
    while not cursor.skip(b")"):
        if items:
            cursor.sp()
        item = cursor.word("a status item")
        if item not in ITEMS and item != b"APPENDLIMIT":
            raise Bad(f"There is no status item {item.decode('ascii', 'replace')}")
        items[item] = None
    if not items:
        raise Bad("Expected a status item")
    return list(items)


def parse_status(cursor: Cursor) -> tuple[str, list[bytes]]:
    """status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")" """
    name = cursor.mailbox()
    cursor.sp()
    items = parse_items(cursor)
    cursor.end()
    return name, items


@command(b"STATUS", when=AUTHENTICATED, parse=parse_status, rfc=(3501, 8438))
async def status(session: Session, name: str, items: list[bytes]) -> None:
    """RFC 3501 6.3.10"""
    if b"HIGHESTMODSEQ" in items:
        session.enable(b"CONDSTORE")
    values = await call(session.account.status, name, size=b"SIZE" in items)
    session.write(render_status(session, name, values, tuple(items)))


def render_status(session: Session, name: str, values: Status, items: tuple[bytes, ...]) -> bytes:
    """The untagged STATUS response. What is \\Recent in this session has been taken from what is to others."""
    view = session.selected
    if view is not None and view.mailbox.name == name and not view.read_only:
        values = replace(values, recent=values.recent + view.recent)
    template, asked = _template(items, session.settings.max_append)
    return template % (render.mailbox(name, utf8=session.utf8), *[ask(values) for ask in asked])


@lru_cache(64)
def _template(items: tuple[bytes, ...], max_append: int) -> tuple[bytes, list[Callable[[Status], int | bytes]]]:
    """The response, but for the name and what these are to be asked."""
    shown: list[bytes] = []
    for item in items:
        form = b"%d" % max_append if item == b"APPENDLIMIT" else b"(%b)" if item == b"MAILBOXID" else b"%d"
        shown.append(item + b" " + form)
    return b"* STATUS %%b (%s)\r\n" % b" ".join(shown), [ITEMS[item] for item in items if item in ITEMS]
