"""Lists of who may do what, by the names of mailboxes."""

import os

import pytest

from mailaccess.storage import acl
from mailaccess.storage.account import Account
from mailaccess.storage.acl import Acl, Entry, Who
from mailaccess.storage.errors import NoSuchMailbox

BOB = Who("user", "bob")
READERS = Acl((Entry(BOB, frozenset("lr")),))


def test_only_what_has_a_list_is_listed(account: Account) -> None:
    """A name that is none, or not there, has no list; to ask for that is another matter."""
    account.create("Work")
    account.acls.change("Work", BOB, "lr", "fred")

    assert [account.acls.has(name) for name in ("Work", "INBOX", "Unknown", "not//a name")] == [True, *[False] * 3]
    assert account.acls.all() == {"Work": READERS}
    assert account.acls.of("Work") == READERS
    assert account.acls.of("INBOX") == Acl()
    with pytest.raises(NoSuchMailbox):
        account.acls.of("Unknown")


def test_an_entry_is_changed_and_removed(account: Account) -> None:
    account.acls.change("INBOX", BOB, "lr", "fred")
    account.acls.change("INBOX", BOB, "+s", "fred")
    assert account.acls.of("INBOX") == Acl((Entry(BOB, frozenset("lrs")),))

    account.acls.change("INBOX", BOB, None, "fred")
    assert not account.acls.has("INBOX")


def test_others_learn_of_a_change(account: Account) -> None:
    """Whoever has the mailbox open, in whichever process; and Dovecot, whose cache of what has a list is removed."""
    cache = account.root / acl.LIST
    cache.touch()
    account.index.wake.touch()
    os.utime(account.index.wake, (0, 0))

    account.acls.change("INBOX", BOB, "lr", "fred")

    assert account.index.wake.stat().st_mtime > 0
    assert not cache.exists()
