"""MYRIGHTS responses: what this user may do with a mailbox, asked for on its own or in a LIST (RFC 4314, RFC 8440)."""

from mailaccess.imap import render
from mailaccess.imap.permissions import rendered
from mailaccess.imap.session import Session
from mailaccess.storage.errors import StorageError
from mailaccess.wire.traps import call


async def response(session: Session, name: str) -> bytes:
    """RFC 4314 3.8"""
    granted = await call(session.account.rights, name)
    return b"* MYRIGHTS %s %s\r\n" % (render.mailbox(name, utf8=session.utf8), rendered(granted))


async def for_list(session: Session, name: str) -> bytes:
    """The MYRIGHTS response behind a LIST response. "If the server is unable to look up the set of rights for a given
    mailbox, it does not send the MYRIGHTS reply" (RFC 8440 section 3)."""
    try:
        return await response(session, name)
    except StorageError:
        return b""
