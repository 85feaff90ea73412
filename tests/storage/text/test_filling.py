"""Filling the index: all messages, in slices, once; what is expunged goes; nothing that fails reaches anybody else."""

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.text import filling
from tests.storage.post import add, arrive, file_of, settings
from tests.storage.text.test_asking import answer, fill


def rows(account: Account, table: str) -> int:
    """How many a table has."""
    connection = sqlite3.connect(account.index_path / "text.sqlite")
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        connection.close()


def trigrams(account: Account, needle: str) -> list[int]:
    """The documents that are said to hold one."""
    connection = sqlite3.connect(account.index_path / "text.sqlite")
    try:
        found = connection.execute("SELECT rowid FROM trigram WHERE trigram MATCH ?", (f'"{needle}"',)).fetchall()
        return [number for (number,) in found]
    finally:
        connection.close()


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few messages at a time."""
    monkeypatch.setattr(filling, "_MESSAGES", 3)


def test_only_what_is_wanted(accounts: Accounts, account: Account, inbox: Mailbox) -> None:
    """There is no index before somebody has searched, nor of mailboxes where nobody has."""
    account.create("Work")
    add(inbox)
    add(account.mailbox("Work"))
    assert not accounts.to_fill
    assert not accounts.fill()
    assert inbox.ask_texts() is None
    fill(accounts, inbox)

    assert answer(inbox, "WORLD") == [1]
    asked = account.mailbox("Work").ask_texts()
    assert asked is not None
    assert asked.unknown([1]) == [1]
    asked.close()


@pytest.mark.usefixtures("small_slices")
def test_in_slices_and_kept_full(accounts: Accounts, inbox: Mailbox) -> None:
    """What comes later is put in without being asked for; between two slices what is there can be asked."""
    add(inbox, *[b"\none %d\n" % number for number in range(8)])
    inbox.want_texts()
    assert accounts.fill()
    asked = inbox.ask_texts()
    assert asked is not None
    assert asked.unknown(inbox.messages.uids) == [4, 5, 6, 7, 8]
    asked.close()
    while accounts.fill():
        pass
    assert answer(inbox, "ONE") == list(range(1, 9))
    add(inbox, b"\nanother one\n")
    assert accounts.to_fill
    while accounts.fill():
        pass

    assert answer(inbox, "ONE") == list(range(1, 10))


@pytest.mark.usefixtures("small_slices")
def test_what_is_expunged_goes(accounts: Accounts, account: Account, inbox: Mailbox) -> None:
    """Its text and its trigrams, unless a copy has the same."""
    add(inbox, *[b"\nnumber %d\n" % number for number in range(10, 20)])
    account.create("Work")
    work = account.mailbox("Work")
    inbox.copy([1], work)
    fill(accounts, inbox)
    fill(accounts, work)
    assert (rows(account, "place"), rows(account, "document")) == (11, 10)
    inbox.remove(list(range(1, 10)))
    while accounts.fill():
        pass

    assert (rows(account, "place"), rows(account, "document")) == (2, 2)
    assert len(trigrams(account, "NUM")) == 2
    assert (answer(inbox, "NUMBER 1"), answer(work, "NUMBER 1")) == ([10], [1])
    account.delete("Work")
    add(inbox)
    while accounts.fill():
        pass
    assert rows(account, "mailbox") == 1
    assert trigrams(account, " 10") == []


def test_what_others_did(accounts: Accounts, account: Account, inbox: Mailbox) -> None:
    """Mail that other programs deliver, rewrite and remove."""
    for text in (b"\nfirst\n", b"\nsecond\n", b"\nthird\n"):
        arrive(account.root, text)
    inbox.sync()
    fill(accounts, inbox)
    file_of(inbox, account.root, 1).write_bytes(b"\nfirst, and more\n")
    file_of(inbox, account.root, 2).unlink()
    assert inbox.unlike([1, 2, 3]) == {1, 2}
    account.check()
    inbox.sync()
    while accounts.fill():
        pass

    assert list(inbox.messages.uids) == [3, 4]
    assert answer(inbox, "FIRST") == [4]
    assert rows(account, "document") == 2


def test_what_is_too_large_is_left(accounts: Accounts, inbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what cannot be read; whoever searches reads it."""
    monkeypatch.setattr(filling, "LARGEST", 100)
    add(inbox, b"\nsmall\n", b"\n" + b"large\n" * 20)
    fill(accounts, inbox)
    asked = inbox.ask_texts()
    assert asked is not None

    assert asked.unknown([1, 2]) == [2]
    asked.close()


@pytest.mark.usefixtures("small_slices")
def test_two_processes(accounts: Accounts, account: Account, inbox: Mailbox, elsewhere: Account) -> None:
    """Each message is put in once, by whoever comes to it."""
    add(inbox, *[b"\nnumber %d\n" % number for number in range(20)])
    other = elsewhere.mailbox("INBOX")
    assert elsewhere.texts is not None
    inbox.want_texts()
    other.want_texts()
    while accounts.fill() | elsewhere.texts.fill():
        pass

    assert rows(account, "document") == 20
    assert answer(inbox, "NUMBER") == answer(other, "NUMBER") == list(range(1, 21))


@pytest.mark.usefixtures("small_slices")
def test_who_comes_second_leaves_it_to_the_first(accounts: Accounts, account: Account, inbox: Mailbox) -> None:
    """While another process is at it, there is just more to do; a patient one waits."""
    add(inbox, b"\none\n")
    fill(accounts, inbox)
    add(inbox, b"\ntwo\n")
    connection = sqlite3.connect(account.index_path / "text.sqlite", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    assert accounts.fill()
    connection.execute("ROLLBACK")
    connection.close()
    while accounts.fill():
        pass

    assert answer(inbox, "TWO") == [2]


def test_a_full_disk(
    accounts: Accounts, inbox: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The index does not take the last of it; it is told once, and tried again later."""
    add(inbox)
    monkeypatch.setattr(filling, "LEAST_FREE", 1 << 62)
    with caplog.at_level(logging.WARNING):
        fill(accounts, inbox)
        fill(accounts, inbox)
    assert len(caplog.messages) == 1
    assert "No space left" in caplog.messages[0]
    monkeypatch.undo()
    assert not accounts.fill()
    texts = accounts.open("fred", None).texts
    assert texts is not None
    while texts.fill(patient=True):
        pass

    assert answer(inbox, "WORLD") == [1]


def test_the_index_it_goes_by_is_lost(accounts: Accounts, account: Account, inbox: Mailbox) -> None:
    """Its numbers mean nothing any more: it is begun anew."""
    add(inbox, b"\none\n", b"\ntwo\n")
    fill(accounts, inbox)
    account.close()
    for path in account.index_path.glob("index.sqlite*"):
        path.unlink()
    inbox.sync()
    assert inbox.ask_texts() is None
    fill(accounts, inbox)

    assert answer(inbox, "TWO") == [2]


def test_a_mailbox_that_was_removed(accounts: Accounts, account: Account) -> None:
    """By another program, or replaced by one: the others are filled."""
    found = []
    for name in ("Old", "Older", "Work"):
        account.create(name)
        found.append(account.mailbox(name))
        add(found[-1])
        found[-1].want_texts()
    shutil.rmtree(account.root / ".Old")
    shutil.rmtree(account.root / ".Older")
    for part in ("cur", "new", "tmp"):
        (account.root / ".Older" / part).mkdir(parents=True)
    while accounts.fill():
        pass

    assert answer(found[-1], "WORLD") == [1]


def test_an_account_that_was_removed(accounts: Accounts, account: Account, inbox: Mailbox) -> None:
    """Nothing of it is made again."""
    add(inbox)
    inbox.want_texts()
    shutil.rmtree(account.root)
    while accounts.fill():
        pass

    assert not account.root.exists()
    account.root.mkdir()  # for who closes it


def test_a_crash_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process that is killed leaves behind is a state between two slices, or none."""
    monkeypatch.setattr(filling, "_MESSAGES", 2)
    accounts = Accounts(settings(tmp_path / "live"))
    account = accounts.open("fred", None)
    inbox = account.mailbox("INBOX")
    add(inbox, *[b"\nnumber %d\n" % number for number in range(9)])
    inbox.want_texts()
    copies: list[Path] = []

    def copy() -> None:
        copies.append(tmp_path / f"copy{len(copies)}")
        shutil.copytree(tmp_path / "live", copies[-1], ignore=shutil.ignore_patterns("*-shm"))

    for _ in _statements(monkeypatch, copy):
        while accounts.fill():
            pass
        inbox.remove([1, 2, 3])
        while accounts.fill():
            pass
    accounts.close()
    assert len(copies) > 20
    for left in copies:
        _look_at(left)


def _statements(monkeypatch: pytest.MonkeyPatch, step: "object") -> Iterator[None]:
    """Within it, `step` is called before each statement that changes the index."""
    original = filling.Filling._work

    def work(self: filling.Filling, connection: sqlite3.Connection) -> bool:
        connection.set_trace_callback(lambda text: step() if text.startswith(("INSERT", "UPDATE", "DELETE")) else None)  # type: ignore[operator]
        try:
            return original(self, connection)
        finally:
            connection.set_trace_callback(None)

    with monkeypatch.context() as patch:
        patch.setattr(filling.Filling, "_work", work)
        yield


def _look_at(left: Path) -> None:
    accounts = Accounts(settings(left))
    inbox = accounts.open("fred", None).mailbox("INBOX")
    asked = inbox.ask_texts()
    if asked is not None:
        known = set(inbox.messages.uids) - set(asked.unknown(inbox.messages.uids))
        found = {uid for piece in asked.holding(inbox.messages.uids, "NUMBER", header=False) for uid in piece}
        asked.close()
        assert known <= found
    fill(accounts, inbox)
    assert answer(inbox, "NUMBER") == list(inbox.messages.uids)
    accounts.close()
