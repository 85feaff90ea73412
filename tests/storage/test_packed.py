"""What a process begins with that opens a large mailbox."""

import random
from pathlib import Path

import pytest

from mailaccess.mail.flags import SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.index.reading import everything
from mailaccess.storage.index.rows import facts_id
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.memory import Memory
from tests.storage.post import TEXT, add, arrive, flags_of, settings


@pytest.fixture(autouse=True)
def _any_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is large enough."""
    monkeypatch.setattr("mailaccess.storage.packed._LARGE", 1)
    monkeypatch.setattr("mailaccess.storage.packed._FEW", 1)
    monkeypatch.setattr("mailaccess.storage.index.packing.RANGE", 4)


def loaded(inbox: Mailbox, *, unpack: bool) -> tuple[Memory, bool]:
    """The mailbox as a new process has it, and whether it was unpacked."""
    news = inbox._box.index.read(lambda asked: everything(asked, inbox.number, unpack=unpack))
    assert news is not None
    return Memory(news), news.before is not None


def test_it_is_the_same_as_row_by_row(inbox: Mailbox, account: Account) -> None:
    """Whatever was done to the mailbox before and since."""
    chance = random.Random(3)
    unpacked = 0
    for _ in range(80):
        uids = list(inbox.messages.uids)
        match chance.randrange(6) if uids else 0:
            case 0:
                add(inbox, *[b"a\n"] * chance.randint(1, 9), flags=frozenset(chance.choice([[], ["$a"], [SEEN]])))
            case 1:
                arrive(account.root)
                inbox.sync()
            case 2:
                flags = frozenset([chance.choice([SEEN, *(f"$K{number}" for number in range(30))])])
                inbox.store(chance.sample(uids, min(len(uids), 3)), chance.choice([Action.ADD, Action.REPLACE]), flags)
            case 3:
                inbox.remove(chance.sample(uids, min(len(uids), 3)))
            case 4:
                inbox.make_sizes(uids[-5:])
            case 5:
                inbox.pack()
        (one, was_packed), (other, _) = loaded(inbox, unpack=True), loaded(inbox, unpack=False)
        unpacked += was_packed
        for column in ("uids", "flags", "modseqs", "sizes", "dates", "saved", "highest"):
            assert getattr(one.messages, column) == getattr(other.messages, column)
        assert {name.lower() for name in one.keywords()} == {name.lower() for name in other.keywords()}
    assert unpacked > 20


def test_sizes_that_another_process_found_out(inbox: Mailbox, elsewhere: Account) -> None:
    """They are no news to sessions, but what is packed has them; else it would not be used."""
    for _ in range(3):
        arrive(elsewhere.root)
    inbox.sync()
    inbox.pack()
    other = elsewhere.mailbox("INBOX")
    other.make_sizes([1, 2, 3])
    assert not loaded(inbox, unpack=True)[1]
    inbox.refresh()
    inbox.pack()

    assert loaded(inbox, unpack=True)[1]
    assert list(inbox.messages.sizes) == list(other.messages.sizes)


def test_what_is_damaged_is_not_used(inbox: Mailbox) -> None:
    """Where a chunk is missing, the rows are read."""
    add(inbox, *[b"a\n"] * 10)
    inbox.pack()
    assert loaded(inbox, unpack=True)[1]
    chunk = facts_id(inbox.number, 2)
    inbox._box.index.write(
        lambda transaction: transaction.connection.execute("DELETE FROM packed WHERE id = ?", (chunk,))
    )
    found, was_packed = loaded(inbox, unpack=True)

    assert not was_packed
    assert len(found.messages) == 10


def test_it_is_done_when_an_account_is_closed(tmp_path: Path) -> None:
    """The next start finds it, and the mailbox as it was left."""
    for _ in range(2):
        accounts = Accounts(settings(tmp_path))
        inbox = accounts.open("fred", None).mailbox("INBOX")
        add(inbox, TEXT, flags=frozenset([SEEN, "$a"]))
        accounts.close()
    inbox = Accounts(settings(tmp_path)).open("fred", None).mailbox("INBOX")

    assert loaded(inbox, unpack=True)[1]
    assert flags_of(inbox) == {1: {SEEN, "$a"}, 2: {SEEN, "$a"}}
