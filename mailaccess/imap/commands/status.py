"""STATUS: facts of a mailbox that need not be selected."""

from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.session import Session
from mailaccess.imap.status_items import parse_items, render_status
from mailaccess.wire.traps import call

feature(b"STATUS=SIZE", rfc=8438)


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
    size = b"SIZE" in items
    values = session.account.status_at_hand(name, size=size)
    if values is None:
        values = await call(session.account.status, name, size=size)
    session.write(render_status(session, name, values, tuple(items)))
