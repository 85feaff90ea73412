"""Changes of the tree that a crash interrupts."""

import json
from pathlib import Path

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.errors import MailboxExists
from mailaccess.storage.folders import Folders
from mailaccess.storage.index import reading
from tests.storage.post import add, settings, texts


class Crash(BaseException):
    """The process dies here."""


def names(account: Account) -> list[str]:
    """Of all mailboxes."""
    return [entry.name for entry in account.mailboxes()]


@pytest.fixture
def family(account: Account) -> Account:
    """Three mailboxes of one family, each with its message."""
    for name in ("a", "a/b", "a/c"):
        account.create(name)
        add(account.mailbox(name), name.encode() + b"\n")
    return account


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
def test_a_rename_is_finished_by_whoever_opens_the_account_next(
    family: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    """However many directories were moved before the crash; all keep their messages and UIDVALIDITY."""
    before = {name: family.mailbox(name).uidvalidity for name in ("a", "a/b", "a/c")}

    def die(_folders: Folders, _old: str, _new: str) -> None:
        for name in ("", ".b", ".c")[:moved]:
            (family.root / f".a{name}").rename(family.root / f".x{name}")
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(Folders, "finish_rename", die)
        with pytest.raises(Crash):
            family.rename("a", "x")
    again = Accounts(settings(tmp_path)).open("fred", None)

    assert names(again) == ["INBOX", "x", "x/b", "x/c"]
    assert [list(texts(again.mailbox(name)).items()) for name in ("x", "x/b", "x/c")] == [
        [(1, b"a\r\n")],
        [(1, b"a/b\r\n")],
        [(1, b"a/c\r\n")],
    ]
    assert {f"a{name[1:]}": again.mailbox(name).uidvalidity for name in ("x", "x/b", "x/c")} == before
    again.close()


def test_what_is_finished_is_not_begun_again(family: Account, tmp_path: Path) -> None:
    """The next to open finds nothing left to do, also where the old name is in use again."""
    family.rename("a", "x")
    family.create("a")
    again = Accounts(settings(tmp_path)).open("fred", None)

    assert names(again) == ["INBOX", "a", "x", "x/b", "x/c"]
    again.close()


def test_a_rename_that_is_refused_leaves_no_intent(family: Account) -> None:
    """It was refused before anything was written."""
    family.create("x")
    with pytest.raises(MailboxExists):
        family.rename("a", "x")

    assert family.index.read(lambda connection: reading.intents(connection, "rename")) == {}
    assert names(family) == ["INBOX", "a", "a/b", "a/c", "x"]


def test_an_intent_says_all_that_is_meant(family: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old and new name, and which directory gets which."""

    def die(*_: object) -> None:
        raise Crash

    monkeypatch.setattr(Folders, "finish_rename", die)
    with pytest.raises(Crash):
        family.rename("a", "x")
    (work,) = family.index.read(lambda connection: connection.execute("SELECT work FROM intent").fetchall())

    assert json.loads(work[0]) == {
        "kind": "rename",
        "old": "a",
        "new": "x",
        "moves": {".a": "x", ".a.b": "x/b", ".a.c": "x/c"},
    }


def test_a_crash_while_deleting(family: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory is gone, the index does not know: the name can be used again, for another mailbox."""
    validity = family.mailbox("a/c").uidvalidity
    delete = Folders.delete

    def die(folders: Folders, name: str) -> None:
        delete(folders, name)
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(Folders, "delete", die)
        with pytest.raises(Crash):
            family.delete("a/c")
    again = Accounts(settings(tmp_path)).open("fred", None)
    assert names(again) == ["INBOX", "a", "a/b"]
    again.create("a/c")

    assert texts(again.mailbox("a/c")) == {}
    assert again.mailbox("a/c").uidvalidity > validity
    again.close()
