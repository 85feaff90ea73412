"""The sums of all mailboxes."""

from mailaccess.mail.flags import SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.index.sums import sums
from tests.storage.post import add


def test_they_are_those_of_status(account: Account) -> None:
    """By directory; of mailboxes that nobody has looked into there are none."""
    account.create("a/b")
    account.create("unknown")
    inbox = account.mailbox("INBOX")
    add(inbox)
    add(inbox, flags=frozenset([SEEN]))
    status = account.status("INBOX")
    account.status("a/b")

    found = account.index.read(sums)

    assert found.keys() == {"", ".a.b"}
    assert found[""] == (
        status.guid,
        status.uidvalidity,
        status.uidnext,
        status.messages,
        status.unseen,
        status.highestmodseq,
    )
    assert (found[""].messages, found[""].unseen, found[""].uidnext) == (2, 1, 3)
