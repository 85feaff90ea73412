"""What can be answered of a mailbox that is opened for the first time before all its messages are in the index: see
`storage.first_opening`. All else waits."""

from collections.abc import Iterable

from mailaccess.imap.items import FLAGS, MODSEQ, UID
from mailaccess.imap.session import Session
from mailaccess.imap.wanted import Wanted
from mailaccess.wire.traps import call

_EARLY = frozenset(
    [b"CAPABILITY", b"NOOP", b"ID", b"LOGOUT", b"IDLE", b"ENABLE", b"NAMESPACE", b"UNSELECT", b"FETCH", b"UID FETCH"]
)
"""Commands that need none of that, or wait themselves."""

_NAMED = frozenset([FLAGS, MODSEQ, UID])
"""What names of files tell."""


async def before(session: Session, command: bytes) -> None:
    """Waits for what a command needs of the selected mailbox."""
    if command not in _EARLY:
        await call(session.mailbox.await_rows)


async def before_fetch(session: Session, items: Iterable[Wanted], *, changed: bool) -> None:
    """The same for a FETCH. `changed`: of what changed since, and perhaps what vanished."""
    if session.mailbox.is_opening and (changed or not _NAMED.issuperset(items)):
        await call(session.mailbox.await_rows)
