"""Messages from one account into another."""

import pytest

from mailaccess.storage import transfer
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.mailbox import Mailbox
from tests.storage.post import add, flags_of, seen_files, texts

WORK = frozenset(["\\Flagged", "$Work"])


@pytest.fixture
def other(accounts: Accounts) -> Account:
    """bob's mail."""
    return accounts.open("bob", None)


def test_messages_are_copied_with_date_flags_and_keywords(inbox: Mailbox, other: Account) -> None:
    """Letters belong to a mailbox: names go over."""
    target = other.mailbox("INBOX")
    add(target, b"first\n", flags=frozenset(["$Own"]))
    uids = add(inbox, b"one\n", b"two\n", flags=WORK, date=1_700_000_000)

    pairs = transfer.copy(inbox._box, uids, target._box)
    target.sync()

    assert pairs == [(1, 2), (2, 3)]
    assert texts(target) == {1: b"first\r\n", 2: b"one\r\n", 3: b"two\r\n"}
    assert flags_of(target)[2] == WORK
    assert list(target.messages.dates)[1:] == [1_700_000_000] * 2
    assert len(inbox.messages) == 2


def test_messages_are_moved(inbox: Mailbox, other: Account) -> None:
    """Gone here once they are there."""
    target = other.mailbox("INBOX")
    uids = add(inbox, *[b"x\n"] * 250)

    pairs = transfer.move(inbox._box, [*uids, 999], target._box)
    inbox.sync()
    target.sync()

    assert [old for old, _ in pairs] == uids
    assert len(inbox.messages) == 0
    assert len(target.messages) == 250


def test_flags_can_be_given(inbox: Mailbox, other: Account) -> None:
    """A viewer's own, for one."""
    target = other.mailbox("INBOX")
    uids = add(inbox, b"one\n", b"two\n", flags=WORK)

    transfer.copy(inbox._box, uids, target._box, {uids[0]: frozenset(["\\Seen"])})
    target.sync()

    assert flags_of(target) == {1: frozenset(["\\Seen"]), 2: WORK}


def test_a_file_that_another_program_renamed_is_found(inbox: Mailbox, other: Account, account: Account) -> None:
    """One that it removed is passed over."""
    target = other.mailbox("INBOX")
    uids = add(inbox, b"one\n", b"two\n", flags=frozenset(["\\Draft"]))
    first, second = seen_files(account.root)
    first.rename(first.with_name(first.name.partition(":")[0] + ":2,FT"))
    second.unlink()

    pairs = transfer.copy(inbox._box, uids, target._box)

    assert pairs == [(1, 1)]


def test_a_copy_that_fails_leaves_nothing(inbox: Mailbox, other: Account) -> None:
    """All of the messages or none, also where it takes several transactions."""
    target = other.mailbox("INBOX")
    uids = add(inbox, *[b"x\n"] * 150)
    (other.root / "cur").rename(other.root / "cut")
    (other.root / "cur").write_bytes(b"")

    with pytest.raises(Exception, match=r"reached|no longer"):
        transfer.copy(inbox._box, uids, target._box)
    (other.root / "cur").unlink()
    (other.root / "cut").rename(other.root / "cur")

    target.sync()
    assert len(target.messages) == 0
    assert list((other.root / "cur").iterdir()) == []
