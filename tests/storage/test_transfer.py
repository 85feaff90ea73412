"""COPY and MOVE."""

import os
from pathlib import Path

import pytest

from mailaccess.mail.flags import FLAGGED, SEEN
from mailaccess.storage import transfer
from mailaccess.storage.account import Account
from mailaccess.storage.errors import NoSuchMailbox, StorageError
from mailaccess.storage.flagging import SLICE
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.maildir import Maildir
from tests.storage.post import TEXT, add, files, flags_of, texts


@pytest.fixture
def work(account: Account) -> Mailbox:
    """A second mailbox."""
    account.create("Work")
    return account.mailbox("Work")


class TestCopy:
    """A second message with the same content."""

    def test_content_flags_and_dates_travel(self, inbox: Mailbox, work: Mailbox) -> None:
        """Both messages are there; the copy was saved now."""
        add(inbox, b"one\n", flags=frozenset([SEEN]), date=1_000_000_000)
        add(work)

        assert inbox.copy([1], work) == [(1, 2)]
        assert texts(inbox) == {1: b"one\r\n"}
        assert texts(work)[2] == b"one\r\n"
        assert flags_of(work)[2] == {SEEN}
        assert (work.messages.dates[1], work.messages.sizes[1]) == (1_000_000_000, 5)

    def test_letters_are_translated_by_name(self, inbox: Mailbox, work: Mailbox, account: Account) -> None:
        """The same letter means something else in another mailbox."""
        add(inbox, flags=frozenset(["$First"]))
        add(inbox, flags=frozenset(["$Second", FLAGGED]))
        add(work, flags=frozenset(["$Third"]))
        inbox.copy([1, 2], work)

        assert flags_of(work) == {1: {"$Third"}, 2: {"$First"}, 3: {"$Second", FLAGGED}}
        assert sorted(name.partition(":")[2] for name in files(account.root / ".Work")) == ["2,Fc", "2,a", "2,b"]

    def test_a_copy_is_a_hard_link(self, inbox: Mailbox, work: Mailbox, account: Account) -> None:
        """Under a base name of its own."""
        add(inbox)
        inbox.copy([1], work)
        (one,), (two,) = (account.root / "cur").iterdir(), (account.root / ".Work" / "cur").iterdir()

        assert one.samefile(two)
        assert one.name.partition(":")[0] != two.name.partition(":")[0]

    def test_where_links_are_impossible_it_is_copied(
        self, inbox: Mailbox, work: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another file system, or one without links."""

        def refuse(*_: object, **__: object) -> None:
            raise OSError(18, "Invalid cross-device link")

        add(inbox, b"one\n", date=1_000_000_000)
        monkeypatch.setattr(os, "link", refuse)
        inbox.copy([1], work)

        assert texts(work) == {1: b"one\r\n"}
        assert list(work.messages.dates) == [1_000_000_000]

    def test_into_the_same_mailbox(self, inbox: Mailbox) -> None:
        """A duplicate."""
        add(inbox, b"one\n")

        assert inbox.copy([1], inbox) == [(1, 2)]
        assert texts(inbox) == {1: b"one\r\n", 2: b"one\r\n"}

    def test_messages_that_are_gone_are_passed_over(self, inbox: Mailbox, work: Mailbox, account: Account) -> None:
        """Expunged, or removed by another program just now."""
        add(inbox, b"one\n", b"two\n", b"three\n")
        inbox.remove([1])
        next(path for path in (account.root / "cur").iterdir() if path.read_bytes() == b"two\n").unlink()

        assert inbox.copy([1, 2, 3], work) == [(3, 1)]

    def test_a_file_renamed_meanwhile_is_copied_as_it_is(self, inbox: Mailbox, work: Mailbox, account: Account) -> None:
        """With the flags it has by now."""
        add(inbox, b"one\n")
        (path,) = (account.root / "cur").iterdir()
        path.rename(f"{path}FR")
        inbox.copy([1], work)

        assert flags_of(work) == flags_of(inbox) == {1: {FLAGGED, "\\Answered"}}

    def test_all_or_none(
        self, inbox: Mailbox, work: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A failure in the last slice takes the first ones back (RFC 3501 6.4.7)."""
        add(inbox, *[TEXT] * (2 * SLICE + 1))
        add(work)
        link_copy = Maildir.link_copy
        done: list[object] = []

        def fail_late(*args: object) -> object:
            done.append(args)
            if len(done) > 2 * SLICE:
                raise OSError(28, "No space left on device")
            return link_copy(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(Maildir, "link_copy", fail_late)
        with pytest.raises(StorageError):
            inbox.copy(list(inbox.messages.uids), work)
        monkeypatch.undo()

        assert list(work.messages.uids) == [1]
        assert len(files(account.root / ".Work")) == 1
        work.sync()
        assert list(work.messages.uids) == [1]

    def test_nobody_takes_a_copy_back_that_is_being_made(
        self, inbox: Mailbox, work: Mailbox, elsewhere: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another process opens the account between two slices."""
        add(inbox, *[TEXT] * (SLICE + 1))
        opened: list[int] = []
        commit = transfer._copy

        def watched(*args: object, **options: object) -> object:
            if options["last"]:
                transfer.take_back_unfinished(elsewhere.root, elsewhere.index)
                opened.append(len(work.messages))
            return commit(*args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(transfer, "_copy", watched)
        inbox.copy(list(inbox.messages.uids), work)

        assert opened == [SLICE]
        assert len(work.messages) == SLICE + 1

    def test_into_a_mailbox_that_was_deleted(self, inbox: Mailbox, work: Mailbox, account: Account) -> None:
        """Nothing happens; the source is as it was."""
        add(inbox)
        account.delete("Work")

        with pytest.raises(NoSuchMailbox):
            inbox.copy([1], work)
        assert len(inbox.messages) == 1

    def test_facts_and_sizes_are_not_computed_again(self, inbox: Mailbox, work: Mailbox) -> None:
        """They come along."""
        add(inbox)
        facts = inbox.make_facts([1])[1]
        inbox.copy([1], work)

        assert work.cached_facts([1]) == {1: facts}

    def test_copies_have_uidls_of_their_own(self, inbox: Mailbox, work: Mailbox) -> None:
        """A POP3 client tells messages apart by them."""
        add(inbox)
        inbox.copy([1], inbox)

        assert len(set(inbox.uidls([1, 2]))) == 2


class TestMove:
    """One message, somewhere else."""

    def test_it_is_gone_here_and_there_over_there(self, inbox: Mailbox, work: Mailbox, account: Account) -> None:
        """With flags and dates; the file is renamed."""
        add(inbox, b"one\n", b"two\n", flags=frozenset([SEEN, "$Work"]), date=1_000_000_000)
        before = inbox.highestmodseq

        assert inbox.move([2], work) == [(2, 1)]
        assert (texts(inbox), texts(work)) == ({1: b"one\r\n"}, {1: b"two\r\n"})
        assert flags_of(work) == {1: {SEEN, "$Work"}}
        assert list(work.messages.dates) == [1_000_000_000]
        assert inbox.vanished_since(before) == [2]
        assert len(files(account.root)) == len(files(account.root / ".Work")) == 1

    def test_within_one_mailbox(self, inbox: Mailbox) -> None:
        """A new UID."""
        add(inbox, b"one\n")

        assert inbox.move([1], inbox) == [(1, 2)]
        assert texts(inbox) == {2: b"one\r\n"}

    def test_there_and_back_again(self, inbox: Mailbox, work: Mailbox) -> None:
        """Every time under a new UID."""
        add(inbox, b"one\n")
        inbox.move([1], work)
        work.move([1], inbox)
        inbox.move([2], work)

        assert (list(inbox.messages.uids), texts(work)) == ([], {2: b"one\r\n"})

    def test_many_messages_go_in_slices(self, inbox: Mailbox, work: Mailbox) -> None:
        """All arrive, in order."""
        count = 2 * SLICE + 5
        add(inbox, *(b"%d\n" % number for number in range(count)))

        assert inbox.move(list(inbox.messages.uids), work) == [(uid, uid) for uid in range(1, count + 1)]
        assert list(texts(work).values()) == [b"%d\r\n" % number for number in range(count)]

    def test_a_commit_that_fails_leaves_the_message_where_it_was(
        self, inbox: Mailbox, work: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Under its UID and its name."""
        add(inbox, b"one\n")
        before = files(account.root)

        def fail(path: Path) -> None:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr("mailaccess.storage.index.writer.sync_directory", fail)
        with pytest.raises(StorageError):
            inbox.move([1], work)
        monkeypatch.undo()
        inbox.sync()
        work.sync()

        assert files(account.root) == before
        assert (texts(inbox), texts(work)) == ({1: b"one\r\n"}, {})

    def test_a_file_renamed_meanwhile_is_moved(self, inbox: Mailbox, work: Mailbox, account: Account) -> None:
        """And one that was removed is passed over."""
        add(inbox, b"one\n", b"two\n")
        paths = {path.read_bytes(): path for path in (account.root / "cur").iterdir()}
        paths[b"one\n"].rename(f"{paths[b'one' + bytes([10])]}S")
        paths[b"two\n"].unlink()

        assert inbox.move([1, 2], work) == [(1, 1)]
        assert flags_of(work) == {1: {SEEN}}
        assert len(inbox.messages) == 0


def test_keywords_beyond_letters_travel(inbox: Mailbox, work: Mailbox, account: Account) -> None:
    """From the sidecar of one mailbox to letters or the sidecar of the other."""
    names = frozenset(f"$Key{number:02}" for number in range(28))
    add(inbox, flags=names)
    inbox.copy([1], work)
    inbox.move([1], work)

    assert flags_of(work) == {1: names, 2: names}
    work.store([1], Action.ADD, frozenset([SEEN]))
    assert flags_of(work)[1] == names | {SEEN}
    assert (account.root / ".Work" / "mailaccess-keywords").read_text().count("\n") == 2
