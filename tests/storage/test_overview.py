"""All mailboxes at a glance: never anything but what looking into each would show."""

import os
import shutil
import time
from pathlib import Path

import pytest

from mailaccess.mail.flags import SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.errors import StorageError
from mailaccess.storage.mailbox import Action
from mailaccess.storage.status import Status
from mailaccess.storage.watch import Watcher
from tests.storage.post import TEXT, add, arrive


def settle(account: Account) -> None:
    """Makes all directories look as if nothing had happened in them lately."""
    for path in (account.root, *(entry for entry in account.root.iterdir() if entry.name.startswith("."))):
        for directory in (path, path / "new", path / "cur"):
            while time.time_ns() - directory.stat().st_ctime_ns < 50_000_000:
                os.sched_yield()  # the clock behind file times goes on


def told(account: Account) -> dict[str, Status]:
    """What is told at once, when all is as the index has it."""
    for entry in account.mailboxes():
        account.status(entry.name)
    return dict(account.with_statuses()[1])


@pytest.fixture
def several(account: Account) -> Account:
    """An account with three mailboxes that have been looked into."""
    account.create("Work")
    account.create("Sent", frozenset(["\\Sent"]))
    add(account.mailbox("INBOX"), TEXT, TEXT)
    add(account.mailbox("Work"), TEXT, flags=frozenset([SEEN]))
    settle(account)
    return account


@pytest.fixture(params=["watched", "looked at"])
def watched(several: Account, request: pytest.FixtureRequest) -> Account:
    """The same, that has been asked about several times; with a watch and without."""
    if request.param == "watched":
        request.getfixturevalue("watcher")
    for _ in range(3):
        told(several)
    return several


def agrees(account: Account) -> bool:
    """What is told at once is what looking into each mailbox shows; and then all is told."""
    entries, statuses = account.with_statuses()
    assert entries == account.mailboxes()
    for name, status in statuses.items():
        assert account.status(name) == status
    return told(account).keys() == {entry.name for entry in entries if entry.selectable}


def test_sums_of_all(several: Account) -> None:
    """As STATUS has them."""
    statuses = told(several)

    assert statuses == {name: several.status(name) for name in ("INBOX", "Sent", "Work")}
    assert (statuses["INBOX"].messages, statuses["INBOX"].recent, statuses["Work"].unseen) == (2, 2, 0)


def test_what_is_not_known_is_not_told(account: Account) -> None:
    """A mailbox that nobody ever looked into; one with news."""
    account.create("Work")
    account.status("INBOX")
    settle(account)
    account.status("INBOX")
    assert account.with_statuses()[1].keys() == {"INBOX"}
    arrive(account.root, TEXT)

    assert account.with_statuses()[1].keys() == set()


def test_several_that_nobody_has_looked_into(account: Account) -> None:
    """Are entered together, as they would be one by one."""
    for name in ("a", "b", "c", "d", "e"):
        account.create(name)
        arrive(account.root / f".{name}", TEXT, name="1.h:2,S", where="cur")
    settle(account)
    statuses = account.with_statuses(size=False)[1]

    assert {name: statuses[name].messages for name in "abcde"} == dict.fromkeys("abcde", 1)
    assert len({status.uidvalidity for status in statuses.values()}) == len({s.guid for s in statuses.values()}) == 6
    shutil.rmtree(account.index_path)
    account.mailboxes()
    for name, status in statuses.items():
        again = account.status(name)
        assert (again.guid, again.uidvalidity, again.unseen) == (status.guid, status.uidvalidity, status.unseen)
        assert again.uidnext > status.uidnext or name == "INBOX"  # nobody was told of a UID there


def test_one_that_cannot_be_read(account: Account) -> None:
    """Keeps nobody from the others."""
    for name in ("a", "b", "c", "d", "e"):
        account.create(name)
    (account.root / ".b" / "new").rmdir()
    (account.root / ".b" / "new").touch()

    entries, statuses = account.with_statuses()
    assert len(entries) == 6
    assert "b" not in statuses
    with pytest.raises(StorageError):
        account.status("b")
    assert account.status("c").messages == 0


def test_sizes_that_are_not_known(several: Account) -> None:
    """Are for who asks for them, as files have to be read."""
    arrive(several.root, TEXT)
    settle(several)
    several.mailbox("INBOX")
    several.mailbox("INBOX")

    assert "INBOX" not in several.with_statuses(size=True)[1]
    assert several.with_statuses(size=False)[1]["INBOX"].messages == 3


class TestNews:
    """What happens after all was known."""

    def test_mail(self, watched: Account) -> None:
        """Delivered by another program."""
        arrive(watched.root / ".Work", TEXT)

        assert "Work" not in watched.with_statuses()[1]
        assert watched.status("Work").messages == 2
        settle(watched)
        assert agrees(watched)

    def test_flags(self, watched: Account) -> None:
        """Set by another program."""
        file = next((watched.root / ".Work" / "cur").iterdir())
        file.rename(file.with_name(file.name.partition(":")[0] + ":2,"))

        assert "Work" not in watched.with_statuses()[1]
        assert watched.status("Work").unseen == 1

    def test_our_own(self, watched: Account, elsewhere: Account) -> None:
        """In this process and in another one."""
        watched.mailbox("INBOX").store([1], Action.ADD, frozenset([SEEN]))
        elsewhere.mailbox("Work").expunge([])
        elsewhere.mailbox("Work").remove([1])

        assert watched.status("INBOX").unseen == 1
        assert watched.status("Work").messages == 0
        settle(watched)
        assert agrees(watched)

    def test_only_in_the_index(self, watched: Account, elsewhere: Account) -> None:
        """\\Recent is no name of a file."""
        elsewhere.mailbox("Work").claim_recent()
        settle(watched)

        assert told(watched)["Work"].recent == 0

    def test_a_mailbox_made(self, watched: Account) -> None:
        """By us and by another program."""
        watched.create("Play")
        for name in ("cur", "new", "tmp"):
            (watched.root / ".Foreign" / name).mkdir(parents=True)

        assert [entry.name for entry in watched.mailboxes()] == ["INBOX", "Foreign", "Play", "Sent", "Work"]
        settle(watched)
        assert agrees(watched)
        arrive(watched.root / ".Foreign", TEXT)
        assert "Foreign" not in watched.with_statuses()[1]

    def test_a_mailbox_gone(self, watched: Account) -> None:
        """Removed by another program."""
        shutil.rmtree(watched.root / ".Work")

        entries, statuses = watched.with_statuses()
        assert [entry.name for entry in entries] == ["INBOX", "Sent"]
        assert statuses.keys() == {"INBOX", "Sent"}

    def test_no_mailbox_any_more(self, watched: Account) -> None:
        """Its cur/ is gone."""
        shutil.rmtree(watched.root / ".Work" / "cur")
        (watched.root / ".Work" / "maildirfolder").unlink()

        assert [entry.name for entry in watched.with_statuses()[0]] == ["INBOX", "Sent"]

    def test_another_in_its_place(self, watched: Account) -> None:
        """With the name of the one that was moved away."""
        (watched.root / ".Work").rename(watched.root / ".Play")
        (watched.root / ".Sent").rename(watched.root / ".Work")

        assert [entry.name for entry in watched.with_statuses()[0]] == ["INBOX", "Play", "Work"]
        assert watched.status("Work").messages == 0
        assert watched.status("Play").messages == 1
        settle(watched)
        assert agrees(watched)

    def test_a_list_of_rights(self, watched: Account) -> None:
        """What is told then depends on who asks."""
        (watched.root / ".Work" / "dovecot-acl").write_text("owner lr\n")

        assert "Work" not in watched.with_statuses()[1]

    def test_a_special_use(self, watched: Account) -> None:
        """Also one that was only changed."""
        watched.set_special_use("Work", frozenset(["\\Junk"]))
        assert [set(entry.special_use) for entry in watched.mailboxes()] == [set(), {"\\Sent"}, {"\\Junk"}]
        (watched.root / ".Work" / "mailaccess-special-use").write_text("\\Trash\n")

        assert [set(entry.special_use) for entry in watched.mailboxes()] == [set(), {"\\Sent"}, {"\\Trash"}]

    def test_a_uidlist_of_another_program(self, watched: Account) -> None:
        """It may be another mailbox's by now."""
        (watched.root / ".Work" / "dovecot-uidlist").unlink()

        assert "Work" not in watched.with_statuses()[1]

    def test_a_lost_index(self, watched: Account) -> None:
        """All is found again."""
        shutil.rmtree(watched.index_path)

        assert watched.with_statuses()[1] == {}
        assert agrees(watched)


def test_nothing_is_looked_at_while_nothing_happens(
    several: Account, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is watched."""
    for _ in range(3):
        told(several)
    before = several.with_statuses()
    looked: list[Path] = []
    monkeypatch.setattr(os, "scandir", looked.append)
    stat = os.stat

    def counted(path: Path, **given: bool) -> os.stat_result:
        looked.append(path)
        return stat(path, **given)

    monkeypatch.setattr(os, "stat", counted)

    assert several.with_statuses() == before
    monkeypatch.undo()
    assert looked
    assert not any(Path(path).is_dir() for path in looked)
