"""Mailboxes by name."""

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.boxes import Boxes
from mailaccess.storage.errors import NoSuchMailbox, NotSelectable
from mailaccess.storage.folders import Folders


@pytest.fixture
def boxes(account: Account) -> Boxes:
    return Boxes(account.root, account.index, Folders(account.root), account.quota)


def test_a_mailbox_is_where_its_name_says(account: Account, boxes: Boxes) -> None:
    """INBOX is the account's root."""
    account.create("Work/Late")

    assert boxes.open("inbox").directory == boxes.directory("INBOX") == account.root
    assert boxes.open("Work/Late").directory == account.root / ".Work.Late"
    assert boxes.open("Work/Late").guid == account.guid("Work/Late")


def test_a_name_without_a_mailbox(account: Account, boxes: Boxes) -> None:
    """Is told from one that others are below."""
    account.create("Work/Late")
    with pytest.raises(NotSelectable):
        boxes.open("Work")
    with pytest.raises(NoSuchMailbox):
        boxes.open("Play")
