"""What is due from time to time, and `check`."""

import os
import time
from pathlib import Path

import pytest

from mailaccess.mail.flags import SEEN
from mailaccess.storage import maintenance
from mailaccess.storage.account import Account
from mailaccess.storage.folders import Folders
from mailaccess.storage.index import reading
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.uidlist import read_uidlist
from tests.storage.post import TEXT, add, arrive, seen_files, texts

DAY = 86400.0


def maintain(account: Account, later: float = 0.0) -> None:
    """What is due `later` seconds from now."""
    maintenance.maintain(account.root, account.index, Folders(account.root), time.time() + later)


def listed(account: Account) -> list[int]:
    """UIDs in INBOX's uidlist."""
    uidlist = read_uidlist(account.root)
    assert uidlist is not None
    return [record.uid for record in uidlist.records]


class TestMaintain:
    """Regular care."""

    def test_uidlists_follow_when_it_is_quiet(self, account: Account, inbox: Mailbox) -> None:
        """Not while mail comes and goes."""
        add(inbox, TEXT, TEXT)
        maintain(account)
        assert listed(account) == []
        maintain(account, later=120)

        assert listed(account) == [1, 2]

    def test_tmp_is_cleaned(self, account: Account, inbox: Mailbox) -> None:
        """Of what nobody touched for a day and a half, in every mailbox."""
        account.create("Work")
        for directory in (account.root, account.root / ".Work"):
            (directory / "tmp" / "forgotten").touch()
        maintain(account, later=35 * 3600)
        assert len(list(account.root.glob("**/forgotten"))) == 2
        maintain(account, later=37 * 3600)

        assert list(account.root.glob("**/forgotten")) == []

    def test_facts_of_expunged_messages_go(self, account: Account, inbox: Mailbox) -> None:
        """Once every session must have been told; those of the others stay."""
        add(inbox, *[TEXT] * 4)
        inbox.make_facts([1, 2, 3, 4])
        inbox.remove([1, 3])
        maintain(account, later=500)
        assert list(inbox.cached_facts([1, 2, 3, 4])) == [1, 2, 3, 4]
        maintain(account, later=700)

        assert list(inbox.cached_facts([1, 2, 3, 4])) == [2, 4]

    def test_facts_go_with_what_is_known_of_the_expunge(
        self, account: Account, inbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody would find them afterwards."""
        monkeypatch.setattr(maintenance, "MOST_GONE", 1)
        add(inbox, *[TEXT] * 4)
        inbox.make_facts([1, 2, 3, 4])
        inbox.remove([1])
        inbox.remove([3])
        maintain(account)

        assert list(inbox.cached_facts([1, 2, 3, 4])) == [2, 3, 4]

    def test_old_expunges_are_forgotten(self, account: Account, inbox: Mailbox) -> None:
        """From then on all that is absent is named; what is newer is still known."""
        add(inbox, *[TEXT] * 4)
        before = inbox.highestmodseq
        inbox.remove([2])
        maintain(account, later=20 * DAY)
        assert inbox.vanished_since(before) == [2]
        inbox.refresh()
        since = inbox.highestmodseq
        maintain(account, later=31 * DAY)
        inbox.remove([3])
        inbox.refresh()

        assert inbox.vanished_since(since) == [3]
        assert inbox.vanished_since(before) == [2, 3]
        assert inbox._memory.row.floor == since

    def test_there_are_never_too_many(self, account: Account, inbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        """The oldest go first."""
        monkeypatch.setattr(maintenance, "MOST_GONE", 2)
        add(inbox, *[TEXT] * 6)
        for uid in (1, 3, 5):
            inbox.remove([uid])
        maintain(account)

        assert account.index.read(lambda connection: len(reading.gone_since(connection, inbox.number, 0))) == 2

    def test_mailboxes_long_gone_are_forgotten(self, account: Account) -> None:
        """Not at once: the directory may come back, from a backup or under another name."""
        account.create("Work")
        add(account.mailbox("Work"), b"one\n")
        (account.root / ".Work").rename(account.root / "away")
        maintain(account, later=DAY)
        (account.root / "away").rename(account.root / ".Back")
        assert texts(account.mailbox("Back")) == {1: b"one\r\n"}
        (account.root / ".Back").rename(account.root / "away")
        maintain(account, later=31 * DAY)

        assert account.index.read(reading.mailboxes) == []

    def test_remains_of_a_crash_are_removed(self, account: Account, inbox: Mailbox) -> None:
        """Mailboxes half made or half deleted."""
        (account.root / "mailaccess-trash-1" / "cur").mkdir(parents=True)
        maintain(account)

        assert not (account.root / "mailaccess-trash-1").exists()

    def test_the_sidecar_forgets_messages_that_are_gone(self, account: Account, inbox: Mailbox) -> None:
        """When the uidlist is written."""
        add(inbox, TEXT, TEXT, flags=frozenset(f"$Key{number:02}" for number in range(27)))
        inbox.remove([1])
        maintain(account, later=120)

        assert (account.root / "mailaccess-keywords").read_text().count("\n") == 1


class TestCheck:
    """`mailaccess check`: index and disk, down to the last file."""

    def test_nothing_to_mend(self, account: Account, inbox: Mailbox) -> None:
        """Nothing to say."""
        add(inbox, TEXT, TEXT)
        inbox.store([1], Action.ADD, frozenset([SEEN]))

        assert account.check() == []

    def test_a_file_rewritten_in_place(self, account: Account, inbox: Mailbox) -> None:
        """No directory's time tells of it; each file is asked."""
        add(inbox, b"one\n", b"two\n")
        path = next(path for path in (account.root / "cur").iterdir() if path.read_bytes() == b"one\n")
        path.write_bytes(b"another\n")
        lines = account.check()

        assert lines == [
            "INBOX: 1 messages of unknown files entered",
            "INBOX: 1 messages whose files are gone, or have other content, removed",
        ]
        inbox.sync()
        assert texts(inbox) == {2: b"two\r\n", 3: b"another\r\n"}

    def test_changes_that_left_the_directorys_time_as_it_was(self, account: Account, inbox: Mailbox) -> None:
        """A program that puts times back."""
        add(inbox, b"one\n", b"two\n")
        first, second = seen_files(account.root)
        before = (account.root / "cur").stat()
        first.rename(f"{first}FS")
        second.unlink()
        arrive(account.root, b"three\n", name="3.host:2,", where="cur")
        os.utime(account.root / "cur", ns=(before.st_atime_ns, before.st_mtime_ns))

        account.check()
        inbox.sync()
        assert sorted(texts(inbox).values()) == [b"one\r\n", b"three\r\n"]

    def test_wrong_sums(self, account: Account, inbox: Mailbox) -> None:
        """Are counted anew."""
        add(inbox, TEXT, TEXT)

        def spoil(transaction: object) -> None:
            transaction.mailbox(inbox.number).messages = 17  # type: ignore[attr-defined]

        account.index.write(spoil)
        assert account.check() == ["INBOX: the sums were wrong, and are counted anew"]
        assert account.status("INBOX").messages == 2

    def test_a_corrupt_index(self, account: Account, inbox: Mailbox) -> None:
        """Is found, set aside and made anew."""
        add(inbox, b"one\n")
        account.close()
        (account.index_path / "index.sqlite").write_bytes(b"\1" * 10_000)

        assert account.check()[0] == "the index was corrupt: it is set aside and made anew"
        assert texts(account.mailbox("INBOX")) == {1: b"one\r\n"}

    def test_every_mailbox_is_looked_at(self, account: Account, inbox: Mailbox, tmp_path: Path) -> None:
        """With its name before each line."""
        account.create("Work")
        add(account.mailbox("Work"), b"one\n")
        (path,) = (account.root / ".Work" / "cur").iterdir()
        path.write_bytes(b"other\n")

        assert all(line.startswith("Work: ") for line in account.check())
