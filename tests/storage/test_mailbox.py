"""One mailbox, shared by sessions, threads and processes."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from mailaccess.mail.flags import DELETED, SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.errors import NoSuchMailbox, StorageError
from mailaccess.storage.mailbox import Action, Mailbox
from tests.storage.post import TEXT, add, flags_of, settle, texts


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
