"""What a mailbox says of itself from memory."""

from mailaccess.mail.flags import SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.mailbox import Mailbox
from tests.storage.post import add


def test_what_is_known(account: Account, inbox: Mailbox) -> None:
    """Is what the index says."""
    add(inbox)
    add(inbox, flags=frozenset([SEEN, "$Work"]))
    row = inbox._box.look()

    assert (inbox.name, inbox.directory, inbox.guid) == ("INBOX", "", row.guid)
    assert (inbox.uidvalidity, inbox.uidnext, inbox.highestmodseq) == (row.uidvalidity, 3, row.highestmodseq)
    assert inbox.keywords() == ("$Work",)
    account.create("Work/Old")
    assert account.mailbox("Work/Old").name == "Work/Old"


def test_status(account: Account, inbox: Mailbox) -> None:
    """The same as the index's, but where it would take files to be read."""
    add(inbox)
    add(inbox, flags=frozenset([SEEN]))
    status = inbox.status_in_memory(size=True)

    assert status == account.status("INBOX")
    assert status is not None
    assert (status.messages, status.unseen, status.recent) == (2, 1, 2)
