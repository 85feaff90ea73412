"""Flags: STORE, keywords, \\Recent."""

import errno
import shutil
import tempfile
import threading
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailaccess.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN, Flags
from mailaccess.storage import flagging
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.disk import rename_noreplace
from mailaccess.storage.errors import DiskFull, LimitReached
from mailaccess.storage.flagging import SLICE, slices
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.mailbox import Action, Mailbox
from tests.storage import post
from tests.storage.post import NONE, TEXT, add, arrive, files, flags_of


class TestStore:
    """What a client changes."""

    def test_adding_removing_replacing(self, inbox: Mailbox, account: Account) -> None:
        """On disk and in memory."""
        add(inbox, flags=frozenset([SEEN, "$Work"]))
        inbox.store([1], Action.ADD, frozenset([FLAGGED]))
        assert flags_of(inbox) == {1: {SEEN, "$Work", FLAGGED}}
        inbox.store([1], Action.REMOVE, frozenset([SEEN, "$work", ANSWERED]))
        assert flags_of(inbox) == {1: {FLAGGED}}
        inbox.store([1], Action.REPLACE, frozenset([DRAFT, "$Work", "Other"]))

        assert flags_of(inbox) == {1: {DRAFT, "$Work", "Other"}}
        assert files(account.root)[0].endswith(":2,Dab")

    def test_a_change_has_a_mod_sequence_of_its_own(self, inbox: Mailbox) -> None:
        """Those it does not change keep theirs: clients need not fetch them again."""
        add(inbox, TEXT)
        add(inbox, TEXT, flags=frozenset([SEEN]))
        before = list(inbox.messages.modseqs)
        inbox.store([1, 2], Action.ADD, frozenset([SEEN]))

        assert inbox.messages.modseqs[1] == before[1]
        assert inbox.messages.modseqs[0] > max(before)
        assert inbox.highestmodseq == inbox.messages.modseqs[0]

    def test_messages_that_are_gone_are_passed_over(self, inbox: Mailbox) -> None:
        """The others are changed."""
        add(inbox)

        assert inbox.store([1, 5], Action.ADD, frozenset([SEEN])) == []
        assert flags_of(inbox) == {1: {SEEN}}

    def test_only_unchanged_messages(self, inbox: Mailbox) -> None:
        """UNCHANGEDSINCE (RFC 7162): the others are refused and stay as they are."""
        add(inbox, *[TEXT] * 3)
        since = inbox.highestmodseq
        inbox.store([2], Action.ADD, frozenset([FLAGGED]))

        assert inbox.store([1, 2, 3], Action.ADD, frozenset([SEEN]), unchanged_since=since) == [2]
        assert flags_of(inbox) == {1: {SEEN}, 2: {FLAGGED}, 3: {SEEN}}

    def test_what_another_program_just_changed_is_refused(self, inbox: Mailbox, account: Account) -> None:
        """Though nobody has looked since."""
        add(inbox)
        since = inbox.highestmodseq
        (path,) = (account.root / "cur").iterdir()
        path.rename(f"{path}F")

        assert inbox.store([1], Action.ADD, frozenset([SEEN]), unchanged_since=since) == [1]
        assert flags_of(inbox) == {1: {FLAGGED}}

    def test_flags_set_by_another_program_meanwhile_are_kept(self, inbox: Mailbox, account: Account) -> None:
        """They are added to, not overwritten."""
        add(inbox)
        (path,) = (account.root / "cur").iterdir()
        path.rename(f"{path}FRS")
        inbox.store([1], Action.ADD, frozenset([DRAFT]))

        assert flags_of(inbox) == {1: {FLAGGED, ANSWERED, SEEN, DRAFT}}

    def test_a_file_removed_meanwhile(self, inbox: Mailbox, account: Account) -> None:
        """Its message is gone, which everybody is told."""
        add(inbox)
        (path,) = (account.root / "cur").iterdir()
        path.unlink()

        assert inbox.store([1], Action.ADD, frozenset([SEEN])) == []
        assert len(inbox.messages) == 0

    def test_new_mail_moves_to_cur(self, inbox: Mailbox, account: Account) -> None:
        """Only there can a name have flags."""
        arrive(account.root, name="1.host")
        inbox.sync()
        inbox.store([1], Action.ADD, frozenset([SEEN]))

        assert files(account.root) == ["cur/1.host:2,S"]

    def test_letters_of_strangers_stay(self, inbox: Mailbox, account: Account) -> None:
        """P, letters without a name, and text after a second comma."""
        arrive(account.root, name="1.host:2,PSz,more", where="cur")
        inbox.sync()
        inbox.store([1], Action.REPLACE, frozenset([FLAGGED]))

        assert files(account.root) == ["cur/1.host:2,FPz,more"]

    def test_a_name_too_long_for_flags(self, inbox: Mailbox, account: Account) -> None:
        """Gets another base, and keeps its UID."""
        arrive(account.root, name="1." + "x" * 252)
        inbox.sync()
        inbox.store([1], Action.ADD, frozenset([SEEN, FLAGGED]))

        assert flags_of(inbox) == {1: {SEEN, FLAGGED}}
        inbox.sync()
        assert flags_of(inbox) == {1: {SEEN, FLAGGED}}

    def test_a_name_that_is_taken(self, inbox: Mailbox, account: Account) -> None:
        """No rename destroys a file: both messages are kept."""
        arrive(account.root, b"one\n", name="1.host:2,", where="cur")
        inbox.sync()
        arrive(account.root, b"two\n", name="1.host:2,S", where="cur")
        inbox.store([1], Action.ADD, frozenset([SEEN]))
        inbox.sync()

        assert sorted(post.texts(inbox).values()) == [b"one\r\n", b"two\r\n"]
        assert post.texts(inbox)[1] == b"one\r\n"

    def test_many_messages_go_in_slices(self, inbox: Mailbox) -> None:
        """So that others get their turn."""
        add(inbox, *[TEXT] * (2 * SLICE + 3))
        commits: list[int] = []
        inbox.subscribe(lambda: commits.append(sum(SEEN in flags for flags in inbox.messages.flags)))
        commits.clear()  # it may have been told that there was something before
        inbox.store(list(inbox.messages.uids), Action.ADD, frozenset([SEEN]))

        assert [count for count, _ in groupby(commits)] == [SLICE, 2 * SLICE, 2 * SLICE + 3]

    def test_those_that_are_elsewhere_are_found_among_many(self, inbox: Mailbox, account: Account) -> None:
        """In new/, renamed by another program, under a name that is taken, or gone."""
        add(inbox, *[TEXT] * 4)
        new = arrive(account.root)
        inbox.sync()
        seen, taken, gone = (account.root / name for name in files(account.root)[1:4])
        seen.rename(f"{seen}S")
        Path(f"{taken}F").write_bytes(b"a stranger")
        gone.unlink()
        inbox.store(list(inbox.messages.uids), Action.ADD, frozenset([FLAGGED]))

        shown = files(account.root)
        assert flags_of(inbox) == {1: {FLAGGED}, 2: {SEEN, FLAGGED}, 3: {FLAGGED}, 5: {FLAGGED}}
        assert f"cur/{seen.name}FS" in shown
        assert f"cur/{new.name}:2,F" in shown
        assert Path(f"{taken}F").read_bytes() == b"a stranger"

    def test_a_commit_that_fails_gives_files_their_names_back(
        self, inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All of them."""
        add(inbox, *[TEXT] * 3)
        before = files(account.root)

        def fail(*_: object) -> None:
            assert files(account.root) != before
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(Transaction, "save", fail)
        with pytest.raises(DiskFull):
            inbox.store([1, 2, 3], Action.ADD, frozenset([FLAGGED]))

        assert files(account.root) == before

    def test_as_many_as_can_be_get_them_back(
        self, inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another program has renamed one meanwhile: the others do not suffer."""
        add(inbox, *[TEXT] * 3)
        before = files(account.root)

        def fail(*_: object) -> None:
            (middle,) = (account.root / "cur").glob(f"{before[1].rpartition('/')[2].partition(':')[0]}*")
            middle.rename(f"{middle}S")
            raise DiskFull("no space")

        with monkeypatch.context() as context:
            context.setattr(Transaction, "save", fail)
            with pytest.raises(DiskFull):
                inbox.store([1, 2, 3], Action.ADD, frozenset([FLAGGED]))

        assert files(account.root) == [before[0], f"{before[1]}FS", before[2]]

    def test_threads_do_not_undo_each_other(self, inbox: Mailbox) -> None:
        """Each sets its own flag on all."""
        add(inbox, *[TEXT] * 20)
        names = [f"$Thread{number}" for number in range(6)]

        def work(name: str) -> None:
            for uid in range(1, 21):
                inbox.store([uid], Action.ADD, frozenset([name]))

        threads = [threading.Thread(target=work, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert set(inbox.messages.flags) == {frozenset(names)}


class TestKeywords:
    """Names of letters, and what exceeds them."""

    def test_a_keyword_is_spelled_as_first_seen(self, inbox: Mailbox) -> None:
        """Case does not make another keyword (RFC 3501 2.3.2 leaves it to us; clients differ)."""
        add(inbox, TEXT, flags=frozenset(["$Forwarded"]))
        add(inbox, TEXT, flags=frozenset(["$FORWARDED"]))
        inbox.store([1, 2], Action.ADD, frozenset(["$forwarded"]))

        assert flags_of(inbox) == {1: {"$Forwarded"}, 2: {"$Forwarded"}}
        assert inbox.keywords() == ("$Forwarded",)

    def test_a_message_and_a_mailbox_have_only_so_many(self, inbox: Mailbox) -> None:
        """What is there stays; what a limit is in the way of can be taken away again."""
        add(inbox)
        inbox.store([1], Action.ADD, _numbered(0, 100))
        for flags in (_numbered(100, 101), frozenset(["k" * 256])):
            with pytest.raises(LimitReached):
                inbox.store([1], Action.ADD, flags)
        with pytest.raises(LimitReached):
            add(inbox, flags=_numbered(0, 101))
        assert flags_of(inbox) == {1: _numbered(0, 100)}
        for start in range(100, 1000, 100):
            add(inbox, flags=_numbered(start, start + 100))
        with pytest.raises(LimitReached):
            inbox.store([2], Action.REPLACE, frozenset(["$OneMore"]))

        inbox.store([1], Action.REMOVE, _numbered(0, 1000))
        assert flags_of(inbox)[1] == frozenset()

    def test_names_are_durable_before_files_bear_the_letter(
        self, inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A letter without a name would lose the keyword."""
        add(inbox)
        seen: list[str] = []

        def watched(old: bytes, new: bytes, within: int) -> None:
            seen.append((account.root / "dovecot-keywords").read_text())
            rename_noreplace(old, new, within=within)

        monkeypatch.setattr(flagging, "rename_noreplace", watched)
        inbox.store([1], Action.ADD, frozenset(["$Work"]))

        assert seen == ["0 $Work\n"]

    def test_the_27th_keyword_lives_beside_the_mail(self, inbox: Mailbox, account: Account) -> None:
        """And outlives the index."""
        add(inbox, flags=frozenset(f"$Key{number:02}" for number in range(26)))
        inbox.store([1], Action.ADD, frozenset(["$Late"]))
        inbox.store([1], Action.ADD, frozenset(["$LATE"]))
        assert "$Late" in inbox.messages.flags[0]
        shutil.rmtree(account.index_path)
        inbox.sync()
        assert "$Late" in inbox.messages.flags[0]
        inbox.store(list(inbox.messages.uids), Action.REMOVE, frozenset(["$late"]))

        assert "$Late" not in inbox.messages.flags[0]
        assert not (account.root / "mailaccess-keywords").exists()

    def test_the_sidecar_grows_by_what_is_changed(
        self, inbox: Mailbox, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is written whole as often as it doubles, not with each change, and says what the index says."""
        monkeypatch.setattr(flagging, "_SMALL", 0)
        sidecar = account.root / "mailaccess-keywords"
        add(inbox, *[TEXT] * 30, flags=frozenset(f"$Key{number:02}" for number in range(26)))
        written = set()
        for uid in inbox.messages.uids:
            inbox.store([uid], Action.ADD, frozenset(["$Late"]))
            written.add(sidecar.stat().st_ino)
            if uid % 3 == 0:
                inbox.store([uid], Action.REMOVE, frozenset(["$Late"]))
        before = list(flags_of(inbox).values())
        shutil.rmtree(account.index_path)
        inbox.sync()

        assert len(written) < 10  # of 40 changes
        assert list(flags_of(inbox).values()) == before
        assert sum("$Late" in flags for flags in before) == 20

    def test_a_letter_is_given_again_only_when_no_file_has_it(self, inbox: Mailbox, account: Account) -> None:
        """Not even one that nobody has looked at yet."""
        add(inbox, flags=frozenset(f"$Key{number:02}" for number in range(26)))
        inbox.store([1], Action.REMOVE, frozenset(["$Key03", "$Key07"]))
        arrive(account.root, name="1.host:2,d", where="cur")
        inbox.store([1], Action.ADD, frozenset(["$New"]))
        inbox.sync()

        assert flags_of(inbox)[2] == {"$Key03"}
        assert "$New" in flags_of(inbox)[1]
        assert "$Key07" not in inbox.keywords()

    def test_keywords_given_by_another_process_are_known(self, inbox: Mailbox, elsewhere: Account) -> None:
        """Two processes never give one letter two names."""
        add(inbox, TEXT, TEXT)
        other = elsewhere.mailbox("INBOX")
        other.store([1], Action.ADD, frozenset(["$Theirs"]))
        inbox.store([2], Action.ADD, frozenset(["$Ours"]))
        other.sync()
        inbox.sync()

        assert flags_of(inbox) == flags_of(other) == {1: {"$Theirs"}, 2: {"$Ours"}}


class TestRecent:
    """\\Recent, exactly once."""

    def test_the_first_to_claim_has_it(self, inbox: Mailbox, account: Account) -> None:
        """It gets the first UID that was recent; the next one gets nothing."""
        arrive(account.root)
        arrive(account.root)
        inbox.sync()
        assert (inbox.recent_floor, account.status("INBOX").recent) == (1, 2)
        assert inbox.claim_recent() == 1

        assert (inbox.recent_floor, account.status("INBOX").recent) == (3, 0)
        assert inbox.claim_recent() == 3
        arrive(account.root)
        inbox.sync()
        assert (account.status("INBOX").recent, inbox.claim_recent()) == (1, 3)

    def test_claiming_moves_new_mail_to_cur(self, inbox: Mailbox, account: Account) -> None:
        """With its flags, if a stranger gave it any; nobody is told of it as a change."""
        arrive(account.root, name="1.host")
        arrive(account.root, name="2.host:2,F")
        inbox.sync()
        before = inbox.highestmodseq
        inbox.claim_recent()

        assert files(account.root) == ["cur/1.host:2,", "cur/2.host:2,F"]
        assert inbox.highestmodseq == before
        assert not inbox.poll()

    def test_between_processes(self, inbox: Mailbox, elsewhere: Account, account: Account) -> None:
        """The index decides, not memory."""
        arrive(account.root)
        other = elsewhere.mailbox("INBOX")
        inbox.sync()

        assert other.claim_recent() == 1
        assert inbox.claim_recent() == 2


def test_slices() -> None:
    """All in order, none larger than one transaction takes."""
    pieces = list(slices(range(2 * SLICE + 1)))

    assert [len(piece) for piece in pieces] == [SLICE, SLICE, 1]
    assert [uid for piece in pieces for uid in piece] == list(range(2 * SLICE + 1))


ALL = [SEEN, ANSWERED, FLAGGED, DELETED, DRAFT, "$One", "Two"]
changes = st.lists(
    st.tuples(st.sampled_from(Action), st.frozensets(st.sampled_from(ALL), max_size=4), st.sets(st.integers(1, 4))),
    max_size=8,
)


@settings(max_examples=15)
@given(changes)
def test_memory_index_and_disk_agree(work: list[tuple[Action, Flags, set[int]]]) -> None:
    """Whatever is changed, in whatever order; and it is what sets of flags would be."""
    with tempfile.TemporaryDirectory() as directory:
        accounts = Accounts(post.settings(Path(directory)))
        inbox = accounts.open("fred", None).mailbox("INBOX")
        add(inbox, *[TEXT] * 3)
        expected = dict.fromkeys((1, 2, 3), NONE)
        for action, flags, uids in work:
            inbox.store(sorted(uids), action, flags)
            for uid in uids & expected.keys():
                if action is Action.ADD:
                    expected[uid] |= flags
                elif action is Action.REMOVE:
                    expected[uid] -= flags
                else:
                    expected[uid] = flags
        assert flags_of(inbox) == expected
        accounts.close()
        shutil.rmtree(Path(directory) / "fred" / "mailaccess")
        accounts = Accounts(post.settings(Path(directory)))
        assert flags_of(accounts.open("fred", None).mailbox("INBOX")) == expected
        accounts.close()


def _numbered(start: int, end: int) -> Flags:
    return frozenset(f"$Key{number}" for number in range(start, end))
