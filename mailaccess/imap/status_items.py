"""What STATUS tells of a mailbox, on its own or in a LIST (RFC 5819): the table of items."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from mailaccess.imap import objectid, render
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.session import Session
from mailaccess.storage.status import Status

MAX_ITEMS = 100
"""That one command may name."""

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


def parse_items(cursor: Cursor) -> list[bytes]:
    """ "(" status-att *(SP status-att) ")" """
    cursor.expect(b"(")
    items: dict[bytes, None] = {}  # in order; one asked for twice comes once
    for _ in cursor.members(MAX_ITEMS, "status items"):
        item = cursor.word("a status item")
        if item not in ITEMS and item != b"APPENDLIMIT":
            raise Bad(f"There is no status item {item.decode('ascii', 'replace')}")
        items[item] = None
    return list(items)


def own_recent(session: Session) -> tuple[str, int] | None:
    """The mailbox of which the session has taken what is \\Recent, and how many that is."""
    view = session.selected
    return None if view is None or view.read_only else (view.mailbox.name, view.recent)


def render_status(session: Session, name: str, values: Status, items: tuple[bytes, ...]) -> bytes:
    """The untagged STATUS response, with the name as it was asked for, `Users/ann/inbox` too. What is \\Recent in this
    session has been taken from what is to others."""
    taken = own_recent(session)
    if taken is not None and taken[0] == name:
        values = replace(values, recent=values.recent + taken[1])
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
