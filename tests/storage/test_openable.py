"""What is made of a mailbox's messages, and kept."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.mailbox import Mailbox
from tests.storage.post import add, settings


def kin(blob: bytes) -> list[int]:
    """The numbers in a message's subject, which the facts of these tests hold."""
    return [int(word) for word in blob.split() if word.isdigit()][1:]


def about(*names: int) -> bytes:
    """A message that tells these names."""
    return b"Subject: %s\n\n" % b" ".join(b"%d" % name for name in names)


class TestThreads:
    """Which messages belong together, whatever mailbox they are in."""

    @pytest.fixture
    def account(self, tmp_path: Path) -> Iterator[Account]:
        accounts = Accounts(settings(tmp_path, kin=kin))
        yield accounts.open("fred", None)
        accounts.close()

    def test_in_all_mailboxes_of_an_account(self, account: Account, elsewhere: Account) -> None:
        """And in all processes; copies and moved messages are of the thread they were of."""
        account.create("Sent")
        inbox, sent = account.mailbox("INBOX"), account.mailbox("Sent")
        first, second = add(inbox, about(10), about(20))
        (reply,) = add(sent, about(10, 11))
        assert inbox.make_threads([first, second]) == {first: 10, second: 20}
        assert sent.make_threads([reply]) == {reply: 10}
        pairs = inbox.copy([first], sent) + inbox.move([second], sent)
        assert [sent.make_threads([new])[new] for _, new in pairs] == [10, 20]
        assert inbox.cached_threads([first, second]) == {first: 10, second: 20}  # told of one that is gone, for a while
        assert elsewhere.mailbox("Sent").cached_threads([reply]) == {reply: 10}

    def test_it_is_found_when_it_is_asked_for(self, inbox: Mailbox) -> None:
        """Not before: nothing has to be written for who never asks."""
        uids = add(inbox, about(10), about(10, 11))
        inbox.make_facts(uids)
        assert inbox.cached_threads(uids) == {}
        assert inbox.make_threads(uids[1:]) == {uids[1]: 10}
        assert inbox.cached_threads(uids) == {uids[1]: 10}

    def test_gone_messages_and_such_without_names(self, inbox: Mailbox) -> None:
        uids = add(inbox, about(10), b"Subject: none\n\n")
        inbox.remove([uids[0]])
        assert inbox.make_threads([*uids, 99]) == {}

    def test_a_lost_index(self, inbox: Mailbox, account: Account) -> None:
        """What is made anew comes to the same."""
        uids = add(inbox, about(10), about(20), about(10, 11), about(11, 12))
        assert list(inbox.make_threads(uids).values()) == [10, 20, 10, 10]
        shutil.rmtree(account.index_path)
        inbox.sync()
        uids = list(inbox.messages.uids)
        assert inbox.cached_threads(uids) == {}
        assert list(inbox.make_threads(uids).values()) == [10, 20, 10, 10]

    def test_a_forgotten_mailbox_leaves_nothing(self, account: Account) -> None:
        """But the names of its messages: others may still tell of them."""
        account.create("x")
        box = account.mailbox("x")
        uids = add(box, about(10))
        box.make_threads(uids)
        account.index.write(lambda transaction: transaction.forget_mailbox(box.number))
        left = account.index.read(lambda connection: connection.execute("SELECT count(*) FROM placed").fetchone()[0])
        assert left == 0
