"""What other programs do to a mailbox's files, and what becomes of it."""

import gc
import os
import shutil
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from mailaccess.mail.flags import DELETED, FLAGGED, SEEN
from mailaccess.storage import survey
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.disk import sync_directory
from mailaccess.storage.errors import MessageGone, NoSuchMailbox
from mailaccess.storage.index import writer
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.maildir import Maildir
from mailaccess.storage.uidlist import Record, read_uidlist, write_uidlist
from tests.storage.post import NONE, TEXT, add, arrive, files, flags_of, renaming, settings, settle, texts


@pytest.fixture
def root(account: Account) -> Path:
    """INBOX's directory."""
    return account.root


def uids(mailbox: Mailbox) -> list[int]:
    """Of all messages in memory."""
    return list(mailbox.messages.uids)


def test_what_another_process_is_doing_is_no_reason_for_a_scan(
    inbox: Mailbox, elsewhere: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are gone before it commits; a look at that moment waits for the commit, and reads no directory."""
    add(inbox, b"one\n", b"two\n")
    settle(inbox)
    other = elsewhere.mailbox("INBOX")
    asked = Event()
    waiting = Thread(target=other.sync)
    write = elsewhere.index.write

    def ask(*arguments: object, **options: object) -> object:
        asked.set()
        return write(*arguments, **options)  # type: ignore[arg-type]

    def before_the_commit(directory: Path) -> None:
        if waiting.ident is None:
            assert other.poll()
            waiting.start()
            assert asked.wait(5)
        sync_directory(directory)

    monkeypatch.setattr(survey, "_SOON", 60.0)  # however slow this machine is: what is not certain is verified later
    monkeypatch.setattr(elsewhere.index, "write", ask)
    monkeypatch.setattr(writer, "sync_directory", before_the_commit)
    monkeypatch.setattr(Maildir, "names", pytest.fail)
    monkeypatch.setattr(Maildir, "scan", pytest.fail)
    inbox.remove([1])
    waiting.join()

    assert uids(other) == [2]
    assert not other.poll()


class TestArrival:
    """New files."""

    def test_delivery_is_found(self, inbox: Mailbox, root: Path) -> None:
        """By any program, into new/."""
        arrive(root, b"one\n")

        assert inbox.poll()
        inbox.sync()
        assert texts(inbox) == {1: b"one\r\n"}

    def test_new_files_are_numbered_in_the_order_of_delivery(self, inbox: Mailbox, root: Path) -> None:
        """By seconds, then microseconds, then name; not as the directory happens to list them."""
        for name in ("1700000001.M5P1.b", "1700000001.M5P1.a", "1700000000.M9P1.x", "1700000001.M10P1.x"):
            arrive(root, name.encode(), name=name)
        inbox.sync()

        assert list(texts(inbox).values()) == [
            b"1700000000.M9P1.x",
            b"1700000001.M5P1.a",
            b"1700000001.M5P1.b",
            b"1700000001.M10P1.x",
        ]

    def test_a_file_placed_in_cur_has_its_flags(self, inbox: Mailbox, root: Path) -> None:
        """As its name says; unknown letters say nothing and stay."""
        arrive(root, name="1.host:2,FSX", where="cur")
        inbox.sync()

        assert flags_of(inbox) == {1: {FLAGGED, SEEN}}
        assert files(root) == ["cur/1.host:2,FSX"]

    def test_dates(self, inbox: Mailbox, root: Path) -> None:
        """INTERNALDATE is the file's mtime, SAVEDATE the time of first sight."""
        path = arrive(root)
        os.utime(path, (1_500_000_000, 1_500_000_000))
        inbox.sync()

        assert list(inbox.messages.dates) == [1_500_000_000]
        assert abs(inbox.messages.saved[0] - time.time()) < 60

    def test_a_file_that_is_no_message_is_left_alone(self, inbox: Mailbox, root: Path) -> None:
        """Directories, links that lead elsewhere, and what begins with a dot."""
        (root / "cur" / "directory").mkdir()
        (root / "cur" / "link").symlink_to("/etc/passwd")
        arrive(root, name=".hidden", where="cur")
        inbox.sync()
        inbox.sync()

        assert uids(inbox) == []

    def test_a_name_that_is_no_utf8(self, inbox: Mailbox, root: Path) -> None:
        """Old programs write what they like."""
        arrive(root, name="caf\udce9:2,S", where="cur")
        inbox.sync()
        inbox.store([1], Action.ADD, frozenset([FLAGGED]))

        assert flags_of(inbox) == {1: {SEEN, FLAGGED}}
        assert files(root) == ["cur/caf\udce9:2,FS"]

    def test_mail_that_arrives_in_a_burst_is_all_found(self, inbox: Mailbox, root: Path) -> None:
        """Though the directory's time may stand still between two of them."""
        for _ in range(200):
            arrive(root)
            inbox.sync()
        deadline = time.monotonic() + 5
        while len(inbox.messages) < 200 and time.monotonic() < deadline:
            if inbox.poll():
                inbox.sync()

        assert len(inbox.messages) == 200


class TestChange:
    """Renamed and rewritten files."""

    def test_flags_set_by_another_program_are_seen(self, inbox: Mailbox, root: Path) -> None:
        """With a mod-sequence above all others."""
        add(inbox)
        before = inbox.highestmodseq
        (path,) = (root / "cur").iterdir()
        path.rename(f"{path}FS")

        assert inbox.poll()
        inbox.sync()
        assert flags_of(inbox) == {1: {FLAGGED, SEEN}}
        assert inbox.messages.changed_since(before) == [1]

    def test_moving_to_cur_is_no_change(self, inbox: Mailbox, root: Path) -> None:
        """Another program may open the mailbox: same flags, same UID, no news."""
        path = arrive(root)
        inbox.sync()
        before = inbox.highestmodseq
        path.rename(root / "cur" / f"{path.name}:2,")
        inbox.sync()

        assert uids(inbox) == [1]
        assert inbox.highestmodseq == before
        assert texts(inbox)

    def test_a_rewritten_file_is_a_new_message(self, inbox: Mailbox, root: Path) -> None:
        """Content never changes under a UID: the old message is gone, another has come."""
        add(inbox, b"one\n", b"two\n")
        path = next(path for path in (root / "cur").iterdir() if path.read_bytes() == b"one\n")
        path.write_bytes(b"something else\n")
        with pytest.raises(MessageGone):
            inbox.content(1)

        assert inbox.poll()
        inbox.sync()
        assert texts(inbox) == {2: b"two\r\n", 3: b"something else\r\n"}
        assert inbox.vanished_since(inbox.highestmodseq - 10**9) == [1]

    def test_a_restored_backup_is_the_same_mail(self, inbox: Mailbox, root: Path, tmp_path: Path) -> None:
        """Other inodes, but the same sizes and times."""
        add(inbox, b"one\n")
        shutil.copytree(root / "cur", tmp_path / "backup")
        shutil.rmtree(root / "cur")
        (tmp_path / "backup").rename(root / "cur")
        inbox.sync()

        assert texts(inbox) == {1: b"one\r\n"}

    def test_renaming_without_pause_loses_nothing(self, inbox: Mailbox, root: Path) -> None:
        """Scans miss files that are being renamed; none of them is taken for gone, and no UID changes."""
        expected = add(inbox, *(b"message %d\n" % number for number in range(40)))
        with renaming(root / "cur"):
            for _ in range(30):
                inbox.sync()
                assert uids(inbox) == expected
        time.sleep(0.03)
        inbox.sync()

        assert sorted(texts(inbox).values()) == sorted(b"message %d\r\n" % number for number in range(40))
        assert uids(inbox) == expected


class TestLoss:
    """Removed files."""

    def test_a_removed_file_is_an_expunged_message(self, inbox: Mailbox, root: Path) -> None:
        """At the next look."""
        add(inbox, b"one\n", b"two\n")
        before = inbox.highestmodseq
        next(path for path in (root / "cur").iterdir() if path.read_bytes() == b"one\n").unlink()
        old = inbox.messages
        inbox.sync()

        assert texts(inbox) == {2: b"two\r\n"}
        assert inbox.vanished_since(before) == [1]
        assert list(old.uids) == [1, 2]

    def test_a_file_moved_away_and_back_is_a_new_message(self, inbox: Mailbox, root: Path, tmp_path: Path) -> None:
        """Its UID was told to be gone."""
        add(inbox)
        (path,) = (root / "cur").iterdir()
        path.rename(tmp_path / "away")
        inbox.sync()
        assert uids(inbox) == []
        (tmp_path / "away").rename(path)
        inbox.sync()

        assert uids(inbox) == [2]

    def test_an_emptied_mailbox(self, inbox: Mailbox, root: Path) -> None:
        """Some people's cron jobs do that; UIDVALIDITY stays."""
        add(inbox, *([TEXT] * 5))
        validity = inbox.uidvalidity
        for path in (root / "cur").iterdir():
            path.unlink()
        inbox.sync()

        assert (uids(inbox), inbox.uidvalidity, inbox.uidnext) == ([], validity, 6)

    def test_a_removed_mailbox(self, account: Account) -> None:
        """Is no more, for those who have it open too."""
        account.create("Work")
        work = account.mailbox("Work")
        add(work)
        shutil.rmtree(account.root / ".Work")

        assert work.poll()
        with pytest.raises(NoSuchMailbox):
            work.sync()
        with pytest.raises(NoSuchMailbox):
            add(work)

    def test_a_mailbox_made_again_under_its_name_is_another_one(self, account: Account) -> None:
        """Its UIDVALIDITY is larger, and who had the old one open does not write into it."""
        account.create("Work")
        old = account.mailbox("Work")
        add(old)
        shutil.rmtree(account.root / ".Work")
        account.create("Work")
        new = account.mailbox("Work")

        assert new.uidvalidity > old.uidvalidity
        assert uids(new) == []
        with pytest.raises(NoSuchMailbox):
            old.sync()
        with pytest.raises(NoSuchMailbox):
            add(old)
        assert uids(account.mailbox("Work")) == []


class TestTwoFilesOfOneBase:
    """Copies made by hand, and what a crash leaves."""

    def test_both_are_kept(self, inbox: Mailbox, root: Path) -> None:
        """The known one keeps its UID, the other becomes a message of its own."""
        arrive(root, b"first\n", name="1.host:2,S", where="cur")
        inbox.sync()
        arrive(root, b"second\n", name="1.host:2,F", where="cur")
        inbox.sync()

        assert texts(inbox) == {1: b"first\r\n", 2: b"second\r\n"}
        assert flags_of(inbox) == {1: {SEEN}, 2: {FLAGGED}}

    def test_both_unknown(self, inbox: Mailbox, root: Path) -> None:
        """Two messages, whichever is first."""
        arrive(root, b"first\n", name="1.host", where="new")
        arrive(root, b"second\n", name="1.host:2,F", where="cur")
        inbox.sync()

        assert sorted(texts(inbox).values()) == [b"first\r\n", b"second\r\n"]
        assert len({name.split("/")[1].partition(":")[0] for name in files(root)}) == 2

    def test_two_names_of_one_file_are_one_message_at_first(self, inbox: Mailbox, root: Path) -> None:
        """Another program's rename, by link and unlink, may be under way."""
        path = arrive(root, name="1.host:2,", where="cur")
        inbox.sync()
        os.link(path, f"{path}S")
        inbox.sync()

        assert uids(inbox) == [1]
        path.unlink()
        inbox.sync()
        assert flags_of(inbox) == {1: {SEEN}}


class TestUidlist:
    """The list beside the mail, written by us and by others."""

    def test_uids_outlive_the_index(self, accounts: Accounts, inbox: Mailbox, root: Path) -> None:
        """Those that were written out; new ones begin where none was given yet."""
        add(inbox, b"one\n", b"two\n", b"three\n")
        inbox.remove([2])
        before, validity, guid, next_before = texts(inbox), inbox.uidvalidity, inbox.guid, inbox.uidnext
        accounts.close()
        shutil.rmtree(root / "mailaccess")
        arrive(root, b"four\n")
        again = Accounts(settings(root.parent))
        mailbox = again.open("fred", None).mailbox("INBOX")

        assert {uid: text for uid, text in texts(mailbox).items() if uid < next_before} == before
        assert (mailbox.uidvalidity, mailbox.guid) == (validity, guid)
        (fourth,) = (uid for uid, text in texts(mailbox).items() if text == b"four\r\n")
        assert fourth >= next_before
        again.close()

    def test_no_uid_names_two_messages_though_the_list_lags(self, inbox: Mailbox, root: Path) -> None:
        """The index is lost before the lines were written: unlisted messages get UIDs never given before."""
        known = dict(zip(add(inbox, b"one\n", b"two\n"), (b"one\r\n", b"two\r\n"), strict=True))
        highest = inbox.uidnext - 1
        shutil.rmtree(root / "mailaccess")
        inbox.sync()

        assert sorted(texts(inbox).values()) == sorted(known.values())
        assert min(uids(inbox)) > highest

    def test_flags_and_mod_sequences_after_the_loss_of_the_index(self, inbox: Mailbox, root: Path) -> None:
        """Flags stand in names; mod-sequences are above all that were told."""
        add(inbox, flags=frozenset([SEEN, "$Work"]))
        before = inbox.highestmodseq
        shutil.rmtree(root / "mailaccess")
        inbox.sync()

        assert list(inbox.messages.flags) == [{SEEN, "$Work"}]
        assert inbox.highestmodseq > before
        assert inbox.vanished_since(before) == [1, *range(2, inbox.uidnext - 1)]

    def test_a_list_of_another_program_is_taken_over(self, account: Account, root: Path) -> None:
        """Its UIDs, UIDVALIDITY, GUID, and the POP3 UIDLs it gave."""
        arrive(root, b"two\n", name="2.host", where="new")
        arrive(root, b"one\n", name="1.host:2,S", where="cur")
        arrive(root, b"three\n", name="3.host", where="new")
        (root / "dovecot-uidlist").write_text(
            "3 V1795428656 N31 G31836d252e11046bcd40000083ecc375\n7 :2.host\n20 Pold-uidl :1.host\n25 :gone.host\n"
        )
        mailbox = account.mailbox("INBOX")

        assert texts(mailbox) == {7: b"two\r\n", 20: b"one\r\n", 31: b"three\r\n"}
        assert (mailbox.uidvalidity, mailbox.guid) == (1795428656, "31836d252e11046bcd40000083ecc375")
        assert mailbox.uidls([7, 20]) == ["000000076b041130", "old-uidl"]

    def test_couriers_keywords_are_taken_over(self, account: Account, root: Path) -> None:
        """Once: what is taken from a message later does not come back when the index is lost."""
        arrive(root, b"one\n", name="1.host:2,S", where="cur")
        arrive(root, b"two\n", name="2.host:2,", where="cur")
        (root / "courierimapuiddb").write_text("1 12345 90\n17 1.host\n42 2.host\n")
        (root / "courierimapkeywords").mkdir()
        (root / "courierimapkeywords" / ":list").write_text("$Work\n$Later\n\n1.host:0 1\n2.host:1\n")
        mailbox = account.mailbox("INBOX")

        assert flags_of(mailbox) == {17: {SEEN, "$Work", "$Later"}, 42: {"$Later"}}
        assert sorted(mailbox.keywords()) == ["$Later", "$Work"]
        mailbox.store([17, 42], Action.REMOVE, frozenset(["$Later"]))
        shutil.rmtree(root / "mailaccess")
        mailbox.sync()
        assert flags_of(mailbox) == {17: {SEEN, "$Work"}, 42: set()}
        mailbox.store([17], Action.REMOVE, frozenset(["$Work"]))
        shutil.rmtree(root / "mailaccess")
        mailbox.sync()
        assert flags_of(mailbox) == {17: {SEEN}, 42: set()}

    def test_couriers_list_is_taken_over(self, account: Account, root: Path) -> None:
        """With the UIDLs of its POP3 server."""
        arrive(root, b"one\n", name="1.host:2,S", where="cur")
        arrive(root, b"two\n", name="2.host:2,", where="cur")
        (root / "courierimapuiddb").write_text("1 12345 90\n17 1.host\n42 2.host\n")
        (root / "courierpop3dsizelist").write_text("/3 90 12345\n1.host:2,S 4 17:12345:0\n")
        mailbox = account.mailbox("INBOX")

        assert texts(mailbox) == {17: b"one\r\n", 42: b"two\r\n"}
        assert (mailbox.uidvalidity, mailbox.uidnext) == (12345, 90)
        assert mailbox.uidls([17])[0] == "UID17-12345"

    def test_a_replaced_list_wins_for_files_nobody_was_told_of(self, inbox: Mailbox, root: Path) -> None:
        """Another program has numbered a file that we have not seen; known messages keep their UIDs."""
        add(inbox, b"one\n")
        written = read_uidlist(root)
        assert written is not None
        (known,) = (path.name.partition(":")[0] for path in (root / "cur").iterdir())
        arrive(root, b"two\n", name="2.host")
        arrive(root, b"three\n", name="3.host")
        written.records = [Record(1, known), Record(5000, "3.host"), Record(5001, "gone.host")]
        written.next_uid = 5002
        write_uidlist(root, written)
        inbox.sync()

        assert texts(inbox) == {1: b"one\r\n", 5000: b"three\r\n", 5002: b"two\r\n"}

    def test_a_replaced_list_does_not_renumber(self, inbox: Mailbox, root: Path) -> None:
        """What was announced stays, whatever the list says, also if it has another UIDVALIDITY."""
        add(inbox, b"one\n", b"two\n")
        validity = inbox.uidvalidity
        bases = {path.read_bytes(): path.name.partition(":")[0] for path in (root / "cur").iterdir()}
        one, two = bases[b"one\n"], bases[b"two\n"]
        (root / "dovecot-uidlist").write_text(f"3 V{validity} N10 G{inbox.guid}\n3 :{two}\n4 :{one}\n")
        inbox.sync()
        assert texts(inbox) == {1: b"one\r\n", 2: b"two\r\n"}
        (root / "dovecot-uidlist").write_text(f"3 V{validity + 7} N10 G{'a' * 32}\n3 :{two}\n")
        inbox.sync()

        assert (texts(inbox), inbox.uidvalidity) == ({1: b"one\r\n", 2: b"two\r\n"}, validity)
        written = read_uidlist(root)
        assert written is not None
        assert (written.uidvalidity, written.guid) == (validity, inbox.guid)
        assert written.next_uid > inbox.uidnext

    def test_a_removed_list_is_written_again(self, inbox: Mailbox, root: Path) -> None:
        """The index knows it all."""
        add(inbox)
        (root / "dovecot-uidlist").unlink()
        inbox.sync()
        written = read_uidlist(root)

        assert written is not None
        assert (written.uidvalidity, written.guid) == (inbox.uidvalidity, inbox.guid)
        assert [record.uid for record in written.records] == [1]

    def test_without_index_and_list_there_is_a_new_uidvalidity(
        self, accounts: Accounts, inbox: Mailbox, root: Path
    ) -> None:
        """Larger than any before."""
        add(inbox)
        validity = inbox.uidvalidity
        accounts.close()
        shutil.rmtree(root / "mailaccess")
        (root / "dovecot-uidlist").unlink()
        again = Accounts(settings(root.parent))
        mailbox = again.open("fred", None).mailbox("INBOX")

        assert mailbox.uidvalidity > validity
        assert len(mailbox.messages) == 1
        again.close()

    @pytest.mark.parametrize(
        "text",
        ["", "nonsense\n", "3 V0 N0\n", "3 V5 N4294967295\n", "3 V5 N4294967290\n4294967294 :1.host\n", "\0" * 100],
    )
    def test_a_hostile_list_does_no_harm(self, account: Account, root: Path, text: str) -> None:
        """It is as if there were none."""
        arrive(root, b"one\n", name="1.host")
        (root / "dovecot-uidlist").write_text(text)
        mailbox = account.mailbox("INBOX")
        add(mailbox, b"two\n")

        assert list(texts(mailbox).values()) == [b"one\r\n", b"two\r\n"]
        assert max(uids(mailbox)) < 2**31

    def test_recent_messages_are_not_recent_again_after_the_loss_of_the_index(
        self, accounts: Accounts, inbox: Mailbox, root: Path
    ) -> None:
        """What is listed and in cur/ was claimed; what is in new/ was not."""
        arrive(root, b"one\n")
        inbox.sync()
        assert inbox.claim_recent() == 1
        arrive(root, b"two\n")
        inbox.sync()
        accounts.close()
        shutil.rmtree(root / "mailaccess")
        again = Accounts(settings(root.parent))
        account = again.open("fred", None)

        assert account.status("INBOX").recent == 1
        again.close()


class TestKeywords:
    """The names of letters, written by other programs."""

    def test_a_renamed_letter_changes_flags(self, inbox: Mailbox, root: Path) -> None:
        """Messages that bear it are told with a new mod-sequence."""
        add(inbox, flags=frozenset(["$Old"]))
        add(inbox)
        before = inbox.highestmodseq
        (root / "dovecot-keywords").write_text("0 $New\n")
        inbox.sync()

        assert flags_of(inbox) == {1: {"$New"}, 2: NONE}
        assert inbox.messages.changed_since(before) == [1]

    def test_a_letter_gets_its_name_late(self, inbox: Mailbox, root: Path) -> None:
        """The file was renamed before the list of names was written."""
        arrive(root, name="1.host:2,a", where="cur")
        inbox.sync()
        assert flags_of(inbox) == {1: NONE}
        (root / "dovecot-keywords").write_text("0 $Label1\n")
        inbox.sync()

        assert flags_of(inbox) == {1: {"$Label1"}}
        assert inbox.keywords() == ("$Label1",)


class TestCost:
    """What need not be done is not done."""

    def test_an_unchanged_mailbox_is_not_read(
        self, inbox: Mailbox, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A settled stamp proves that nothing happened."""
        arrive(root)
        settle(inbox)
        reads: list[str] = []
        monkeypatch.setattr("mailaccess.storage.maildir.os.listdir", reads.append)
        monkeypatch.setattr("mailaccess.storage.maildir.os.scandir", reads.append)
        inbox.sync()

        assert reads == []

    def test_new_mail_does_not_read_cur(self, inbox: Mailbox, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Which may be large."""
        add(inbox)
        settle(inbox)
        reads: list[str] = []
        listdir = os.listdir

        def read(path: str) -> list[str]:
            reads.append(path)
            return listdir(path)

        monkeypatch.setattr("mailaccess.storage.maildir.os.listdir", read)
        arrive(root)
        inbox.sync()

        assert uids(inbox) == [1, 2]
        assert {Path(path).name for path in reads} == {"new"}

    def test_garbage_is_collected_again_after_the_first_scan(
        self, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of which nothing is collected: there is nothing, and it is long looked for."""
        seen: list[bool] = []
        lstat, stat = os.lstat, os.stat

        def look(path: str) -> os.stat_result:
            if path.endswith("elsewhere"):
                seen.append(gc.isenabled())
            return lstat(path)

        def look_first(name: str, **given: Any) -> os.stat_result:
            if str(name).endswith("elsewhere"):
                seen.append(gc.isenabled())
            return stat(name, **given)

        arrive(account.root)
        monkeypatch.setattr("mailaccess.storage.first_scan.os.stat", look_first)
        monkeypatch.setattr("mailaccess.storage.sync.os.lstat", look)
        account.mailbox("INBOX")
        arrive(account.root)
        account.mailbox("INBOX")

        assert (seen[0], seen[-1]) == (False, True)

    def test_our_own_changes_are_no_news(self, inbox: Mailbox, elsewhere: Account) -> None:
        """To nobody, in any process."""
        add(inbox)
        settle(inbox)
        other = elsewhere.mailbox("INBOX")
        inbox.store([1], Action.ADD, frozenset([DELETED]))

        assert not inbox.poll()
        other.sync()
        assert not other.poll()
