"""What can be answered of a mailbox before all its messages are known: see `storage.opening`. All else waits."""

from mailaccess.imap.plan import Plan
from mailaccess.imap.session import Session
from mailaccess.wire.traps import call

_EARLY = frozenset([b"CAPABILITY", b"NOOP", b"ID", b"LOGOUT", b"IDLE", b"ENABLE", b"NAMESPACE", b"UNSELECT"])
"""Commands that need none of that."""

_NAMING = frozenset([b"FETCH", b"UID FETCH"])
"""Commands that wait themselves, once names are known."""


async def before(session: Session, command: bytes) -> None:
    """Waits for what a command needs of the selected mailbox."""
    if command not in _EARLY and not (command in _NAMING and session.mailbox.knows_names):
        await call(session.mailbox.await_rows)


async def before_fetch(session: Session, plan: Plan, *, changed: bool) -> None:
    """The same for a FETCH. `changed`: of what changed since, and perhaps what vanished."""
    if changed or not plan.tells_names:
        await call(session.mailbox.await_rows)
