"""A large mailbox that is known, opened by another process: what is told early, and that it comes to be as it is."""

import errno
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailaccess.mail.flags import DELETED, FLAGGED, SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.errors import NoSuchMailbox
from mailaccess.storage.index import packing, reading
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.memory import Memory
from mailaccess.storage.opening import THREAD
from tests.storage.gate import Gate
from tests.storage.post import add, arrive, flags_of, settings, settle, texts

COLUMNS = ("uids", "flags", "modseqs", "sizes", "dates", "saved", "highest")


@pytest.fixture(autouse=True)
def _any_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is large enough."""
    monkeypatch.setattr("mailaccess.storage.packed._LARGE", 1)
    monkeypatch.setattr("mailaccess.storage.packed._FEW", 1)
    monkeypatch.setattr("mailaccess.storage.reopening.LARGE", 1)
    monkeypatch.setattr("mailaccess.storage.index.packing.RANGE", 4)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Before what was packed is unpacked by the thread that was started for it."""
    gate, read = Gate(), packing.read
    waiting = gate.around(read)

    def passed(*arguments: Any) -> Any:
        return (waiting if threading.current_thread().name == THREAD else read)(*arguments)

    monkeypatch.setattr(packing, "read", passed)
    yield gate
    gate.open()


@pytest.fixture
def known(inbox: Mailbox) -> Mailbox:
    """Nine messages, the first two of them \\Seen; packed, and nothing is to be looked for."""
    add(inbox, *[b"a\n"] * 9, flags=frozenset(["$Work", "$More"]))
    inbox.store([1, 2], Action.ADD, frozenset([SEEN]))
    inbox.claim_recent()
    inbox.make_sizes(list(inbox.messages.uids))
    settle(inbox)
    inbox.pack()
    return inbox


def early(account: Account) -> Mailbox:
    """INBOX, opened early."""
    mailbox = account.unlisted("INBOX", early=True)
    assert mailbox is not None
    return mailbox


def row_by_row(mailbox: Mailbox) -> Memory:
    """The mailbox as the index has it."""
    news = mailbox._box.index.read(lambda asked: reading.everything(asked, mailbox.number, unpack=False))
    assert news is not None
    return Memory(news)


class TestEarly:
    """What the mailbox's row tells is told before its messages are read."""

    def test_the_row(self, known: Mailbox, elsewhere: Account, gate: Gate) -> None:
        inbox = early(elsewhere)
        messages = inbox.messages

        assert inbox.is_opening
        assert not inbox.knows_names
        assert (len(messages), messages.first_unseen(), messages.unseen_steps) == (9, 2, 0)
        assert (inbox.uidnext, inbox.highestmodseq, messages.highest) == (10, known.highestmodseq, known.highestmodseq)
        assert inbox.keywords() == known.keywords()
        assert inbox.claim_early() == 10
        assert not inbox.poll()
        assert not inbox.is_at_hand()

    def test_and_then_all(self, known: Mailbox, elsewhere: Account, gate: Gate) -> None:
        """Is as it was told, and nothing is news."""
        inbox = early(elsewhere)
        messages, uids, told = inbox.messages, inbox.messages.uids, inbox.messages.highest
        gate.open()
        inbox.await_rows()

        assert not inbox.is_opening
        assert (inbox.messages, messages.uids, messages.highest) == (messages, uids, told)
        assert (len(messages), messages.first_unseen()) == (9, 2)
        for column in COLUMNS:
            assert getattr(messages, column) == getattr(known.messages, column), column
        assert messages.changed_since(told - 1) == known.messages.changed_since(told - 1)
        assert set(texts(inbox).values()) == {b"a\r\n"}

    def test_who_asks_for_more_waits(self, known: Mailbox, elsewhere: Account, gate: Gate) -> None:
        inbox = early(elsewhere)
        gate.open()

        inbox.store([9], Action.ADD, frozenset([FLAGGED]))
        assert flags_of(inbox)[9] == {"$Work", "$More", FLAGGED}

    def test_what_others_do_meanwhile(self, known: Mailbox, elsewhere: Account, gate: Gate) -> None:
        """Is news: those who were told of nine messages have them."""
        inbox = early(elsewhere)
        messages = inbox.messages
        known.store([3], Action.ADD, frozenset([SEEN]))
        known.remove([1, 9])
        add(known)
        arrive(elsewhere.root)
        gate.open()
        inbox.sync()

        assert list(messages.uids) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
        assert list(inbox.messages.uids) == [2, 3, 4, 5, 6, 7, 8, 10, 11]
        assert SEEN in flags_of(inbox)[3]
        assert inbox.messages.changed_since(messages.highest) == [3, 10, 11]

    def test_a_delivery_of_this_process_meanwhile(self, known: Mailbox, elsewhere: Account, gate: Gate) -> None:
        inbox = early(elsewhere)
        messages = inbox.messages
        arrive(elsewhere.root)
        elsewhere.status("INBOX")
        assert (len(messages), inbox.messages) == (9, messages)
        gate.open()
        inbox.await_rows()

        assert list(inbox.messages.uids) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


class TestNotEarly:
    """All is read before anything is said."""

    def test_new_mail_that_waits_to_be_claimed(self, known: Mailbox, elsewhere: Account) -> None:
        arrive(elsewhere.root)

        assert not early(elsewhere).is_opening

    def test_recent_messages(self, known: Mailbox, elsewhere: Account) -> None:
        add(known)

        assert not early(elsewhere).is_opening

    def test_another_program_changed_something(self, known: Mailbox, elsewhere: Account, gate: Gate) -> None:
        """What it did is found before anything is told."""
        for path in (elsewhere.root / "cur").iterdir():
            path.unlink()

        assert len(early(elsewhere).messages) == 0

    def test_what_was_packed_before_first_unseen_messages_were(self, known: Mailbox, elsewhere: Account) -> None:
        """A header that does not say which was the first."""
        header = known._box.index.read(lambda asked: packing.header(asked, known.number))
        assert header is not None
        known._box.index.write(
            lambda work: packing.write(work.connection, known.number, header._replace(unseen=()), {})
        )

        assert not early(elsewhere).is_opening
        assert len(early(elsewhere).messages.uids) == 9


class TestFailure:
    """Of what was told nothing is taken back without a word."""

    def test_what_is_packed_cannot_be_read(self, known: Mailbox, elsewhere: Account, gate: Gate) -> None:
        """The rows can."""
        inbox = early(elsewhere)
        messages = inbox.messages
        gate.open(errno.EIO)
        inbox.await_rows()

        assert list(messages.uids) == list(inbox.messages.uids) == [1, 2, 3, 4, 5, 6, 7, 8, 9]

    @pytest.mark.parametrize("lost", [0, 1])
    def test_the_index_is_lost(
        self, known: Mailbox, account: Account, elsewhere: Account, gate: Gate, lost: int
    ) -> None:
        """The same messages will do; if one went with it, sessions have to begin anew."""
        account.close()  # the list of UIDs is on disk
        inbox = early(elsewhere)
        messages = inbox.messages
        for path in elsewhere.index_path.glob("index.sqlite*"):
            path.unlink()
        for path in list((elsewhere.root / "cur").iterdir())[:lost]:
            path.unlink()
        gate.open(errno.EIO)
        if lost:
            with pytest.raises(NoSuchMailbox):
                inbox.await_rows()
            assert inbox.is_lost
            assert len(elsewhere.mailbox("INBOX").messages) == 8
        else:
            inbox.await_rows()
            assert list(messages.uids) == list(inbox.messages.uids) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_what_comes_of_it_is_so(known: Mailbox, tmp_path: Path) -> None:
    """Whatever was done to the mailbox since it was packed."""
    chance = random.Random(5)
    early_ones = 0
    for _ in range(40):
        uids = list(known.messages.uids)
        match chance.randrange(3):
            case 0:
                add(known, *[b"a\n"] * chance.randint(1, 9))
                known.claim_recent()
            case 1:
                known.store(chance.sample(uids, 2), Action.ADD, frozenset([chance.choice([SEEN, DELETED])]))
            case _:
                known.remove(uids[-2:])
        accounts = Accounts(settings(tmp_path))
        inbox = early(accounts.open("fred", None))
        early_ones += inbox.is_opening
        messages, truth = inbox.messages, row_by_row(known).messages
        inbox.await_rows()
        assert inbox.messages is messages
        for column in COLUMNS:
            assert getattr(messages, column) == getattr(truth, column)
        accounts.close()
    assert early_ones > 10
