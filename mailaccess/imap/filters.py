"""Named searches: they are annotations of the account (RFC 5466)."""

from mailaccess.imap import (
    keys,  # noqa: F401 - fills the table of search keys
)
from mailaccess.imap.annotations import owners
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Terms
from mailaccess.imap.session import Session

PREFIX = "/filters/values/"
"""Of the annotations that are such, private or shared (3.2)."""


def stored(session: Session) -> dict[bytes, bytes]:
    """Blocking: stored search criteria by name in lower case, "private" ones before "public" ones (RFC 5466 1)."""
    annotations, owner = session.account.annotations(None), owners(session)
    return {
        path[len(PREFIX) :].encode("ascii").lower(): value
        for scope in (b"shared", b"private")
        for path, value in annotations.entries(owner[scope]).items()
        if path.lower().startswith(PREFIX)
    }


def check(path: bytes, value: bytes | None) -> None:
    """ "The server SHOULD verify that each search criterion stored in such a server entry is a full and correct search
    criterion" (RFC 5466 3.2); also when it is referred to, as it may have got there in another way."""
    if value is None or not path.lower().startswith(PREFIX.encode()):
        return
    try:
        Terms(Cursor(value, utf8=True)).program()
    except Bad as bad:
        raise No(f"That is not what SEARCH can be asked: {bad}") from None
