"""What others changed in annotations is told to who asked for it by ENABLE or NOTIFY (RFC 5464 4.4.2, RFC 5465)."""

from collections.abc import Iterable

from mailaccess.imap import render
from mailaccess.imap.annotations import owners, rendered_place
from mailaccess.imap.session import Session
from mailaccess.storage.errors import StorageError
from mailaccess.storage.metadata import Owned
from mailaccess.wire.traps import call


class Watcher:
    """Tells what others changed, by names alone (RFC 5464 4.4.2)."""

    def __init__(self, session: Session, known: dict[str, Owned]) -> None:
        self._session = session
        self._known = known
        self._stamp = session.account.metadata.stamp()

    async def __call__(self) -> None:
        """After each command: a stat call, unless something changed."""
        if self._session.account.metadata.stamp() == self._stamp:
            return
        before = self._known
        await self.look()
        if self._session.notifier is not None:
            return  # which tells what the client has asked for by NOTIFY
        for mailbox in sorted({*before, *self._known}):
            names = differing(self._session, before.get(mailbox, {}), self._known.get(mailbox, {}))
            if mailbox in self._known or await call(self._is_there, mailbox):
                tell_changed(self._session, mailbox, names)

    def _is_there(self, mailbox: str) -> bool:
        """It has no annotations any more, and perhaps because it has been deleted or renamed."""
        try:
            return not mailbox or bool(self._session.account.guid(mailbox))
        except StorageError:
            return False

    async def look(self) -> None:
        """Takes things as they are for known."""
        account = self._session.account
        self._stamp = account.metadata.stamp()
        self._known = await call(account.annotated)


def differing(session: Session, before: Owned, now: Owned) -> list[bytes]:
    """The names of entries that the user sees and that differ."""
    return [
        b"/" + scope + name.encode("ascii")
        for scope, owner in owners(session).items()
        for name in sorted({*before.get(owner, {}), *now.get(owner, {})})
        if before.get(owner, {}).get(name) != now.get(owner, {}).get(name)
    ]


def tell_changed(session: Session, mailbox: str, names: Iterable[bytes]) -> None:
    """An unsolicited METADATA response, if there are any names (RFC 5464 4.4.2); "" is the server."""
    listed = b" ".join(map(render.astring, names))
    if listed:
        session.untagged(b"METADATA %s %s" % (rendered_place(session, mailbox or None), listed))


async def watch(session: Session) -> None:
    """ "servers MUST only send unsolicited responses if the client used the ENABLE command" (4.1)"""
    if not any(isinstance(watcher, Watcher) for watcher in session.watchers):
        session.watchers.append(Watcher(session, await call(session.account.annotated)))
