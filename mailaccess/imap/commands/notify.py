"""NOTIFY: what the client is to be told of when it happens, in whichever mailbox (RFC 5465). `notifying` does that."""

from mailaccess.imap.errors import No
from mailaccess.imap.events import Wishes, parse_notify
from mailaccess.imap.items import MODSEQ
from mailaccess.imap.notifying import AccountNotifier
from mailaccess.imap.registry import AUTHENTICATED, command
from mailaccess.imap.session import Session
from mailaccess.storage.errors import LimitReached


@command(b"NOTIFY", when=AUTHENTICATED, parse=parse_notify, capability=b"NOTIFY", rfc=5465)
async def notify(session: Session, wishes: Wishes) -> None:
    """RFC 5465 3.1. What the selected mailbox has accumulated is told when the command ends, as after a NOOP."""
    notifier = AccountNotifier(session, wishes)
    try:
        await notifier.begin()
    except BaseException as error:
        notifier.close()
        if isinstance(error, LimitReached):
            raise No(str(error), b"NOTIFICATIONOVERFLOW") from None
        raise
    if session.notifier is not None:
        session.notifier.close()
    session.notifier = notifier
    if MODSEQ in wishes.selected.items:
        session.enable(b"CONDSTORE")
