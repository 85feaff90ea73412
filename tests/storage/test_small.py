"""Small files read as they are: the same message as opening it gives, or nothing."""

import os

import pytest

from mailaccess.storage import small
from mailaccess.storage.account import Account
from mailaccess.storage.mailbox import Mailbox
from tests.storage.post import add, arrive


@pytest.mark.parametrize("text", [b"", b"a\nb\n", b"a\r\nb\r\n", b"a\nb\r\n\0\rc\n"])
def test_the_same_octets_as_when_opened(inbox: Mailbox, text: bytes) -> None:
    """However the lines end."""
    (uid,) = add(inbox, text)
    found = inbox.small_files([uid])

    with inbox.content(uid) as content:
        assert small.wire(found[uid]) == content.as_buffer()


@pytest.mark.parametrize("text", [b"a\nb\n\nc", b"a\r\nb\r\n", b"a\nb\r\n\0\rc\n\r\n"])
def test_beginnings_are_as_long_as_asked_at_least(inbox: Mailbox, text: bytes) -> None:
    """In wire form, however the lines end, and wherever it is cut."""
    (uid,) = add(inbox, text)
    with inbox.content(uid) as content:
        whole = content.read(0, 100)

    for end in range(1, len(whole) + 3):
        found = dict(inbox.beginnings({uid: end}))[uid]
        assert whole.startswith(found)
        assert len(found) >= min(end, len(whole))


def test_what_is_left_out(inbox: Mailbox, account: Account) -> None:
    """Large files, those that are not where they were, and those that hold something else now."""
    for number, text in enumerate((b"one", b"x" * (small.MOST + 1), b"three", b"four", b"five", b"six"), 1):
        arrive(account.root, text, name=f"{number}.host", where="cur")
    inbox.sync()
    files = {number: account.root / "cur" / f"{number}.host" for number in range(1, 7)}
    files[3].rename(f"{files[3]}:2,S")
    files[4].unlink()
    before = files[5].stat()
    files[5].write_bytes(b"FIVE")
    os.utime(files[5], ns=(before.st_mtime_ns + 1, before.st_mtime_ns + 1))
    files[6].unlink()
    files[6].symlink_to(files[1])

    assert inbox.small_files([1, 2, 3, 4, 5, 6, 7]) == {1: b"one"}
    inbox.make_sizes([1])
    assert dict(inbox.beginnings(dict.fromkeys(range(1, 8), 1 << 60))) == {1: b"one"}
