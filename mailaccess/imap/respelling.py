"""A mailbox that the client named otherwise than it is called here is answered with both names (RFC 9051)."""

from contextlib import suppress

from mailaccess.imap.grammar import Respelled
from mailaccess.imap.listed import mailbox_response, name_response
from mailaccess.imap.session import Session
from mailaccess.storage.errors import StorageError


async def selected(session: Session, name: str) -> bytes:
    """ "The server MUST return a LIST response with the mailbox name. The list of mailbox attributes MUST be accurate."
    (6.3.2)"""
    return await mailbox_response(session, name, _supplied(name))


async def tell_respelled(session: Session, name: str) -> None:
    """The mailbox that was made or written to under another spelling of its name (6.3.4, 6.3.12)."""
    if session.rev2 and isinstance(name, Respelled):
        await _tell(session, name.removesuffix("/"), name.supplied)


async def tell_renamed(session: Session, old: str, new: str) -> None:
    """ "If the normalized version of any of these 2 parameters differs" (6.3.6)"""
    if session.rev2 and (isinstance(old, Respelled) or isinstance(new, Respelled)):
        await _tell(session, new.removesuffix("/"), _supplied(old) or old)


def tell_deleted(session: Session, name: str) -> None:
    """ "an untagged LIST with the "\\NonExistent" attribute and OLDNAME" (6.3.5)"""
    if session.rev2 and isinstance(name, Respelled):
        session.untagged(name_response(session, name, [b"\\NonExistent"], name.supplied))


async def _tell(session: Session, name: str, supplied: str) -> None:
    with suppress(StorageError):  # what was asked for is done by now, and is not answered NO for this
        session.untagged(await mailbox_response(session, name, supplied))


def _supplied(name: str) -> str:
    return name.supplied if isinstance(name, Respelled) else ""
