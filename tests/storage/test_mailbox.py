"""One mailbox, shared by sessions, threads and processes."""

import os
import random
import shutil
import threading
import time
from pathlib import Path

import pytest

from mailaccess.mail.flags import DELETED, SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.errors import NoSuchMailbox, StorageError
from mailaccess.storage.index.reading import everything
from mailaccess.storage.index.rows import facts_id
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.memory import Memory
from mailaccess.storage.watch import Watcher
from tests.storage.post import TEXT, add, arrive, flags_of, settings, settle, texts


class TestSharing:
    """Several sessions and processes."""

    def test_one_object_for_all_sessions(self, account: Account) -> None:
        """What one changes the others have in memory."""
        one, two = account.mailbox("INBOX"), account.mailbox("inbox")

        assert one is two
        add(one)
        assert len(two.messages) == 1

    def test_another_process_sees_it_at_the_next_look(self, inbox: Mailbox, elsewhere: Account) -> None:
        """It is told by the wake file that there is something to see."""
        other = elsewhere.mailbox("INBOX")
        settle(other)
        assert not other.poll()
        add(inbox, b"one\n", b"two\n")
        inbox.store([2], Action.ADD, frozenset([SEEN, DELETED]))

        assert other.poll()
        other.sync()
        assert flags_of(other) == flags_of(inbox)
        inbox.expunge(None)
        other.refresh()
        assert texts(other) == {1: b"one\r\n"}

    def test_a_generation_is_kept_until_something_is_expunged(self, inbox: Mailbox) -> None:
        """New mail and flags change it, an expunge makes a new one and leaves the old one as it was."""
        add(inbox, TEXT, TEXT)
        first = inbox.messages
        add(inbox)
        inbox.store([1], Action.ADD, frozenset([SEEN]))
        assert inbox.messages is first
        inbox.remove([2])

        assert inbox.messages is not first
        assert list(first.uids) == [1, 2, 3]
        assert list(inbox.messages.uids) == [1, 3]

    def test_two_processes_write_at_once(self, inbox: Mailbox, elsewhere: Account) -> None:
        """No UID is given twice, nothing is lost, and both know the same in the end."""
        other = elsewhere.mailbox("INBOX")
        given: list[int] = []

        def work(mailbox: Mailbox, name: bytes) -> None:
            for number in range(15):
                given.extend(add(mailbox, b"%s %d\n" % (name, number)))
                mailbox.store([given[-1]], Action.ADD, frozenset([SEEN]))

        threads = [threading.Thread(target=work, args=pair) for pair in ((inbox, b"a"), (other, b"b"), (inbox, b"c"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        inbox.sync()
        other.sync()

        assert sorted(given) == list(range(1, 46))
        assert len(set(texts(inbox).values())) == 45
        assert flags_of(inbox) == flags_of(other) == {uid: {SEEN} for uid in range(1, 46)}

    def test_mod_sequences_rise_over_processes(self, inbox: Mailbox, elsewhere: Account) -> None:
        """None is used twice."""
        other = elsewhere.mailbox("INBOX")
        add(inbox)
        seen = [inbox.highestmodseq]
        for number in range(10):
            mailbox = (inbox, other)[number % 2]
            mailbox.store([1], Action.REPLACE, frozenset([f"$K{number % 3}"]))
            mailbox.refresh()
            seen.append(mailbox.highestmodseq)

        assert seen == sorted(set(seen))


class TestPacking:
    """What a process begins with that opens a large mailbox."""

    @pytest.fixture(autouse=True)
    def _any_mailbox(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Is large enough."""
        monkeypatch.setattr("mailaccess.storage.mailbox._LARGE", 1)
        monkeypatch.setattr("mailaccess.storage.mailbox._FEW", 1)
        monkeypatch.setattr("mailaccess.storage.index.packing.RANGE", 4)

    @staticmethod
    def loaded(inbox: Mailbox, *, unpack: bool) -> tuple[Memory, bool]:
        """The mailbox as a new process has it, and whether it was unpacked."""
        news = inbox._box.index.read(lambda asked: everything(asked, inbox.number, unpack=unpack))
        assert news is not None
        return Memory(news), news.before is not None

    def test_it_is_the_same_as_row_by_row(self, inbox: Mailbox, account: Account) -> None:
        """Whatever was done to the mailbox before and since."""
        chance = random.Random(3)
        unpacked = 0
        for _ in range(80):
            uids = list(inbox.messages.uids)
            match chance.randrange(6) if uids else 0:
                case 0:
                    add(inbox, *[b"a\n"] * chance.randint(1, 9), flags=frozenset(chance.choice([[], ["$a"], [SEEN]])))
                case 1:
                    arrive(account.root)
                    inbox.sync()
                case 2:
                    flags = frozenset([chance.choice([SEEN, *(f"$K{number}" for number in range(30))])])
                    inbox.store(
                        chance.sample(uids, min(len(uids), 3)), chance.choice([Action.ADD, Action.REPLACE]), flags
                    )
                case 3:
                    inbox.remove(chance.sample(uids, min(len(uids), 3)))
                case 4:
                    inbox.make_sizes(uids[-5:])
                case 5:
                    inbox.pack()
            (one, was_packed), (other, _) = self.loaded(inbox, unpack=True), self.loaded(inbox, unpack=False)
            unpacked += was_packed
            for column in ("uids", "flags", "modseqs", "sizes", "dates", "saved", "highest"):
                assert getattr(one.messages, column) == getattr(other.messages, column)
            assert {name.lower() for name in one.keywords()} == {name.lower() for name in other.keywords()}
        assert unpacked > 20

    def test_what_is_damaged_is_not_used(self, inbox: Mailbox) -> None:
        """Where a chunk is missing, the rows are read."""
        add(inbox, *[b"a\n"] * 10)
        inbox.pack()
        assert self.loaded(inbox, unpack=True)[1]
        chunk = facts_id(inbox.number, 2)
        inbox._box.index.write(
            lambda transaction: transaction.connection.execute("DELETE FROM packed WHERE id = ?", (chunk,))
        )
        found, was_packed = self.loaded(inbox, unpack=True)

        assert not was_packed
        assert len(found.messages) == 10

    def test_it_is_done_when_an_account_is_closed(self, tmp_path: Path) -> None:
        """The next start finds it, and the mailbox as it was left."""
        for _ in range(2):
            accounts = Accounts(settings(tmp_path))
            inbox = accounts.open("fred", None).mailbox("INBOX")
            add(inbox, TEXT, flags=frozenset([SEEN, "$a"]))
            accounts.close()
        inbox = Accounts(settings(tmp_path)).open("fred", None).mailbox("INBOX")

        assert self.loaded(inbox, unpack=True)[1]
        assert flags_of(inbox) == {1: {SEEN, "$a"}, 2: {SEEN, "$a"}}


class TestNews:
    """How sessions learn that there is something to tell."""

    def test_subscribers_are_told_of_commits(self, inbox: Mailbox) -> None:
        """Until they no longer want to be."""
        told: list[int] = []
        unsubscribe = inbox.subscribe(lambda: told.append(len(inbox.messages)))
        add(inbox)
        assert told == [1]
        unsubscribe()
        add(inbox)

        assert told == [1]

    def test_of_commits_in_another_mailbox_object_of_the_account(self, account: Account) -> None:
        """COPY changes the target."""
        account.create("Work")
        inbox, work = account.mailbox("INBOX"), account.mailbox("Work")
        add(inbox)
        told: list[str] = []
        inbox.subscribe(lambda: told.append("inbox"))
        work.subscribe(lambda: told.append("work"))
        inbox.copy([1], work)

        assert told == ["work"]

    def test_a_broken_session_does_not_keep_others_from_it(
        self, inbox: Mailbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Its error is logged."""
        told: list[int] = []

        def fail() -> None:
            raise RuntimeError("broken")

        inbox.subscribe(fail)
        inbox.subscribe(lambda: told.append(1))
        add(inbox)

        assert told == [1]
        assert "broken" in caplog.text

    def test_of_changes_on_disk(self, inbox: Mailbox, account: Account, watcher: Watcher) -> None:
        """The first subscriber has the directories watched, the last one has it ended."""
        told: list[int] = []
        unsubscribe = inbox.subscribe(lambda: told.append(1))
        watcher.ready()
        told.clear()
        arrive(account.root)
        watcher.ready()
        assert told
        assert inbox.poll()
        unsubscribe()
        told.clear()
        arrive(account.root)
        watcher.ready()

        assert told == []

    def test_of_commits_of_another_process(self, inbox: Mailbox, elsewhere: Account, watcher: Watcher) -> None:
        """Which touches the wake file."""
        other = elsewhere.mailbox("INBOX")
        add(inbox)
        told: list[int] = []
        inbox.subscribe(lambda: told.append(1))
        watcher.ready()
        told.clear()
        other.sync()
        other.store([1], Action.ADD, frozenset(["$Late"]))
        watcher.ready()

        assert told
        assert inbox.poll()
        inbox.sync()
        assert flags_of(inbox) == {1: {"$Late"}}

    def test_what_happened_before_the_watch_was_armed_is_told(
        self, inbox: Mailbox, account: Account, watcher: Watcher
    ) -> None:
        """Armed first, then looked."""
        arrive(account.root)
        told: list[int] = []
        inbox.subscribe(lambda: told.append(1))

        assert told == [1]

    def test_polling_is_cheap(self, inbox: Mailbox) -> None:
        """Thousands of sessions do it after every command."""
        add(inbox)
        settle(inbox)
        started = time.perf_counter()
        for _ in range(1000):
            inbox.poll()

        assert (time.perf_counter() - started) / 1000 < 0.0005

    def test_what_is_told_while_this_process_writes_is_not_lost(self, inbox: Mailbox, account: Account) -> None:
        """`poll` says no during a write; when it is over, subscribers are told to ask again."""
        add(inbox)
        polls: list[bool] = []
        told: list[bool] = []

        def work() -> None:
            arrive(account.root)
            polls.append(inbox.poll())

        inbox.subscribe(lambda: told.append(inbox.poll()))
        inbox._write(work)

        assert polls == [False]
        assert told[-1:] == [True]


class TestLostIndex:
    """The index is a cache."""

    def test_a_removed_index_is_noticed(self, inbox: Mailbox, account: Account) -> None:
        """By who has the mailbox open."""
        add(inbox, b"one\n", b"two\n")
        account.maintain()
        shutil.rmtree(account.index_path)

        assert inbox.poll()
        inbox.sync()
        assert sorted(texts(inbox).values()) == [b"one\r\n", b"two\r\n"]
        inbox.sync()
        assert not inbox.poll()

    @pytest.mark.parametrize("how", ["removed", "corrupt"])
    def test_writing_goes_on(self, inbox: Mailbox, account: Account, how: str) -> None:
        """At worst the first attempt fails, and changes nothing."""
        add(inbox, b"one\n")
        if how == "removed":
            shutil.rmtree(account.index_path)
        else:
            account.index.close()
            (account.index_path / "index.sqlite").write_bytes(b"not a database" * 500)
        try:
            add(inbox, b"two\n")
        except StorageError:
            add(inbox, b"two\n")

        assert sorted(texts(inbox).values()) == [b"one\r\n", b"two\r\n"]

    def test_uids_of_the_old_index_name_nothing_else(self, inbox: Mailbox, account: Account) -> None:
        """A client's STORE that was on its way must not hit another message."""
        uids = add(inbox, b"one\n", b"two\n")
        shutil.rmtree(account.index_path)
        try:
            inbox.store(uids, Action.ADD, frozenset([DELETED]))
        except StorageError:
            inbox.store(uids, Action.ADD, frozenset([DELETED]))
        inbox.expunge(uids)

        assert len(texts(inbox)) == 2

    def test_two_processes_agree_after_the_loss(self, inbox: Mailbox, elsewhere: Account, account: Account) -> None:
        """Both leave the file that is no more, and UIDs are the same in both."""
        other = elsewhere.mailbox("INBOX")
        add(inbox, b"one\n")
        other.sync()
        shutil.rmtree(account.index_path)
        other.sync()
        add(other, b"two\n")
        inbox.sync()

        assert texts(inbox) == texts(other)
        assert sorted(texts(inbox).values()) == [b"one\r\n", b"two\r\n"]

    def test_the_same_name_in_the_new_index_is_not_another_mailbox(self, account: Account) -> None:
        """Numbers are given anew: memory must not mix mailboxes up."""
        for name in ("A", "B", "C"):
            account.create(name)
            add(account.mailbox(name), name.encode() + b"\n")
        kept = {name: account.mailbox(name) for name in ("A", "B", "C")}
        shutil.rmtree(account.index_path)

        assert {name: list(texts(account.mailbox(name)).values()) for name in ("C", "A", "B")} == {
            name: [name.encode() + b"\r\n"] for name in ("A", "B", "C")
        }
        assert all(account.mailbox(name) is kept[name] for name in kept)


class TestLife:
    """A mailbox comes and goes while sessions have it open."""

    def test_a_renamed_mailbox_stays_usable(self, account: Account, elsewhere: Account) -> None:
        """In all processes, under its new name."""
        account.create("Old")
        mailbox, other = account.mailbox("Old"), elsewhere.mailbox("Old")
        add(mailbox, b"one\n")
        account.rename("Old", "New")
        add(mailbox, b"two\n")
        other.sync()

        assert mailbox.name == other.name == "New"
        assert texts(other) == {1: b"one\r\n", 2: b"two\r\n"}
        assert account.mailbox("New") is mailbox

    def test_a_deleted_mailbox_is_over(self, account: Account, elsewhere: Account) -> None:
        """For all who had it open."""
        account.create("Work")
        mailbox, other = account.mailbox("Work"), elsewhere.mailbox("Work")
        account.delete("Work")
        for each in (mailbox, other):
            assert each.poll()
            with pytest.raises(NoSuchMailbox):
                each.sync()
            with pytest.raises(NoSuchMailbox):
                each.store([1], Action.ADD, frozenset([SEEN]))

    def test_a_directory_that_cannot_be_read(self, inbox: Mailbox, account: Account) -> None:
        """Here it is a file for a while, as it might be somebody else's: no mail for the moment."""
        uids = add(inbox)
        cur = account.root / "cur"
        cur.rename(account.root / "away")
        cur.touch()
        for look in (inbox.sync, lambda: account.mailbox("INBOX")):
            with pytest.raises(StorageError):
                look()
        cur.unlink()
        (account.root / "away").rename(cur)

        inbox.sync()
        assert list(inbox.messages.uids) == uids

    def test_a_disk_that_fails(self, inbox: Mailbox, account: Account, tmp_path: Path) -> None:
        """Says so, in words for users."""
        (account.root / "tmp").rmdir()
        (account.root / "tmp").touch()
        with pytest.raises(StorageError) as caught:
            inbox.incoming()

        assert os.fspath(tmp_path) not in str(caught.value)
