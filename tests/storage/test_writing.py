"""APPEND and delivery."""

import os
import time
from pathlib import Path

import pytest

from mailaccess.mail.flags import DRAFT, SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.box import Box
from mailaccess.storage.disk import sync_directory
from mailaccess.storage.errors import NoSuchMailbox, StorageError
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.uidlist import read_uidlist
from tests.storage.post import TEXT, WIRE_TEXT, add, files, flags_of, texts


def test_a_message_is_there_when_the_call_returns(inbox: Mailbox, account: Account) -> None:
    """In memory and on disk, as the octets that were received."""
    assert add(inbox) == [1]
    assert texts(inbox) == {1: WIRE_TEXT}
    (path,) = (account.root / "cur").iterdir()
    assert path.read_bytes() == TEXT


def test_flags_and_date(inbox: Mailbox, account: Account) -> None:
    """The date is INTERNALDATE and the file's mtime."""
    add(inbox, flags=frozenset([SEEN, DRAFT, "$Work"]), date=1_000_000_000)

    assert flags_of(inbox) == {1: {SEEN, DRAFT, "$Work"}}
    assert list(inbox.messages.dates) == [1_000_000_000]
    (path,) = (account.root / "cur").iterdir()
    assert path.stat().st_mtime == 1_000_000_000
    assert path.name.endswith(":2,DSa")


def test_a_delivery_goes_to_new(inbox: Mailbox, account: Account) -> None:
    """Under a bare name, as any delivery agent's; one with flags can only be in cur/."""
    for flags in (frozenset[str](), frozenset([SEEN])):
        incoming = inbox.incoming()
        incoming.write(TEXT)
        inbox.append([(incoming, flags, None)], delivery=True)
    delivered, flagged = sorted(files(account.root), reverse=True)

    assert delivered.startswith("new/")
    assert ":" not in delivered
    assert flagged.startswith("cur/")
    assert flagged.endswith(":2,S")
    assert account.status("INBOX").recent == 2
    inbox.sync()
    assert len(inbox.messages) == 2


def test_recent_is_claimed_where_nothing_else_is_to_be(inbox: Mailbox, account: Account) -> None:
    """In the transaction that adds the message: who adds it is the first to know."""

    def claiming() -> tuple[list[int], bool]:
        incoming = inbox.incoming()
        incoming.write(TEXT)
        return inbox.append_claiming([(incoming, frozenset(), None)])

    assert claiming() == ([1], True)
    assert (inbox.recent_floor, account.status("INBOX").recent) == (2, 0)
    add(inbox)
    assert claiming() == ([3], False)
    assert inbox.claim_recent() == 2
    assert claiming() == ([4], True)


def test_without_a_date_it_is_now(inbox: Mailbox) -> None:
    """As is SAVEDATE."""
    add(inbox)

    assert abs(inbox.messages.dates[0] - time.time()) < 60
    assert abs(inbox.messages.saved[0] - time.time()) < 60


def test_sizes_are_known_at_once(inbox: Mailbox) -> None:
    """The wire size was counted on the way in."""
    add(inbox, TEXT, WIRE_TEXT, b"mixed\r\nends\n")

    assert list(inbox.messages.sizes) == [len(WIRE_TEXT), len(WIRE_TEXT), 13]
    assert [len(text) for text in texts(inbox).values()] == [len(WIRE_TEXT), len(WIRE_TEXT), 13]


def test_several_messages_come_together(inbox: Mailbox) -> None:
    """MULTIAPPEND: one transaction, UIDs in order."""
    add(inbox)

    assert add(inbox, b"one\n", b"two\n", b"three\n") == [2, 3, 4]
    assert len(set(inbox.messages.modseqs[1:])) == 1


def test_all_or_none(inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the second message cannot be put into place, the first is not there either."""
    items = []
    for _ in range(2):
        incoming = inbox.incoming()
        incoming.write(TEXT)
        items.append((incoming, frozenset[str](), None))
    items[1][0].discard()
    items[1][0]._path = str(account.root / "tmp" / "removed by another program")

    with pytest.raises(StorageError):
        inbox.append(items)
    assert files(account.root) == []
    assert add(inbox) == [1]


def test_a_commit_that_fails_leaves_no_file(inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is half there: the client is told that it failed."""

    def fail(path: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("mailaccess.storage.index.writer.sync_directory", fail)
    with pytest.raises(StorageError):
        add(inbox)
    monkeypatch.undo()

    assert files(account.root) == []
    inbox.sync()
    assert len(inbox.messages) == 0


def test_everything_is_durable_in_its_order(inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The octets before their name, the name before the index, the uidlist's N before a UID above it."""
    steps: list[str] = []
    fsync, reserve = os.fsync, Box.reserve

    def watch_fsync(fd: int) -> None:
        steps.append(f"fsync {Path(f'/proc/self/fd/{fd}').readlink().parent.name}")
        fsync(fd)

    def watch_directory(path: Path) -> None:
        steps.append(f"sync {path.name}")
        sync_directory(path)

    def watch_reserve(*args: object) -> None:
        steps.append("reserve")
        reserve(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "fsync", watch_fsync)
    monkeypatch.setattr("mailaccess.storage.index.writer.sync_directory", watch_directory)
    monkeypatch.setattr(Box, "reserve", watch_reserve)
    add(inbox)

    assert steps[0] == "fsync tmp"
    assert steps.index("reserve") < steps.index("sync cur")
    uidlist = read_uidlist(account.root)
    assert uidlist is not None
    assert uidlist.next_uid > 1


def test_the_uidlist_promises_a_block_at_a_time(inbox: Mailbox, account: Account) -> None:
    """It is not written for each message."""
    add(inbox)
    before = (account.root / "dovecot-uidlist").stat().st_mtime_ns
    for _ in range(20):
        add(inbox)

    assert (account.root / "dovecot-uidlist").stat().st_mtime_ns == before
    uidlist = read_uidlist(account.root)
    assert uidlist is not None
    assert uidlist.next_uid >= 1000


def test_a_mailbox_that_was_deleted_meanwhile(account: Account) -> None:
    """Is not made again by a message that was on its way."""
    account.create("Work")
    work = account.mailbox("Work")
    incoming = work.incoming()
    incoming.write(TEXT)
    account.delete("Work")

    with pytest.raises(NoSuchMailbox):
        work.append([(incoming, frozenset(), None)])
    assert not (account.root / ".Work").exists()


def test_more_keywords_than_letters(inbox: Mailbox, account: Account) -> None:
    """The first 26 are letters in names, the others stand beside the mail."""
    names = [f"$Key{number:02}" for number in range(30)]
    add(inbox, flags=frozenset(names))

    assert flags_of(inbox) == {1: frozenset(names)}
    assert set(inbox.keywords()) == set(names)
    (path,) = (account.root / "cur").iterdir()
    assert path.name.endswith(":2,abcdefghijklmnopqrstuvwxyz")
    assert (account.root / "mailaccess-keywords").read_text().startswith("$Key26 $Key27 $Key28 $Key29 :")
