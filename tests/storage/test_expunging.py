"""Messages on their way out."""

from itertools import groupby
from pathlib import Path

import pytest

from mailaccess.mail.flags import DELETED, SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.errors import MessageGone, StorageError
from mailaccess.storage.flagging import SLICE
from mailaccess.storage.mailbox import Action, Mailbox
from tests.storage.post import TEXT, add, files, texts


def mark(inbox: Mailbox, *uids: int) -> None:
    """Sets \\Deleted."""
    inbox.store(uids, Action.ADD, frozenset([DELETED]))


def test_only_deleted_messages_go(inbox: Mailbox, account: Account) -> None:
    """All of them, for good."""
    add(inbox, b"one\n", b"two\n", b"three\n", b"four\n")
    mark(inbox, 2, 4)
    before = inbox.highestmodseq

    assert inbox.expunge(None) == [2, 4]
    assert texts(inbox) == {1: b"one\r\n", 3: b"three\r\n"}
    assert len(files(account.root)) == 2
    assert inbox.vanished_since(before) == [2, 4]
    assert inbox.highestmodseq > before


def test_only_those_asked_for(inbox: Mailbox) -> None:
    """UID EXPUNGE (RFC 4315): both named and \\Deleted."""
    add(inbox, *[TEXT] * 4)
    mark(inbox, 1, 2, 3)

    assert inbox.expunge([2, 3, 4, 99]) == [2, 3]
    assert list(inbox.messages.uids) == [1, 4]


def test_nothing_to_expunge(inbox: Mailbox) -> None:
    """Nothing happens."""
    add(inbox)
    before = inbox.highestmodseq

    assert inbox.expunge(None) == []
    assert inbox.highestmodseq == before


def test_pop3_removes_whatever_the_flags(inbox: Mailbox) -> None:
    """What was marked with DELE."""
    add(inbox, *[TEXT] * 3)

    assert inbox.remove([1, 3, 7]) == [1, 3]
    assert list(inbox.messages.uids) == [2]


def test_the_flag_is_looked_for_where_it_is(inbox: Mailbox, account: Account) -> None:
    """Another program has just taken \\Deleted away: the message stays."""
    add(inbox)
    mark(inbox, 1)
    (path,) = (account.root / "cur").iterdir()
    path.rename(path.with_name(path.name.replace(":2,T", ":2,S")))

    assert inbox.expunge([1]) == []
    assert list(inbox.messages.flags) == [{SEEN}]


def test_a_file_renamed_meanwhile_is_found(inbox: Mailbox, account: Account) -> None:
    """Still \\Deleted, so it goes."""
    add(inbox)
    mark(inbox, 1)
    (path,) = (account.root / "cur").iterdir()
    path.rename(path.with_name(path.name.replace(":2,T", ":2,RST")))

    assert inbox.expunge([1]) == [1]
    assert files(account.root) == []


def test_a_file_that_is_gone_already_counts_as_expunged(inbox: Mailbox, account: Account) -> None:
    """Two clients expunge the same message, one of them through another program."""
    add(inbox, b"one\n", b"two\n")
    mark(inbox, 1, 2)
    next(path for path in (account.root / "cur").iterdir() if path.read_bytes() == b"one\n").unlink()

    assert inbox.expunge([1, 2]) == [1, 2]
    assert len(inbox.messages) == 0


def test_many_messages_go_in_slices(inbox: Mailbox) -> None:
    """So that others get their turn."""
    add(inbox, *[TEXT] * (2 * SLICE + 3))
    commits: list[int] = []
    inbox.subscribe(lambda: commits.append(len(inbox.messages)))
    commits.clear()  # it may have been told that there was something before
    inbox.remove(list(inbox.messages.uids))

    assert [count for count, _ in groupby(commits)] == [SLICE + 3, 3, 0]


def test_what_was_expunged_never_comes_back(inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files go first: where the index cannot be written, the next look at the disk says it."""
    add(inbox, b"one\n", b"two\n")

    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mailaccess.storage.index.writer.sync_directory", fail)
    with pytest.raises(StorageError):
        inbox.remove([1])
    monkeypatch.undo()
    inbox.sync()

    assert texts(inbox) == {2: b"two\r\n"}
    assert add(inbox) == [3]


def test_an_open_message_can_be_read_to_its_end(inbox: Mailbox) -> None:
    """Though it is expunged meanwhile; it cannot be opened again."""
    add(inbox, b"one\n")
    with inbox.content(1) as content:
        inbox.remove([1])
        assert content.read(0, 100) == b"one\r\n"

    with pytest.raises(MessageGone):
        inbox.content(1)
