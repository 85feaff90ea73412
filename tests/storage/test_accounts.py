"""All accounts."""

import gc
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from mailaccess.storage.accounts import Accounts, fill
from mailaccess.storage.errors import InvalidName, StorageError
from mailaccess.storage.uidlist import read_uidlist
from tests.storage.post import add, settings


class TestPlaces:
    """Where a user's mail is."""

    def test_the_template_decides(self, tmp_path: Path) -> None:
        """User, local part and domain."""
        assert fill("/srv/{domain}/{local}/mail", "ann@example.org") == "/srv/example.org/ann/mail"
        assert fill("/srv/{user}", "ann@example.org") == "/srv/ann@example.org"
        assert fill("/srv/{local}", "ann") == "/srv/ann"
        assert fill("/srv/{local}@{domain}", "a@b@example.org") == "/srv/a@b@example.org"

    @pytest.mark.parametrize("user", ["", ".", "..", "../ann", "a/b", "a\0b", "a\nb", "\udcff", "x" * 256, "ä" * 128])
    def test_a_user_name_never_leaves_its_directory(self, user: str) -> None:
        """Whatever the backend let through."""
        with pytest.raises(InvalidName):
            fill("/srv/{user}", user)

    @pytest.mark.parametrize("user", ["ann", "@example.org", "ann@", "ann@..", "..@example.org", "ann@a/b"])
    def test_nor_do_its_parts(self, user: str) -> None:
        """One that is missing would shift the path by a level."""
        with pytest.raises(InvalidName):
            fill("/srv/{domain}/{local}", user)

    def test_braces_in_a_user_name_are_not_filled(self) -> None:
        """Once is enough."""
        assert fill("/srv/{user}", "{local}") == "/srv/{local}"

    def test_a_home_overrides_the_template(self, tmp_path: Path) -> None:
        """It is the Maildir."""
        accounts = Accounts(settings(tmp_path))
        account = accounts.open("ann", str(tmp_path / "elsewhere" / "ann"))

        assert account.root == tmp_path / "elsewhere" / "ann"
        assert (tmp_path / "elsewhere" / "ann" / "cur").is_dir()
        accounts.close()

    def test_the_index_can_be_elsewhere(self, tmp_path: Path) -> None:
        """On a local disk, while mail is on a server's."""
        accounts = Accounts(settings(tmp_path / "mail", index=str(tmp_path / "index" / "{user}")))
        account = accounts.open("ann", None)
        add(account.mailbox("INBOX"))

        assert account.index_path == tmp_path / "index" / "ann"
        assert (tmp_path / "index" / "ann" / "index.sqlite").exists()
        assert not (tmp_path / "mail" / "ann" / "mailaccess").exists()
        accounts.close()

    def test_mail_is_its_owners_only(self, tmp_path: Path) -> None:
        """Nobody else on the machine can read it."""
        accounts = Accounts(settings(tmp_path))
        account = accounts.open("ann", None)
        add(account.mailbox("INBOX"))

        assert account.root.stat().st_mode & 0o077 == 0
        assert account.index_path.stat().st_mode & 0o077 == 0
        accounts.close()


class TestSharing:
    """One object for one Maildir."""

    def test_the_same_account_twice(self, tmp_path: Path) -> None:
        """Also under two user names that share a home."""
        accounts = Accounts(settings(tmp_path))
        home = str(tmp_path / "shared")

        assert accounts.open("ann", None) is accounts.open("ann", None)
        assert accounts.open("ann", home) is accounts.open("bob", home)
        assert accounts.open("ann", None) is not accounts.open("bob", None)
        accounts.close()

    def test_few_indexes_are_open(self, tmp_path: Path) -> None:
        """The least recently used give their connections up, and get them back when needed."""
        accounts = Accounts(settings(tmp_path, max_open_indexes=3))
        inboxes = [accounts.open(f"user{number}", None).mailbox("INBOX") for number in range(8)]
        assert database_files(tmp_path) <= 3 * 9
        for inbox in inboxes:
            add(inbox)

        assert [len(inbox.messages) for inbox in inboxes] == [1] * 8
        assert database_files(tmp_path) <= 3 * 9
        accounts.close()
        assert database_files(tmp_path) == 0

    def test_accounts_nobody_uses_are_forgotten(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """After the most recent ones; their uidlists are up to date by then."""
        monkeypatch.setattr("mailaccess.storage.accounts._KEPT", 2)
        accounts = Accounts(settings(tmp_path))
        add(accounts.open("ann", None).mailbox("INBOX"))
        gc.disable()  # it may look at old objects in hours only: nothing of an account may wait for that
        try:
            for number in range(3):
                accounts.open(f"user{number}", None)
            assert len(accounts._accounts) == 2
        finally:
            gc.enable()
        uidlist = read_uidlist(tmp_path / "ann")
        assert uidlist is not None
        assert len(uidlist.records) == 1
        accounts.close()

    def test_who_still_has_a_mailbox_of_one_tells_others_of_changes(self, tmp_path: Path) -> None:
        """Other processes, that is."""
        accounts = Accounts(settings(tmp_path))
        inbox = accounts.open("ann", None).mailbox("INBOX")
        accounts.close()
        assert not accounts._accounts
        wake = tmp_path / "ann" / "mailaccess" / "wake"
        os.utime(wake, (1, 1))
        add(inbox)

        assert wake.stat().st_mtime > 1
        accounts.close()

    @pytest.mark.parametrize("how", ["removed", "broken"])
    def test_one_that_cannot_be_put_to_rest_is_nobody_elses_trouble(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        """Its Maildir is gone when another user logs in; it is not made again."""
        monkeypatch.setattr("mailaccess.storage.accounts._KEPT", 1)
        accounts = Accounts(settings(tmp_path))
        add(accounts.open("ann", None).mailbox("INBOX"))
        shutil.rmtree(tmp_path / "ann")
        if how == "broken":
            (tmp_path / "ann" / "mailaccess" / "index.sqlite").mkdir(parents=True)

        assert add(accounts.open("bob", None).mailbox("INBOX")) == [1]
        assert (tmp_path / "ann").exists() == (how == "broken")
        with suppress(StorageError):  # of whom only the broken one is left to close
            accounts.close()

    def test_all_can_be_maintained(self, tmp_path: Path) -> None:
        """One that fails does not keep others from it."""
        accounts = Accounts(settings(tmp_path))
        broken = accounts.open("ann", None)
        accounts.open("bob", None)
        (broken.root / "cur").rename(tmp_path / "gone")
        (broken.root / "cur").touch()

        accounts.maintain()
        accounts.close()


def database_files(root: Path) -> int:
    """How many descriptors of index files below `root` this process has."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = link.readlink()
            found += "index.sqlite" in target.name and target.is_relative_to(root)
        except FileNotFoundError:
            continue
    return found
