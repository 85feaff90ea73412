"""CONTEXT=SEARCH and CONTEXT=SORT (RFC 5267): results that are kept up to date, until the client has enough of them.

What UPDATE does stands in `imap.contexts`; `imap.finding` begins it.
"""

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import SELECTED, command
from mailaccess.imap.session import Session

MAX_TAGS = 1_000


def parse_cancel(cursor: Cursor) -> tuple[list[bytes]]:
    """ "CANCELUPDATE" 1*(SP quoted)"""
    return ([cursor.quoted() for _ in cursor.words(MAX_TAGS, "searches")],)


@command(b"CANCELUPDATE", when=SELECTED, parse=parse_cancel, capability=(b"CONTEXT=SEARCH", b"CONTEXT=SORT"), rfc=5267)
async def cancelupdate(session: Session, tags: list[bytes]) -> None:
    """RFC 5267 4.3.5"""
    followers = session.view.followers
    unknown = [tag for tag in tags if followers.pop(tag, None) is None]
    if unknown:
        raise Bad(f"No search with the tag {unknown[0].decode('latin-1')} is kept up to date")
