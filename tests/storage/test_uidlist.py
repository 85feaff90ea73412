"""The uidlist, Dovecot's and Courier's."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from mailaccess.storage import uidlist as module
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.uidlist import (
    Record,
    UidList,
    append_records,
    raise_next,
    read_courier_uidls,
    read_uidlist,
    stamp_of,
    write_uidlist,
)

GUID = "31836d252e11046bcd40000083ecc375"
DOVECOTS = f"""3 V1795428656 N3 G{GUID}
1 :1795428654.M631725P16589.vm,S=28,W=32
2 :1795428654.M633173P16589.vm,S=28,W=32
3 :1795428654.M635075P16589.vm,S=28,W=32
"""
NAMES = [f"1795428654.M63{rest}P16589.vm,S=28,W=32" for rest in ("1725", "3173", "5075")]


def given(directory: Path, text: str | bytes, name: str = "dovecot-uidlist") -> UidList:
    """The list another program wrote."""
    (directory / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    found = read_uidlist(directory)
    assert found is not None
    return found


def content(directory: Path) -> str:
    return (directory / "dovecot-uidlist").read_text()


class TestReading:
    """What is made of a file."""

    def test_dovecots(self, tmp_path: Path) -> None:
        """Lines were appended after the header was written: the next UID is above both."""
        found = given(tmp_path, DOVECOTS)

        assert (found.uidvalidity, found.next_uid, found.guid) == (1795428656, 4, GUID)
        assert found.records == [Record(uid, name) for uid, name in enumerate(NAMES, 1)]
        assert found.stamp == FileStamp.of((tmp_path / "dovecot-uidlist").stat()) == stamp_of(tmp_path)

    def test_all_keys_are_kept(self, tmp_path: Path) -> None:
        """The header's P and unknown ones, the records' S, W, P, O, G and unknown ones."""
        text = f"3 V7 N0000000009 G{GUID} P%08Xu Xnew\n1 S28 W32 Puidl-1 O4 G77 Zz :a\n8 :b\n"

        found = given(tmp_path, text)

        assert found.header == ("P%08Xu", "Xnew")
        assert [found.records[0].get(key) for key in "SWPOGZY"] == ["28", "32", "uidl-1", "4", "77", "z", None]
        write_uidlist(tmp_path, found)
        assert content(tmp_path) == text

    def test_carriage_returns_go(self, tmp_path: Path) -> None:
        """Some programs write them."""
        found = given(tmp_path, DOVECOTS.replace("\n", "\r\n"))

        assert [record.base for record in found.records] == NAMES

    def test_the_last_of_two_lines_with_one_name_counts(self, tmp_path: Path) -> None:
        """It was given a new UID."""
        found = given(tmp_path, "3 V7 N4\n1 :a\n2 :b\n3 :a\n")

        assert found.records == [Record(2, "b"), Record(3, "a")]

    def test_of_two_lines_with_one_uid_the_first_counts(self, tmp_path: Path) -> None:
        """No UID ever names two messages."""
        found = given(tmp_path, "3 V7 N4\n5 :a\n5 :b\n2 :c\n")

        assert found.records == [Record(2, "c"), Record(5, "a")]
        assert found.next_uid == 6

    def test_flags_in_a_name_are_cut_off(self, tmp_path: Path) -> None:
        """Only the base is the message's for life."""
        assert given(tmp_path, "3 V7 N4\n1 :a:2,S\n").records == [Record(1, "a")]

    def test_names_in_no_encoding(self, tmp_path: Path) -> None:
        """They are file names."""
        found = given(tmp_path, b"3 V7 N4\n1 :h\xf6st and more\n")

        assert os.fsencode(found.records[0].base) == b"h\xf6st and more"
        write_uidlist(tmp_path, found)
        assert (tmp_path / "dovecot-uidlist").read_bytes() == b"3 V7 N0000000004\n1 :h\xf6st and more\n"

    def test_damaged_lines_harm_no_other(self, tmp_path: Path) -> None:
        """But no UID that was readable is given again."""
        found = given(tmp_path, "3 V7 N4\nrubbish\n\n-1 :x\n0 :x\n4294967295 :x\n1 x\n2 :\n9 :a\n12")

        assert found.records == [Record(9, "a")]
        assert found.next_uid == 10

    @pytest.mark.parametrize(
        "text", ["", "\n", "3\n", "3 V0 N1\n", "3 V7\n", "3 Vx N1\n", "2 V7 N4\n", "3 V4294967296 N1\n", "\0\0\0"]
    )
    def test_a_damaged_header_is_none(self, tmp_path: Path, text: str) -> None:
        """The mailbox then gets a new UIDVALIDITY."""
        (tmp_path / "dovecot-uidlist").write_text(text)

        assert read_uidlist(tmp_path) is None

    @pytest.mark.parametrize("name", ["dovecot-uidlist", "courierimapuiddb"])
    def test_version_1(self, tmp_path: Path, name: str) -> None:
        """Courier's form, small UIDVALIDITY included."""
        found = given(tmp_path, "1 795428656 17\n3 a,S=1\n16 b c\n", name)

        assert (found.uidvalidity, found.next_uid, found.guid) == (795428656, 17, None)
        assert found.records == [Record(3, "a,S=1"), Record(16, "b c")]

    def test_dovecots_file_is_preferred(self, tmp_path: Path) -> None:
        """Unless it cannot be understood."""
        given(tmp_path, "1 5 17\n", "courierimapuiddb")

        assert given(tmp_path, DOVECOTS).uidvalidity == 1795428656
        courier = given(tmp_path, "rubbish")
        assert (courier.uidvalidity, courier.stamp) == (5, None)

    def test_none(self, tmp_path: Path) -> None:
        """A new mailbox."""
        assert read_uidlist(tmp_path) is None
        assert stamp_of(tmp_path) is None


class TestWriting:
    """Replacing the file."""

    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        """The stamp is the new file's."""
        written = UidList(7, 1000, GUID, [Record(1, "a"), Record(9, "b", ("W5",))], ("P%u",))

        written.stamp = write_uidlist(tmp_path, written)

        assert read_uidlist(tmp_path) == written
        assert list(tmp_path.iterdir()) == [tmp_path / "dovecot-uidlist"]

    def test_every_replacement_is_newer_by_seconds(self, tmp_path: Path) -> None:
        """Dovecot may compare no more than that."""
        uidlist = UidList(7, 1, GUID, [])

        stamps = [write_uidlist(tmp_path, uidlist) for _ in range(3)]

        seconds = [stamp.mtime_ns // 10**9 for stamp in stamps]
        assert seconds == sorted(set(seconds))

    def test_a_name_that_no_line_can_hold_is_left_out(self, tmp_path: Path) -> None:
        """The other lines are whole."""
        write_uidlist(tmp_path, UidList(7, 9, None, [Record(1, "a\nb"), Record(2, "c")]))

        assert content(tmp_path) == "3 V7 N0000000009\n2 :c\n"


class TestAppending:
    """New lines at the end."""

    def test_lines_are_added(self, tmp_path: Path) -> None:
        """In place."""
        stamp = write_uidlist(tmp_path, UidList(7, 9, None, [Record(1, "a")]))

        after = append_records(tmp_path, [Record(2, "b"), Record(3, "c", ("W1",))], stamp)

        assert content(tmp_path) == "3 V7 N0000000009\n1 :a\n2 :b\n3 W1 :c\n"
        assert after == stamp_of(tmp_path)

    def test_not_to_another_programs_file(self, tmp_path: Path) -> None:
        """Its UIDs may be others."""
        stamp = write_uidlist(tmp_path, UidList(7, 9, None, []))
        (tmp_path / "dovecot-uidlist").write_text(DOVECOTS)

        assert append_records(tmp_path, [Record(2, "b")], stamp) is None
        assert content(tmp_path) == DOVECOTS

    def test_not_to_a_missing_file(self, tmp_path: Path) -> None:
        """Someone removed it."""
        assert append_records(tmp_path, [], FileStamp(1, 2, 3)) is None

    @pytest.mark.parametrize("text", ["1 7 9\n1 a\n", ""])
    def test_not_to_an_older_version(self, tmp_path: Path, text: str) -> None:
        """Its lines have another form."""
        (tmp_path / "dovecot-uidlist").write_text(text)
        stamp = stamp_of(tmp_path)
        assert stamp is not None

        assert append_records(tmp_path, [Record(2, "b")], stamp) is None
        assert content(tmp_path) == text

    def test_a_torn_line_is_ended_first(self, tmp_path: Path) -> None:
        """Another program was interrupted."""
        (tmp_path / "dovecot-uidlist").write_text("3 V7 N9\n1 :hal")
        stamp = stamp_of(tmp_path)
        assert stamp is not None

        append_records(tmp_path, [Record(2, "b")], stamp)

        assert content(tmp_path) == "3 V7 N9\n1 :hal\n2 :b\n"


class TestRaising:
    """The next UID is raised before it is announced."""

    def test_in_place(self, tmp_path: Path) -> None:
        """Ten digits, the inode stays."""
        stamp = write_uidlist(tmp_path, UidList(7, 9, GUID, [Record(1, "a")]))

        raised = raise_next(tmp_path, 1009)

        assert raised.inode == stamp.inode
        assert raised == stamp_of(tmp_path)
        assert content(tmp_path) == f"3 V7 N0000001009 G{GUID}\n1 :a\n"

    def test_never_lowered(self, tmp_path: Path) -> None:
        """A second process may have raised it further."""
        stamp = write_uidlist(tmp_path, UidList(7, 5000, GUID, []))

        assert raise_next(tmp_path, 1009) == stamp
        assert raise_next(tmp_path, 5000) == stamp

    def test_in_another_programs_file(self, tmp_path: Path) -> None:
        """Rewritten with everything in it."""
        given(tmp_path, DOVECOTS)

        stamp = raise_next(tmp_path, 1003)

        assert stamp == stamp_of(tmp_path)
        assert content(tmp_path) == DOVECOTS.replace("N3", "N0000001003")

    def test_without_a_file(self, tmp_path: Path) -> None:
        """Courier's is not written to."""
        (tmp_path / "courierimapuiddb").write_text("1 5 17\n")
        with pytest.raises(FileNotFoundError):
            raise_next(tmp_path, 18)

        (tmp_path / "dovecot-uidlist").write_text("rubbish")
        (tmp_path / "courierimapuiddb").unlink()
        with pytest.raises(FileNotFoundError):
            raise_next(tmp_path, 18)


class TestLock:
    """`dovecot-uidlist.lock`."""

    def locked(self, directory: Path, owner: str, age: float = 0) -> Path:
        lock = directory / "dovecot-uidlist.lock"
        lock.write_text(owner)
        os.utime(lock, (time.time() - age,) * 2)
        return lock

    def test_a_living_owner_is_waited_for_but_not_long(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Mail goes on; the lock stays its owner's."""
        monkeypatch.setattr(module, "LOCK_WAIT", 0.1)
        lock = self.locked(tmp_path, f"{os.getpid()}:{socket.gethostname()}")
        begun = time.monotonic()

        write_uidlist(tmp_path, UidList(7, 9, None, []))

        assert time.monotonic() - begun >= 0.1
        assert lock.exists()

    def test_a_dead_owners_lock_goes_at_once(self, tmp_path: Path) -> None:
        """It left its process id."""
        with subprocess.Popen(["true"]) as dead:
            pass
        lock = self.locked(tmp_path, f"{dead.pid}:{socket.gethostname()}")

        write_uidlist(tmp_path, UidList(7, 9, None, []))

        assert not lock.exists()

    @pytest.mark.parametrize("owner", ["", "1:another-host", "99999999999:here"])
    def test_an_untouched_lock_is_stale(self, tmp_path: Path, owner: str) -> None:
        """After two minutes."""
        lock = self.locked(tmp_path, owner, age=121)

        write_uidlist(tmp_path, UidList(7, 9, None, []))

        assert not lock.exists()

    def test_it_is_ours_while_we_write(self, tmp_path: Path) -> None:
        """With our process id, and released after trouble too."""
        with module._locked(tmp_path):
            assert (tmp_path / "dovecot-uidlist.lock").read_text() == f"{os.getpid()}:{socket.gethostname()}"
        with pytest.raises(FileNotFoundError):
            raise_next(tmp_path, 1)

        assert list(tmp_path.iterdir()) == []


def test_couriers_pop3_uidls(tmp_path: Path) -> None:
    """As its POP3 server sends them."""
    (tmp_path / "courierpop3dsizelist").write_text(
        "/3 5 1795428656\na,S=1 28 3:1795428656:0\nb:2,S 28 4:0:0\nc 28 0:0:0\nrubbish\nd 1 x:y\n"
    )

    assert read_courier_uidls(tmp_path) == {"a,S=1": "UID3-1795428656", "b": "UID4", "c": "c"}


def test_without_couriers_pop3_file(tmp_path: Path) -> None:
    """Nothing was taken over."""
    assert read_courier_uidls(tmp_path) == {}
