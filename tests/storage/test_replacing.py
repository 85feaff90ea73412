"""One message in another's place."""

import shutil
from pathlib import Path

import pytest

from mailaccess.mail.flags import SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.disk import sync_directory
from mailaccess.storage.errors import MessageGone, StorageError
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.writing import Item
from tests.storage.post import add, file_of, files, texts


def message(mailbox: Mailbox, text: bytes = b"new\n") -> Item:
    incoming = mailbox.incoming()
    incoming.write(text)
    return incoming, frozenset([SEEN]), 1_700_000_000


def left_in_tmp(mailbox_directory: Path) -> list[str]:
    return [path.name for path in (mailbox_directory / "tmp").iterdir()]


def test_in_the_same_mailbox(inbox: Mailbox, account: Account) -> None:
    """The new one has a UID of its own, and nothing of the old one's flags."""
    add(inbox, b"one\n", b"two\n", flags=frozenset(["\\Flagged"]))
    before = inbox.highestmodseq

    assert inbox.replace(1, message(inbox), inbox) == 3
    assert texts(inbox) == {2: b"two\r\n", 3: b"new\r\n"}
    assert inbox.messages.flags[1] == {SEEN}
    assert inbox.messages.dates[1] == 1_700_000_000
    assert inbox.vanished_since(before) == [1]
    assert len(files(account.root)) == 2
    assert left_in_tmp(account.root) == []


def test_in_another_mailbox(inbox: Mailbox, account: Account, elsewhere: Account) -> None:
    """And as another process sees it."""
    account.create("Sent")
    sent = account.mailbox("Sent")
    add(inbox, b"draft\n")

    assert inbox.replace(1, message(sent), sent) == 1
    assert (texts(inbox), texts(sent)) == ({}, {1: b"new\r\n"})
    assert texts(elsewhere.mailbox("Sent")) == {1: b"new\r\n"}
    assert len(elsewhere.mailbox("INBOX").messages) == 0


def test_of_another_account(inbox: Mailbox, accounts: Accounts) -> None:
    """Two indexes have no transaction in common: the new one comes first."""
    other = accounts.open("ann", None).mailbox("INBOX")
    add(inbox, b"draft\n")

    assert inbox.replace(1, message(other), other) == 1
    assert (texts(inbox), texts(other)) == ({}, {1: b"new\r\n"})
    with pytest.raises(MessageGone):
        inbox.replace(1, message(other), other)
    assert len(other.messages) == 1


def test_a_message_that_is_gone_is_not_replaced(inbox: Mailbox, account: Account) -> None:
    """Expunged, or removed by another program just now: no new one either."""
    add(inbox, b"one\n", b"two\n")
    inbox.remove([1])
    file_of(inbox, account.root, 2).unlink()

    for uid in (1, 2, 99):
        item = message(inbox)
        with pytest.raises(MessageGone):
            inbox.replace(uid, item, inbox)
        item[0].discard()
    inbox.sync()
    assert texts(inbox) == {}
    assert files(account.root) == []
    assert left_in_tmp(account.root) == []


def test_a_file_renamed_meanwhile_is_found(inbox: Mailbox, account: Account) -> None:
    """By another program that set a flag."""
    add(inbox, b"one\n")
    path = file_of(inbox, account.root, 1)
    path.rename(path.with_name(path.name + "FR"))

    assert inbox.replace(1, message(inbox), inbox) == 2
    assert texts(inbox) == {2: b"new\r\n"}


def test_a_commit_that_fails_changes_nothing(inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old one is where it was, the new one is not there."""
    add(inbox, b"one\n")
    before = files(account.root)

    def fail(path: Path) -> None:
        raise OSError(5, "Input/output error")

    item = message(inbox)
    monkeypatch.setattr("mailaccess.storage.index.writer.sync_directory", fail)
    with pytest.raises(StorageError):
        inbox.replace(1, item, inbox)
    monkeypatch.undo()
    item[0].discard()

    assert files(account.root) == before
    inbox.sync()
    assert texts(inbox) == {1: b"one\r\n"}
    assert left_in_tmp(account.root) == []


def test_the_new_one_is_durable_before_the_old_one_moves(
    inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever power fails, one of them is there."""
    add(inbox, b"one\n")
    seen: list[int] = []

    def watch(path: Path) -> None:
        seen.append(len(files(account.root)))
        sync_directory(path)

    item = message(inbox)
    monkeypatch.setattr("mailaccess.storage.maildir.sync_directory", watch)
    inbox.replace(1, item, inbox)

    assert seen == [2]


def test_a_tmp_that_is_missing(inbox: Mailbox, account: Account) -> None:
    """Backups leave out empty directories."""
    account.create("Sent")
    sent = account.mailbox("Sent")
    add(inbox, b"draft\n")
    shutil.rmtree(account.root / "tmp")

    assert inbox.replace(1, message(sent), sent) == 1
    assert texts(inbox) == {}
