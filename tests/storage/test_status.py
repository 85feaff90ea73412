"""STATUS: sums, fresh with disk."""

from mailaccess.mail.flags import DELETED, SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.mailbox import Action
from tests.storage.post import TEXT, WIRE_TEXT, add, arrive


def test_all_sums(account: Account) -> None:
    """As SELECT would find them."""
    inbox = account.mailbox("INBOX")
    add(inbox, TEXT, TEXT, flags=frozenset([SEEN]))
    add(inbox, TEXT, flags=frozenset([DELETED]))
    arrive(account.root, TEXT)
    status = account.status("inbox")

    assert (status.messages, status.unseen, status.deleted, status.recent) == (4, 2, 1, 4)
    assert (status.uidnext, status.size) == (5, 4 * len(WIRE_TEXT))
    assert (status.uidvalidity, status.guid) == (inbox.uidvalidity, inbox.guid)
    inbox.sync()
    assert status.highestmodseq == inbox.highestmodseq


def test_sums_follow_every_change(account: Account) -> None:
    """They are kept, not counted: they must not drift."""
    account.create("Work")
    inbox, work = account.mailbox("INBOX"), account.mailbox("Work")
    add(inbox, *[TEXT] * 6)
    inbox.store([1, 2], Action.ADD, frozenset([SEEN]))
    inbox.store([2, 3], Action.ADD, frozenset([DELETED]))
    inbox.copy([1, 2], work)
    inbox.move([4], work)
    inbox.expunge(None)
    next((account.root / "cur").iterdir()).unlink()
    for name in ("INBOX", "Work"):
        kept = account.status(name)
        account.check()
        assert account.status(name) == kept
        mailbox = account.mailbox(name)
        assert kept.messages == len(mailbox.messages)
        assert kept.unseen == sum(SEEN not in flags for flags in mailbox.messages.flags)
        assert kept.size == sum(mailbox.messages.sizes)


def test_an_empty_mailbox(account: Account) -> None:
    """HIGHESTMODSEQ is never 0: clients drop their cache at that."""
    status = account.status("INBOX")

    assert (status.messages, status.uidnext, status.size) == (0, 1, 0)
    assert status.highestmodseq > 0
    assert status.uidvalidity > 0
