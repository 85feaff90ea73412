"""\\Sent and its like."""

import shutil

import pytest

from mailaccess.storage import special_uses
from mailaccess.storage.account import Account, MailboxEntry
from mailaccess.storage.errors import UnknownUse


def test_given_at_creation(account: Account) -> None:
    """And kept beside the mail."""
    account.create("Gesendet", frozenset(["\\Sent"]))
    shutil.rmtree(account.index_path)
    account.rename("Gesendet", "Postausgang")

    assert account.mailboxes()[1] == MailboxEntry("Postausgang", special_use=frozenset(["\\Sent"]))


def test_well_known_names_have_theirs(account: Account) -> None:
    """In a Maildir that was made by another program."""
    for name in ("Sent Items", "spam", "Drafts", "Holidays"):
        account.create(name)

    assert {entry.name: set(entry.special_use) for entry in account.mailboxes() if entry.special_use} == {
        "Drafts": {"\\Drafts"},
        "Sent Items": {"\\Sent"},
        "spam": {"\\Junk"},
    }


def test_but_not_if_another_mailbox_was_given_it(account: Account) -> None:
    """There is one of each."""
    account.create("Sent")
    account.create("Outgoing", frozenset(["\\Sent"]))

    assert [entry.name for entry in account.mailboxes() if "\\Sent" in entry.special_use] == ["Outgoing"]


def test_they_move_with_the_directory(account: Account) -> None:
    """They stand in it."""
    account.create("a", frozenset({"\\Sent", "\\Archive"}))
    account.rename("a", "b")

    assert special_uses.read(account.root / ".b") == {"\\Archive", "\\Sent"}
    assert special_uses.read(account.root) == frozenset()


def test_they_have_one_spelling() -> None:
    """Clients write them in any case."""
    assert special_uses.spelled(["\\sent", "\\JUNK"]) == {"\\Sent", "\\Junk"}
    with pytest.raises(UnknownUse, match=r"^\\Nope is not"):
        special_uses.spelled(["\\Sent", "\\Nope"])
