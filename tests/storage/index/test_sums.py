"""The sums of all mailboxes."""

from mailaccess.mail.flags import SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.index.sums import sums, totals
from tests.storage.post import add, arrive


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


def test_totals(account: Account) -> None:
    """Are all that STATUS tells; the stamp only where it proves that nothing else has happened."""
    account.create("Work")
    add(account.mailbox("Work"))
    arrive(account.root)
    statuses = {"": account.status("INBOX"), ".Work": account.status("Work")}
    account.index.write(
        lambda transaction: transaction.connection.execute(
            "UPDATE mailbox SET new_settled = directory <> '', cur_settled = 1"
        )
    )

    found = account.index.read(totals)

    for directory, status in statuses.items():
        for name in ("guid", "uidvalidity", "uidnext", "messages", "unseen", "deleted", "size", "recent"):
            assert getattr(found[directory], name) == getattr(status, name)
    assert found[""].stamp is None
    assert found[".Work"].stamp is not None
