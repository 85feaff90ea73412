"""Which mailboxes are in memory."""

import gc
from weakref import ref

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.errors import NoSuchMailbox
from mailaccess.storage.lingering import LINGERING
from mailaccess.storage.loaded import Loaded
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.viewed import ViewedMailbox
from mailaccess.storage.viewer import Viewer

BOB = Viewer("bob", owner=False, personal=True)
ANN = Viewer("ann", owner=False, personal=True)


def never() -> ViewedMailbox:
    raise AssertionError("it was in memory")


def test_one_object_for_all(account: Account) -> None:
    """But one for each viewer."""
    loaded = Loaded()
    inbox, as_bob = account.mailbox("INBOX"), account.viewed("INBOX", BOB)

    assert loaded.mailbox(inbox.guid, lambda: inbox) is loaded.mailbox(inbox.guid, never) is inbox
    assert loaded.viewed(inbox.guid, BOB, lambda: as_bob) is loaded.viewed(inbox.guid, BOB, never) is as_bob
    as_ann = loaded.viewed(inbox.guid, ANN, lambda: account.viewed("INBOX", ANN))
    assert as_ann is not as_bob
    assert loaded.shared() == [inbox]
    assert {id(each) for each in loaded.all()} == {id(inbox), id(as_bob), id(as_ann)}


def test_who_loads_it_second_gets_the_first_ones(account: Account) -> None:
    """Two threads may load a mailbox at once."""
    loaded = Loaded()
    first, second = account.mailbox("INBOX"), account.viewed("INBOX", ANN)

    def meanwhile() -> Mailbox:
        loaded.mailbox(first.guid, lambda: first)
        return second

    assert loaded.mailbox(first.guid, meanwhile) is first


def test_what_is_lost_is_loaded_anew(account: Account) -> None:
    """Its directory was removed, or another has its name."""
    account.create("Box")
    lost, lost_as_bob = account.mailbox("Box"), account.viewed("Box", BOB)
    account.delete("Box")
    for each in (lost, lost_as_bob):
        with pytest.raises(NoSuchMailbox):
            each.sync()
    inbox, as_bob = account.mailbox("INBOX"), account.viewed("INBOX", BOB)
    loaded = Loaded()
    loaded.mailbox("guid", lambda: lost)
    loaded.viewed("guid", BOB, lambda: lost_as_bob)

    assert loaded.mailbox("guid", lambda: inbox) is inbox
    assert loaded.viewed("guid", BOB, lambda: as_bob) is as_bob


def test_a_few_stay_when_all_sessions_have_left(account: Account) -> None:
    """Those that were last open."""
    names = [f"Box{number}" for number in range(10)]
    for name in names:
        account.create(name)
    left = [ref(account.mailbox(name)) for name in names]
    LINGERING.end([mailbox for each in left if (mailbox := each()) is not None])
    gc.collect()

    assert [mailbox() is not None for mailbox in left] == [False] * 2 + [True] * 8


def test_by_directory_only_what_is_everybodys_is_found(account: Account) -> None:
    """And only where it was kept."""
    loaded = Loaded()
    inbox, as_bob = account.mailbox("INBOX"), account.viewed("INBOX", BOB)
    loaded.mailbox(inbox.guid, lambda: inbox)
    loaded.keep((inbox.guid, BOB), as_bob)
    assert loaded.kept_in("") is None

    loaded.keep(inbox.guid, inbox)
    assert loaded.kept_in("") is inbox
    assert loaded.kept_in(".Box") is None
