"""LIST responses: what is told of a name (RFC 3501 7.2.2, RFC 5258), asked for or not (RFC 5465, RFC 9051)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailaccess.imap import render
from mailaccess.imap.session import Session
from mailaccess.storage.account import MailboxEntry
from mailaccess.wire.traps import call


@dataclass(slots=True)
class Listed:
    """One line."""

    name: str
    entry: MailboxEntry | None  # None: no such mailbox, though it is subscribed or has children
    subscribed: bool
    has_children: bool
    selected: bool = True  # by itself, not only for its children's sake
    child_matched: bool = False  # CHILDINFO (RFC 5258 3.5)

    @property
    def exists(self) -> bool:
        return self.entry is not None and self.entry.selectable

    @property
    def has_status(self) -> bool:
        """Of one that is listed only for its children's sake, or is no mailbox, nothing more is told (RFC 5819 3)."""
        return self.selected and self.exists

    def attributes(self, absent: list[bytes], *, subscribed: bool = False) -> list[bytes]:
        """`absent` for one that is no mailbox; with `subscribed`, whether it is that, too."""
        attributes: list[bytes] = []
        if not self.exists:
            attributes += absent
        if subscribed and self.subscribed:
            attributes.append(b"\\Subscribed")
        attributes.append(b"\\HasChildren" if self.has_children else b"\\HasNoChildren")
        if self.entry is not None and self.entry.special_use:
            attributes += sorted(use.encode() for use in self.entry.special_use)
        return attributes


def absent(session: Session, *, extended: bool) -> list[bytes]:
    """How a name without a mailbox is marked."""
    if not extended:
        return [b"\\Noselect"]
    # Clients that have not heard of \NonExistent understand \Noselect (RFC 5258: the one implies the other). But "only
    # one per LIST response" is in the grammar of RFC 9051.
    return [b"\\NonExistent"] if session.rev2 else [b"\\NonExistent", b"\\Noselect"]


def response(session: Session, name: str, attributes: Iterable[bytes]) -> bytes:
    """mailbox-list"""
    return b'LIST (%s) "/" %s' % (b" ".join(attributes), render.mailbox(name, utf8=session.utf8))


async def mailbox_response(session: Session, name: str, supplied: str = "") -> bytes:
    """A LIST response for a mailbox that is there; with OLDNAME where the client supplied another name for it."""
    account = session.account
    found = await call(account.mailboxes, foreign=account.reaches_others(name))
    entries = {entry.name: entry for entry in found}
    has_children = any(other.startswith(name + "/") for other in entries)
    # It may be open and yet not be listed: to look it up is a right of its own (RFC 4314).
    line = Listed(name, entries.get(name) or MailboxEntry(name), False, has_children)
    return name_response(session, name, line.attributes([]), supplied)


def change_response(
    session: Session, name: str, entries: Mapping[str, MailboxEntry], *, subscribed: bool, access: bool, old: str = ""
) -> bytes:
    """A LIST response for a name of which there is news, as it is now (RFC 5465 5.4, 5.5 and 5.9)."""
    has_children = any(other.startswith(name + "/") for other in entries)
    line = Listed(name, entries.get(name), subscribed, has_children)
    attributes = line.attributes(absent(session, extended=True), subscribed=True)
    return name_response(session, name, attributes if access else [b"\\NoAccess", *attributes], old)


def name_response(session: Session, name: str, attributes: Iterable[bytes], supplied: str) -> bytes:
    """A LIST response that nobody asked for (RFC 9051 6.3.9.7)."""
    old = b' ("OLDNAME" (%s))' % render.mailbox(supplied, utf8=session.utf8) if supplied else b""
    return response(session, name, attributes) + old
