"""Message files: arrivals, renames, copies, and scans beside programs that do as they like."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailaccess.storage import disk
from mailaccess.storage.errors import NoSuchMailbox
from mailaccess.storage.maildir import Maildir, Stamp, settled
from mailaccess.storage.names import Entry, parse_name, size_hints

SECOND = 10**9


@pytest.fixture
def maildir(tmp_path: Path) -> Maildir:
    made = Maildir(tmp_path / "box")
    made.create()
    return made


def put(maildir: Maildir, name: str, data: bytes = b"mail\n", where: str = "cur") -> Entry:
    """A file as another program leaves it."""
    (maildir.path / where / name).write_bytes(data)
    return parse_name(name, "new" if where == "new" else "cur")


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def read(maildir: Maildir, entry: Entry) -> bytes:
    return Path(maildir.file(entry)).read_bytes()


def arrive(maildir: Maildir, data: bytes, info: str = ":2,", date: int | None = None) -> Entry:
    with maildir.incoming() as incoming:
        incoming.write(data)
        return maildir.link_in(incoming, info, date)


RENAMER = """
import os, sys
cur, count = sys.argv[1], int(sys.argv[2])
os.chdir(cur)
print("ready", flush=True)
while True:
    for number in range(count):
        os.rename(f"{number}.host:2,", f"{number}.host:2,S")
    for number in range(count):
        os.rename(f"{number}.host:2,S", f"{number}.host:2,")
"""


@contextmanager
def renaming(maildir: Maildir, count: int) -> Iterator[None]:
    """Another program renames all files without pause."""
    command = [sys.executable, "-c", RENAMER, str(maildir.path / "cur"), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


class TestDirectories:
    """What makes a Maildir."""

    def test_create_makes_all_three(self, tmp_path: Path) -> None:
        """And may be called again."""
        made = Maildir(tmp_path / "a" / "b")
        assert not made.exists()

        made.create()
        made.create()

        assert made.exists()
        assert files(made.path) == ["cur", "new", "tmp"]

    def test_empty_directories_that_a_backup_left_out_are_made_again(self, maildir: Maildir) -> None:
        """cur/ tells that it is a mailbox."""
        (maildir.path / "new").rmdir()
        (maildir.path / "tmp").rmdir()
        entry = put(maildir, "1.host:2,S")

        assert maildir.scan().entries == {"1.host": entry}
        arrive(maildir, b"x")

    def test_a_mailbox_that_is_gone_is_not_an_empty_one(self, maildir: Maildir) -> None:
        """Else all its messages would be taken for expunged."""
        maildir.path.rename(maildir.path.with_name("elsewhere"))

        with pytest.raises(NoSuchMailbox):
            maildir.scan()
        with pytest.raises(NoSuchMailbox):
            maildir.incoming()


class TestScan:
    """Reading the directories once."""

    def test_both_directories_are_read(self, maildir: Maildir) -> None:
        """With what their names say."""
        one, two = put(maildir, "1.host", where="new"), put(maildir, "2.host:2,FS")

        assert maildir.scan().entries == {"1.host": one, "2.host": two}

    def test_odd_names_are_messages(self, maildir: Maildir) -> None:
        """Without `:2,`, with flags in new/, in no encoding."""
        odd = [os.fsdecode(b"1.h\xf6st:2,S"), "letter.eml", "a:1,x", "with space:2,"]
        expected = {parse_name(name, "cur").base: put(maildir, name) for name in odd}
        expected["9.host"] = put(maildir, "9.host:2,F", where="new")

        assert maildir.scan().entries == expected

    def test_only_plain_visible_files_are_messages(self, maildir: Maildir) -> None:
        """No directories, links, FIFOs, nor NFS's remains."""
        (maildir.path / "cur" / "1.dir:2,").mkdir()
        (maildir.path / "cur" / "2.link:2,").symlink_to("/etc/passwd")
        os.mkfifo(maildir.path / "cur" / "3.fifo:2,")
        put(maildir, ".nfs0001")

        assert maildir.scan().entries == {}

    def test_one_directory_can_be_listed(self, maildir: Maildir) -> None:
        """Whoever moves new mail to cur/ needs no more."""
        put(maildir, "1.host", where="new")
        put(maildir, ".nfs0001", where="new")
        put(maildir, "2.host:2,")

        assert maildir.names("new") == {"1.host"}

    def test_two_files_with_one_base_are_told(self, maildir: Maildir) -> None:
        """One as the entry, the other as a duplicate."""
        both = {put(maildir, "1.host:2,"), put(maildir, "1.host:2,S")}

        scan = maildir.scan()

        assert {scan.entries["1.host"], *scan.duplicates} == both
        assert len(scan.duplicates) == 1


class TestStamp:
    """What tells of changes without a scan."""

    def test_every_kind_of_change_shows(self, maildir: Maildir) -> None:
        """Arrival, rename, removal, in either directory."""
        entry = put(maildir, "1.host", where="new")
        seen = [maildir.stamp()]

        for change in (
            lambda: maildir.rename(entry, ":2,"),
            lambda: maildir.rename(Entry("1.host", ":2,", "cur"), ":2,S"),
            lambda: maildir.unlink(Entry("1.host", ":2,S", "cur")),
            lambda: put(maildir, "2.host", where="new"),
        ):
            while not settled(seen[-1], time.time_ns()):
                time.sleep(0.005)
            change()
            seen.append(maildir.stamp())

        assert len(set(seen)) == 5

    def test_a_date_that_is_put_back_does_not_hide_a_change(self, maildir: Maildir) -> None:
        """rsync and tar restore the mtime of directories."""
        before, cur = maildir.stamp(), maildir.path / "cur"
        while not settled(before, time.time_ns()):
            time.sleep(0.005)

        put(maildir, "1.host:2,")
        os.utime(cur, ns=(before.cur_mtime, before.cur_mtime))

        assert maildir.stamp() != before

    def test_a_stamp_is_trusted_when_it_is_older_than_a_tick(self) -> None:
        """Until then another change might leave the same times."""
        now = 1_700_000_000_123_456_789

        def at(age: int) -> Stamp:
            return Stamp(1, now - age, now - age, 2, now - SECOND * 60, now - SECOND * 60)

        assert not settled(at(1_000_000), now)
        assert settled(at(50_000_000), now)

    def test_whole_seconds_are_taken_for_a_coarse_file_system(self) -> None:
        """Where a second change within two seconds may not show."""
        now = 1_700_000_000_900_000_000

        def at(second: int) -> Stamp:
            return Stamp(1, second * SECOND, second * SECOND, 2, second * SECOND, second * SECOND)

        assert not settled(at(1_700_000_000), now)
        assert settled(at(1_699_999_990), now)

    def test_a_stamp_from_the_future_does_not_spoil_the_mailbox(self) -> None:
        """The clock was wrong once; a change now has another time."""
        now = 1_700_000_000_123_456_789
        ahead = now + SECOND * 86400

        assert settled(Stamp(1, ahead, ahead, 2, ahead, ahead), now)


class TestSettledScan:
    """Absence is proved, never inferred."""

    def test_a_quiet_mailbox_settles(self, maildir: Maildir) -> None:
        """Even right after a change, by waiting for the clock's next tick."""
        entry = put(maildir, "1.host:2,")

        scan = maildir.settled_scan()

        assert scan.settled
        assert scan.entries == {"1.host": entry}

    def test_no_settled_scan_misses_a_file_beside_a_renaming_program(self, maildir: Maildir) -> None:
        """What readdir misses is never reported as absent, and once the program stops all is there."""
        for number in range(300):
            put(maildir, f"{number}.host:2,")
        bases = {f"{number}.host" for number in range(300)}

        with renaming(maildir, 300):
            scans = [maildir.settled_scan(attempts=2) for _ in range(10)]
        quiet = maildir.settled_scan()

        assert all(set(scan.entries) == bases for scan in scans if scan.settled)
        assert all(set(scan.entries) <= bases for scan in scans)
        assert quiet.settled
        assert set(quiet.entries) == bases
        assert quiet.duplicates == []

    def test_an_unsettled_scan_shows_what_any_attempt_saw(self, maildir: Maildir) -> None:
        """A renaming program hides a file from one reading, hardly from all."""
        for number in range(300):
            put(maildir, f"{number}.host:2,")

        with renaming(maildir, 300):
            scan = maildir.settled_scan(attempts=6)

        assert len(scan.entries) == 300


class TestFind:
    """The last known name is asked first."""

    def test_where_it_was(self, maildir: Maildir) -> None:
        """One call."""
        entry = put(maildir, "1.host:2,FS")

        assert maildir.find(entry) == entry

    def test_moved_to_cur(self, maildir: Maildir) -> None:
        """Another program has looked at the new mail."""
        moved = put(maildir, "1.host:2,")

        assert maildir.find(Entry("1.host", "", "new")) == moved

    def test_read_meanwhile(self, maildir: Maildir) -> None:
        """The likeliest change of letters."""
        moved = put(maildir, "1.host:2,FS")

        assert maildir.find(Entry("1.host", ":2,F", "cur")) == moved

    def test_elsewhere(self, maildir: Maildir) -> None:
        """None is no proof of absence."""
        put(maildir, "1.host:2,Tx")

        assert maildir.find(Entry("1.host", ":2,", "cur")) is None

    def test_other_trouble_is_not_absence(self, maildir: Maildir) -> None:
        """A name too long stands for any failing call."""
        with pytest.raises(OSError) as caught:
            maildir.find(Entry("x" * 300, "", "cur"))

        assert caught.value.errno == errno.ENAMETOOLONG


class TestRename:
    """Flags are names."""

    def test_flags_change(self, maildir: Maildir) -> None:
        """The file keeps its place among the directories unless told."""
        entry = put(maildir, "1.host", b"hello", where="new")

        entry = maildir.rename(entry, "", "new")
        entry = maildir.rename(entry, ":2,S")

        assert entry == Entry("1.host", ":2,S", "cur")
        assert read(maildir, entry) == b"hello"

    def test_another_file_of_that_name_stays(self, maildir: Maildir) -> None:
        """Both are kept, the caller is told."""
        one, two = put(maildir, "1.host:2,", b"one"), put(maildir, "1.host:2,S", b"two")

        with pytest.raises(FileExistsError):
            maildir.rename(one, ":2,S")

        assert (read(maildir, one), read(maildir, two)) == (b"one", b"two")

    def test_a_missing_file_is_told(self, maildir: Maildir) -> None:
        """So that the caller looks where it went."""
        with pytest.raises(FileNotFoundError):
            maildir.rename(Entry("1.host", ":2,", "cur"), ":2,S")


class TestSeparate:
    """Two files with one base."""

    def test_both_are_kept_one_renamed(self, maildir: Maildir) -> None:
        """With its flags, its directory and its sizes."""
        one = put(maildir, "1.host,S=3:2,", b"one")
        two = put(maildir, "1.host,S=3:2,FS", b"two")

        renamed = maildir.separate(one, two)

        assert renamed is not None
        assert renamed.base != two.base
        assert (renamed.info, renamed.where, size_hints(renamed.base)[0]) == (":2,FS", "cur", 3)
        assert (read(maildir, one), read(maildir, renamed)) == (b"one", b"two")

    def test_one_that_vanished_needs_nothing(self, maildir: Maildir) -> None:
        """The scan was older than the rename."""
        one = put(maildir, "1.host:2,")

        assert maildir.separate(one, Entry("1.host", ":2,S", "cur")) is None
        assert maildir.separate(Entry("1.host", ":2,S", "cur"), one) is None
        assert read(maildir, one) == b"mail\n"

    def test_two_fresh_names_of_one_file_are_left(self, maildir: Maildir) -> None:
        """Another program may be between link and unlink: to remove one name now could remove the file."""
        one = put(maildir, "1.host:2,")
        two = Entry("1.host", ":2,S", "cur")
        os.link(maildir.file(one), maildir.file(two))

        assert maildir.separate(one, two) is None
        assert read(maildir, one) == read(maildir, two)

    def test_two_old_names_of_one_file_become_one(self, maildir: Maildir, monkeypatch: pytest.MonkeyPatch) -> None:
        """A crash between link and unlink left them."""
        one = put(maildir, "1.host:2,")
        two = Entry("1.host", ":2,S", "cur")
        os.link(maildir.file(one), maildir.file(two))
        later = time.time() + 3600
        monkeypatch.setattr(time, "time", lambda: later)

        assert maildir.separate(one, two) is None
        assert maildir.scan().entries == {"1.host": one}


class TestCopy:
    """COPY and MOVE as files."""

    def test_a_copy_is_a_hard_link_under_a_new_base(self, maildir: Maildir, tmp_path: Path) -> None:
        """So that it can be moved back without meeting its original."""
        target = Maildir(tmp_path / "other")
        target.create()
        entry = arrive(maildir, b"x\n", ":2,F", 1000)

        copy = maildir.link_copy(entry, target, ":2,S")

        source, made = Path(maildir.file(entry)), Path(target.file(copy))
        assert source.samefile(made)
        assert copy.base != entry.base
        assert (size_hints(copy.base), copy.info) == ((2, 3), ":2,S")

    def test_a_lying_name_is_not_believed(self, maildir: Maildir) -> None:
        """The copy's S= is the file's size, W= is left out."""
        copy = maildir.link_copy(put(maildir, "1.host,S=99,W=100:2,", b"four"), maildir, ":2,")

        assert size_hints(copy.base) == (4, None)

    @pytest.mark.parametrize("code", [errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EOPNOTSUPP])
    def test_where_links_cannot_be_the_octets_are_copied(
        self, maildir: Maildir, monkeypatch: pytest.MonkeyPatch, code: int
    ) -> None:
        """With the same mtime, to the nanosecond, and counted sizes."""

        def refuse(*_: object, **__: object) -> None:
            raise OSError(code, os.strerror(code))

        entry = put(maildir, "1.host:2,", b"a\nb\r\n" * 500_000)
        os.utime(maildir.file(entry), ns=(5, 1_234_567_890_123_456_789))
        monkeypatch.setattr(os, "link", refuse)

        copy = maildir.link_copy(entry, maildir, ":2,S")

        made = Path(maildir.file(copy))
        assert made.read_bytes() == read(maildir, entry)
        assert made.stat().st_mtime_ns == 1_234_567_890_123_456_789
        assert size_hints(copy.base) == (2_500_000, 3_000_000)
        assert not made.samefile(maildir.file(entry))

    def test_across_devices(self, maildir: Maildir, other_device: Path) -> None:
        """Copied, moved; the source is there after the one and gone after the other."""
        target = Maildir(other_device / "box")
        target.create()
        entry = arrive(maildir, b"mail", ":2,F", 1000)

        copy = maildir.link_copy(entry, target, ":2,")
        moved = maildir.move(entry, target, ":2,S")

        assert read(target, copy) == read(target, moved) == b"mail"
        assert Path(target.file(moved)).stat().st_mtime == 1000
        assert maildir.scan().entries == {}

    def test_a_move_is_a_rename_to_a_new_base(self, maildir: Maildir, tmp_path: Path) -> None:
        """One inode throughout."""
        target = Maildir(tmp_path / "other")
        target.create()
        entry = arrive(maildir, b"x")
        inode = Path(maildir.file(entry)).stat().st_ino

        moved = maildir.move(entry, target, ":2,S")

        assert Path(target.file(moved)).stat().st_ino == inode
        assert moved.base != entry.base
        assert not maildir.scan().entries

    def test_a_message_that_is_gone_is_told(self, maildir: Maildir) -> None:
        """And nothing is made in the target."""
        gone = Entry("1.host", ":2,", "cur")

        with pytest.raises(FileNotFoundError):
            maildir.link_copy(gone, maildir, ":2,")
        with pytest.raises(FileNotFoundError):
            maildir.move(gone, maildir, ":2,")

        assert not maildir.scan().entries

    def test_a_target_that_is_gone_is_told_apart_from_a_message_that_is(self, maildir: Maildir, tmp_path: Path) -> None:
        """The client may make the mailbox and try again; the message stays where it is."""
        entry, nowhere = arrive(maildir, b"x"), Maildir(tmp_path / "nowhere")

        with pytest.raises(NoSuchMailbox):
            maildir.link_copy(entry, nowhere, ":2,")
        with pytest.raises(NoSuchMailbox):
            maildir.move(entry, nowhere, ":2,")

        assert list(maildir.scan().entries.values()) == [entry]

    def test_a_copy_works_without_the_kernels_rename(self, maildir: Maildir, monkeypatch: pytest.MonkeyPatch) -> None:
        """musl knows no renameat2."""
        monkeypatch.setattr(disk, "_renameat2", None)

        moved = maildir.move(arrive(maildir, b"x"), maildir, ":2,S")

        assert list(maildir.scan().entries.values()) == [moved]


@pytest.fixture
def other_device(tmp_path: Path) -> Iterator[Path]:
    """A directory that no hard link reaches from tmp_path."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is only one file system here")
    path = Path(subprocess.check_output(["mktemp", "-d", "-p", shared], text=True).strip())
    yield path
    subprocess.run(["rm", "-r", str(path)], check=True)


class TestTmp:
    """tmp/ is cleaned by ctime."""

    def test_old_files_go_whatever_their_date(self, maildir: Maildir) -> None:
        """The mtime of a message is its date, which may be years ago; only one untouched for 36 hours is nobody's."""
        put(maildir, "old-mail-arriving-now", where="tmp")
        os.utime(maildir.path / "tmp" / "old-mail-arriving-now", (0, 0))

        assert maildir.clean_tmp(time.time() + 35 * 3600) == 0
        assert maildir.clean_tmp(time.time() + 37 * 3600) == 1
        assert files(maildir.path / "tmp") == []

    def test_what_is_no_file_stays(self, maildir: Maildir) -> None:
        """It was not put there by a delivery."""
        (maildir.path / "tmp" / "directory").mkdir()

        assert maildir.clean_tmp(time.time() + 37 * 3600) == 0


def test_sync_makes_directories_durable(maildir: Maildir) -> None:
    """It names those that are to be, or both; a missing one is told."""
    maildir.sync()
    maildir.sync("cur")
    (maildir.path / "new").rmdir()

    with pytest.raises(FileNotFoundError):
        maildir.sync("new")
