"""What can be answered of a mailbox that is opened for the first time before all its messages are in the index: see
`storage.first_opening`. All else waits."""

from mailaccess.imap.plan import Plan
from mailaccess.imap.session import Session
from mailaccess.wire.traps import call

_EARLY = frozenset(
    [b"CAPABILITY", b"NOOP", b"ID", b"LOGOUT", b"IDLE", b"ENABLE", b"NAMESPACE", b"UNSELECT", b"FETCH", b"UID FETCH"]
)
"""Commands that need none of that, or wait themselves."""


async def before(session: Session, command: bytes) -> None:
    """Waits for what a command needs of the selected mailbox."""
    if command not in _EARLY:
        await call(session.mailbox.await_rows)


async def before_fetch(session: Session, plan: Plan, *, changed: bool) -> None:
    """The same for a FETCH. `changed`: of what changed since, and perhaps what vanished."""
    if changed or not plan.tells_names:
        await call(session.mailbox.await_rows)
