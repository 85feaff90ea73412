"""What the kernel said of a mailbox: changes of other programs are found by name, and no directory is read for them."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mailaccess.mail.flags import DELETED, FLAGGED, SEEN
from mailaccess.storage import heard
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.heard import differing
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.memory import Memory
from mailaccess.storage.names import Entry
from mailaccess.storage.watch import Watcher
from tests.storage.post import TEXT, add, arrive, file_of, files, flags_of, renaming, settings, settle, texts

Reads = list[str]


@pytest.fixture
def open_inbox(inbox: Mailbox, watcher: Watcher) -> Mailbox:
    """INBOX with three messages, as a session has it open that nobody has disturbed."""
    add(inbox, b"one\n", b"two\n", b"three\n")
    settle(inbox)
    inbox.subscribe(lambda: None)
    return inbox


@pytest.fixture
def reads(open_inbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Reads:
    """The directories read from now on: `new` or `cur`, once for each time."""
    paths: Reads = []

    def counting(read: Callable[[str], object]) -> Callable[[str], object]:
        def counted(path: str) -> object:
            paths.append(Path(path).name)
            return read(path)

        return counted

    for name in ("listdir", "scandir"):
        monkeypatch.setattr(f"mailaccess.storage.maildir.os.{name}", counting(getattr(os, name)))
    return paths


def uids(mailbox: Mailbox) -> list[int]:
    """Of all messages in memory."""
    return list(mailbox.messages.uids)


def test_what_differs_from_what_is_known() -> None:
    """A file that is where it should be is none, nor is the name it had before; a further name is."""
    at, other, new = Entry("a", ":2,", "cur"), Entry("a", ":2,S", "cur"), Entry("b", "", "new")
    known = {"a": at}

    assert differing({at: True, other: False}, known) == set()
    assert differing({at: False, other: True}, known) == {"a"}
    assert differing({other: True}, known) == {"a"}
    assert differing({new: True}, known) == {"b"}
    assert differing({new: False}, known) == set()


class TestOtherPrograms:
    """Single changes cost the same in a large mailbox."""

    def test_a_delivery(self, open_inbox: Mailbox, account: Account, reads: Reads) -> None:
        """To new/ or to cur/; a file that comes and goes is nothing."""
        arrive(account.root)
        arrive(account.root, name="1700000001.a:2,F", where="cur")
        arrive(account.root, name="1700000002.b").unlink()
        assert open_inbox.poll()
        open_inbox.sync()

        assert uids(open_inbox) == [1, 2, 3, 4, 5]
        assert reads == []

    def test_flags(self, open_inbox: Mailbox, account: Account, reads: Reads) -> None:
        """One rename or several."""
        path = file_of(open_inbox, account.root, 2)
        reads.clear()
        for info in (":2,S", ":2,FS", ":2,F"):
            path = path.rename(path.with_name(path.name.partition(":")[0] + info))
        assert open_inbox.poll()
        open_inbox.sync()

        assert flags_of(open_inbox)[2] == {FLAGGED}
        assert reads == []

    def test_a_rename_in_two_steps(self, open_inbox: Mailbox, account: Account, reads: Reads) -> None:
        """By link and unlink."""
        path = file_of(open_inbox, account.root, 2)
        reads.clear()
        os.link(path, path.with_name(path.name + "S"))
        path.unlink()
        open_inbox.sync()

        assert flags_of(open_inbox) == {1: set(), 2: {SEEN}, 3: set()}
        assert reads == []

    def test_two_files_of_one_base(self, open_inbox: Mailbox, account: Account) -> None:
        """Are told apart as ever."""
        path = file_of(open_inbox, account.root, 2)
        path.with_name(path.name + "S").write_bytes(b"another\n")
        open_inbox.sync()
        open_inbox.sync()

        assert sorted(texts(open_inbox).values()) == [b"another\r\n", b"one\r\n", b"three\r\n", b"two\r\n"]

    def test_a_removal_is_proved_by_one_reading(self, open_inbox: Mailbox, account: Account, reads: Reads) -> None:
        """However many there are."""
        gone = [file_of(open_inbox, account.root, uid) for uid in (1, 3)]
        reads.clear()
        for path in gone:
            path.unlink()
        open_inbox.sync()

        assert uids(open_inbox) == [2]
        assert sorted(reads) == ["cur", "new"]

    def test_a_move_to_another_mailbox_and_back(
        self, open_inbox: Mailbox, account: Account, watcher: Watcher, reads: Reads
    ) -> None:
        """Gone here, new there; and new here, as a message that was expunged never comes back."""
        account.create("Other")
        other = account.mailbox("Other")
        settle(other)
        other.subscribe(lambda: None)
        path = file_of(open_inbox, account.root, 2)
        reads.clear()
        away = path.rename(account.root / ".Other" / "cur" / path.name)
        other.sync()
        assert uids(other) == [1]
        assert reads == []
        open_inbox.sync()
        away.rename(path)
        open_inbox.sync()
        other.sync()

        assert uids(open_inbox) == [1, 3, 4]
        assert uids(other) == []

    def test_a_change_in_the_same_tick_as_our_own(self, open_inbox: Mailbox, account: Account, reads: Reads) -> None:
        """The directory's stamp may stay as it is, and we know at once."""
        for number in range(20):
            action = Action.REMOVE if number % 2 else Action.ADD
            path = file_of(open_inbox, account.root, 2)
            renamed = path.with_name(path.name.partition(":")[0] + (":2," if number % 2 else ":2,S"))
            reads.clear()
            open_inbox.store([1], action, frozenset([FLAGGED]))
            path.rename(renamed)
            assert open_inbox.poll()
            open_inbox.sync()

            assert flags_of(open_inbox)[2] == (set() if number % 2 else {SEEN})
            assert reads == []

    def test_renaming_without_pause_loses_nothing(self, inbox: Mailbox, account: Account, watcher: Watcher) -> None:
        """What is heard to be gone is heard to have come in the next moment; nothing is taken for gone meanwhile."""
        expected = add(inbox, *(b"message %d\n" % number for number in range(40)))
        inbox.subscribe(lambda: None)
        with renaming(account.root / "cur"):
            for _ in range(50):
                inbox.sync()
                assert uids(inbox) == expected
        (account.root / files(account.root)[0]).unlink()
        inbox.sync()

        assert len(uids(inbox)) == 39

    def test_a_file_is_found_by_what_was_heard(self, open_inbox: Mailbox, account: Account, reads: Reads) -> None:
        """When a command comes before the next look at the mailbox."""
        one, two = (file_of(open_inbox, account.root, uid) for uid in (1, 2))
        reads.clear()
        one.rename(one.with_name(one.name + "FR"))
        two.rename(two.with_name(two.name + "FR"))
        with open_inbox.content(1) as content:
            assert content.read(0, content.size) == b"one\r\n"
        open_inbox.store([2], Action.ADD, frozenset([SEEN]))

        assert flags_of(open_inbox)[2] == {SEEN, FLAGGED, "\\Answered"}
        assert reads == []


class TestOurselves:
    """What we do is heard as well."""

    def test_our_own_changes(self, open_inbox: Mailbox, account: Account, reads: Reads) -> None:
        """Nothing remains to be looked at."""
        account.create("Other")
        other = account.mailbox("Other")
        open_inbox.store([1], Action.ADD, frozenset(["$Label"]))  # a letter is given after a look at all names
        reads.clear()
        add(open_inbox, TEXT, TEXT)
        open_inbox.store([1, 2], Action.ADD, frozenset([DELETED, "$Label"]))
        open_inbox.copy([3], open_inbox)
        open_inbox.move([4], other)
        open_inbox.expunge([1, 2])

        assert not open_inbox._box.heard.listen()
        assert not open_inbox.poll()
        settle(open_inbox)
        assert reads == []

    def test_those_of_another_process(
        self, open_inbox: Mailbox, elsewhere: Account, watcher: Watcher, reads: Reads
    ) -> None:
        """Are read from the index."""
        other = elsewhere.mailbox("INBOX")
        reads.clear()
        add(other)
        other.store([1, 2], Action.ADD, frozenset([DELETED]))
        other.expunge([1])
        assert open_inbox.poll()
        open_inbox.sync()
        settle(open_inbox)

        assert uids(open_inbox) == [2, 3, 4]
        assert reads == []


class TestSilence:
    """Where all was as it is known and nothing was heard since, nothing is looked at."""

    @pytest.fixture
    def silent(self, open_inbox: Mailbox) -> Mailbox:
        """One in which nothing has happened since it was last asked about."""
        assert not open_inbox.poll()
        assert open_inbox._box.heard.is_silent()
        return open_inbox

    def test_nothing_is_looked_at(self, silent: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        """A command that nobody disturbs asks the kernel one thing."""
        asked: list[str] = []
        monkeypatch.setattr("mailaccess.storage.maildir.os.stat", lambda path, *_, **__: asked.append(path))

        assert not silent.poll()
        assert asked == []

    def test_only_lists_are_looked_at_to_open_it(self, silent: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        """They lie where nothing is heard: a SELECT asks for the uidlist's stamp and the keywords'."""
        asked: list[str] = []
        stat = os.stat

        def noted(path: str) -> os.stat_result:
            asked.append(path.rpartition("/")[2])
            return stat(path)

        monkeypatch.setattr("mailaccess.storage.maildir.os.stat", noted)

        assert silent.is_at_hand()
        assert asked == ["dovecot-uidlist", "dovecot-keywords"]

    @pytest.mark.parametrize("name", ["dovecot-uidlist", "dovecot-keywords"])
    def test_a_list_that_another_program_wrote_ends_it(self, silent: Mailbox, account: Account, name: str) -> None:
        """Whoever opens the mailbox now takes it in first."""
        assert silent.is_at_hand()
        with (account.root / name).open("a") as file:
            file.write("0 other\n")

        assert not silent.is_at_hand()

    def test_what_other_programs_do_ends_it(self, silent: Mailbox, account: Account) -> None:
        """At once: what was delivered before the question is part of the answer."""
        arrive(account.root)
        assert silent.poll()
        assert silent.poll()
        silent.sync()

        assert uids(silent) == [1, 2, 3, 4]

    def test_what_another_process_does_ends_it(self, silent: Mailbox, elsewhere: Account) -> None:
        """Its commit is heard of, whatever it changed."""
        elsewhere.mailbox("INBOX").store([2], Action.ADD, frozenset([SEEN]))
        assert silent.poll()
        silent.sync()
        assert flags_of(silent)[2] == {SEEN}
        silent.poll()
        assert not silent.poll()
        elsewhere.mailbox("INBOX")._box.raise_modseq()

        assert silent.poll()

    def test_what_happens_during_a_look_ends_it(
        self, silent: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Even if that look did not show it."""
        silent._box.heard._note({})
        behind = silent._is_behind

        def delivering(memory: Memory) -> bool:
            arrive(account.root)
            silent._box.heard.listen()
            return behind(memory)

        monkeypatch.setattr(silent, "_is_behind", delivering)
        silent.poll()

        assert silent.poll()

    def test_a_lost_event_ends_it(self, silent: Mailbox) -> None:
        """What was not heard has to be looked for."""
        silent._box.heard.lose()

        assert not silent._box.heard.is_silent()

    def test_it_is_soon_over(self, silent: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """That the directories above were moved away is not heard."""
        now = time.monotonic()
        account.root.rename(account.root.with_name("elsewhere"))
        monkeypatch.setattr(time, "monotonic", lambda: now + heard.SILENCE + 1)

        assert silent.poll()


class TestLoss:
    """Where events do not tell all, directories are read."""

    def test_an_overflow(self, open_inbox: Mailbox, account: Account, reads: Reads) -> None:
        """The kernel's queue is short."""
        path = file_of(open_inbox, account.root, 2)
        reads.clear()
        path.unlink()
        open_inbox._box.heard._note(None)
        open_inbox.sync()
        assert uids(open_inbox) == [1, 3]
        assert "cur" in reads
        settle(open_inbox)
        open_inbox.poll()
        reads.clear()
        arrive(account.root)
        open_inbox.sync()

        assert uids(open_inbox) == [1, 3, 4]
        assert reads == []

    def test_more_than_is_worth_it(
        self, open_inbox: Mailbox, account: Account, reads: Reads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """To ask for each name would take longer."""
        monkeypatch.setattr(heard, "MOST", 5)
        for _ in range(8):
            arrive(account.root)
        open_inbox.sync()

        assert len(uids(open_inbox)) == 11
        assert "new" in reads

    def test_a_directory_that_differs_though_nothing_was_heard(self, open_inbox: Mailbox, reads: Reads) -> None:
        """As where an overlay hides what is done below it."""
        os.utime(open_inbox._box.directory / "cur", (1, 1))
        open_inbox.sync()

        assert "cur" in reads

    def test_every_hour(self, open_inbox: Mailbox, reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
        """In case that something was not told."""
        assert not open_inbox.poll()
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + heard.HOUR + 1)
        assert open_inbox.poll()
        open_inbox.sync()

        assert sorted(reads) == ["cur", "new"]

    def test_a_renamed_mailbox(self, account: Account, watcher: Watcher) -> None:
        """Is watched where it is now; and so is one that is made in its place."""
        told: list[str] = []
        account.create("Old")
        mailbox = account.mailbox("Old")
        mailbox.subscribe(lambda: told.append("renamed"))
        account.rename("Old", "New")
        mailbox.sync()
        account.create("Old")
        account.mailbox("Old").subscribe(lambda: told.append("made"))
        watcher.ready()
        told.clear()
        arrive(account.root / ".New")
        watcher.ready()
        assert told == ["renamed"]
        arrive(account.root / ".Old")
        watcher.ready()

        assert told == ["renamed", "made"]

    def test_without_a_watcher(self, inbox: Mailbox, account: Account) -> None:
        """Nothing is heard, and all is found."""
        inbox.subscribe(lambda: None)
        arrive(account.root)
        assert inbox.poll()
        inbox.sync()

        assert uids(inbox) == [1]


class TestWaiting:
    """The reactor is not to wait for a file system."""

    def test_one_that_may_hang(self, account: Account, watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
        """A look at it is left to `sync`, which is for threads."""
        monkeypatch.setattr("mailaccess.storage.openable.is_remote", lambda _: True)
        inbox = account.mailbox("INBOX")
        add(inbox)
        settle(inbox)
        asked: list[str] = []
        for name in ("stat", "lstat", "open"):
            monkeypatch.setattr(f"mailaccess.storage.maildir.os.{name}", lambda path, *_, **__: asked.append(path))
        inbox.subscribe(lambda: None)
        assert inbox.poll()
        assert inbox.content_at_hand(1) is None
        assert asked == []
        assert not inbox._box.heard.covers

    def test_a_missing_directory_is_made_by_sync(self, inbox: Mailbox, account: Account) -> None:
        """Backups leave out empty ones."""
        settle(inbox)
        (account.root / "new").rmdir()
        assert inbox.poll()
        assert not (account.root / "new").exists()
        inbox.sync()

        assert (account.root / "new").exists()


def test_the_next_process_reads_no_directory(open_inbox: Mailbox, account: Account, reads: Reads) -> None:
    """Though the last thing that this one did there was to rename a file."""
    open_inbox.store([1], Action.ADD, frozenset([SEEN]))
    account.close()
    accounts = Accounts(settings(account.root.parent))
    again = accounts.open(account.root.name, None).mailbox("INBOX")

    assert uids(again) == [1, 2, 3]
    assert not {"new", "cur"} & set(reads)
    accounts.close()


def test_what_was_not_heard_is_read(inbox: Mailbox, account: Account) -> None:
    """By the next process: without a watch nobody knows what was renamed besides."""
    add(inbox)
    inbox.store([1], Action.ADD, frozenset([SEEN]))
    inbox.settle()

    assert not inbox._memory.row.cur_settled
