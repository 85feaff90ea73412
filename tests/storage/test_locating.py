"""Where a message's file is that was renamed just now."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from mailaccess.mail.flags import FLAGGED
from mailaccess.storage.account import Account
from mailaccess.storage.box import Box
from mailaccess.storage.errors import Unavailable
from mailaccess.storage.index.rows import Message
from mailaccess.storage.locating import Locator
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.maildir import Maildir
from tests.storage.post import add, flags_of

T = TypeVar("T")


@pytest.fixture
def path(inbox: Mailbox, account: Account) -> Path:
    """The file of the only message."""
    add(inbox, b"one\n")
    (path,) = (account.root / "cur").iterdir()
    return path


def locate(account: Account, ask: Callable[[Locator, Message], T]) -> T:
    """Runs `ask` with message 1 in a transaction."""
    box = Box(account.root, account.index, "")

    def work(transaction: object) -> T:
        row = box.row(transaction)  # type: ignore[arg-type]
        (message,) = transaction.messages(row, [1])  # type: ignore[attr-defined]
        return ask(Locator(transaction, box, row), message)  # type: ignore[arg-type]

    return account.index.write(work)


def test_it_is_where_it_was(account: Account, path: Path) -> None:
    """Nothing changes."""
    assert locate(account, lambda locator, message: locator.again(message) == message)


@pytest.mark.parametrize("letters", ["S", "FT"])
def test_it_was_renamed(account: Account, path: Path, inbox: Mailbox, letters: str) -> None:
    """Found, and its flags are news."""
    before = inbox.highestmodseq
    path.rename(f"{path}{letters}")
    found = locate(account, lambda locator, message: locator.again(message))

    assert found is not None
    assert found.entry.letters == letters
    assert found.modseq > before
    assert (FLAGGED in flags_of(inbox)[1]) == ("F" in letters)


def test_it_is_gone(account: Account, path: Path, inbox: Mailbox) -> None:
    """Proved by a scan; the index forgets it."""
    path.unlink()

    assert locate(account, lambda locator, message: locator.again(message)) is None
    assert len(inbox.messages) == 0


def test_its_name_is_anothers_now(account: Account, path: Path, inbox: Mailbox) -> None:
    """A file of other content is another message."""
    path.unlink()
    path.with_name(f"{path.name}S").write_bytes(b"something else\n")

    assert locate(account, lambda locator, message: locator.again(message)) is None
    inbox.sync()
    assert list(inbox.messages.uids) == [2]


def test_neither_can_be_told(account: Account, path: Path, inbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program renames without pause: it stays, and who asks may try again."""
    scan = Maildir.settled_scan
    monkeypatch.setattr(Maildir, "settled_scan", lambda self, attempts: scan(self, 1)._replace(settled=False))
    path.unlink()

    with pytest.raises(Unavailable, match="try again"):
        locate(account, lambda locator, message: locator.again(message))
    assert len(inbox.messages) == 1


def test_it_does_not_try_for_ever(account: Account, path: Path) -> None:
    """A file that is there when looked for and not there when used."""

    def ask(locator: Locator, message: Message) -> None:
        while True:
            locator.again(message)

    with pytest.raises(Unavailable, match="try again"):
        locate(account, ask)
