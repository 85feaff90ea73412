"""Durable replacement and the rename that never overwrites."""

import ctypes
import errno
import os
from pathlib import Path

import pytest

from mailaccess.storage import disk
from mailaccess.storage.disk import FileStamp, is_shared, rename_noreplace, replace_file


def unsupported(*_: object) -> int:
    """A kernel or file system that does not know RENAME_NOREPLACE."""
    ctypes.set_errno(errno.EINVAL)
    return -1


@pytest.fixture(params=["renameat2", "unsupported by the file system", "missing from the library"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way of renaming without overwriting."""
    if request.param == "unsupported by the file system":
        monkeypatch.setattr(disk, "_renameat2", unsupported)
    elif request.param == "missing from the library":
        monkeypatch.setattr(disk, "_renameat2", None)


@pytest.mark.usefixtures("kernel")
class TestRename:
    """rename_noreplace, with and without the kernel's help."""

    def test_a_file_moves(self, tmp_path: Path) -> None:
        """Content and inode stay."""
        (tmp_path / "a").write_text("mail")

        rename_noreplace(tmp_path / "a", tmp_path / "b")

        assert not (tmp_path / "a").exists()
        assert (tmp_path / "b").read_text() == "mail"

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        """Both files are still there after the refusal."""
        (tmp_path / "a").write_text("one")
        (tmp_path / "b").write_text("two")

        with pytest.raises(FileExistsError):
            rename_noreplace(tmp_path / "a", tmp_path / "b")

        assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("one", "two")

    def test_another_link_of_the_file_is_in_the_way_too(self, tmp_path: Path) -> None:
        """rename() would do nothing and say it had."""
        (tmp_path / "a").write_text("one")
        (tmp_path / "b").hardlink_to(tmp_path / "a")

        with pytest.raises(FileExistsError):
            rename_noreplace(tmp_path / "a", tmp_path / "b")

    def test_names_within_a_directory(self, tmp_path: Path) -> None:
        """It is the same, by its descriptor."""
        for name in ("a", "b"):
            (tmp_path / name).write_text(name)
        directory = os.open(tmp_path, os.O_RDONLY)
        try:
            with pytest.raises(FileExistsError):
                rename_noreplace("a", "b", within=directory)
            with pytest.raises(FileNotFoundError):
                rename_noreplace("x", "c", within=directory)
            rename_noreplace(b"a", b"c", within=directory)
        finally:
            os.close(directory)

        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b": "b", "c": "a"}

    def test_a_missing_file_is_told(self, tmp_path: Path) -> None:
        """As FileNotFoundError."""
        with pytest.raises(FileNotFoundError):
            rename_noreplace(tmp_path / "a", tmp_path / "b")

    def test_a_directory_moves(self, tmp_path: Path) -> None:
        """There are no links of directories to do it with."""
        (tmp_path / "a").mkdir()

        rename_noreplace(tmp_path / "a", tmp_path / "b")

        assert (tmp_path / "b").is_dir()

    def test_a_directory_does_not_replace_an_empty_one(self, tmp_path: Path) -> None:
        """Which rename() would."""
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()

        with pytest.raises(FileExistsError):
            rename_noreplace(tmp_path / "a", tmp_path / "b")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """No temporary file stays, the mode is the old one's."""
    path = tmp_path / "list"
    path.write_bytes(b"old and longer")
    path.chmod(0o640)

    stamp = replace_file(path, b"new")

    assert path.read_bytes() == b"new"
    assert stamp == FileStamp.of(path.stat())
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    """Whatever the umask."""
    replace_file(tmp_path / "list", b"new")

    assert (tmp_path / "list").stat().st_mode & 0o777 == 0o600


def test_the_new_file_is_written_in_tmp_where_there_is_one(tmp_path: Path) -> None:
    """What a crash leaves there is cleaned up."""
    (tmp_path / "tmp").mkdir()
    os.utime(tmp_path / "tmp", (0, 0))

    replace_file(tmp_path / "list", b"new")

    assert (tmp_path / "list").read_bytes() == b"new"
    assert (tmp_path / "tmp").stat().st_mtime > 0
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_replacement_can_be_newer_by_whole_seconds(tmp_path: Path) -> None:
    """For programs that compare seconds, even when the old file's time lies ahead."""
    path = tmp_path / "list"
    before = 4_000_000_000_500_000_000

    stamp = replace_file(path, b"new", newer_than=before)

    assert stamp.mtime_ns == path.stat().st_mtime_ns == 4_000_000_001_000_000_000


def test_a_failed_replacement_leaves_the_old_file(tmp_path: Path) -> None:
    """And nothing else."""
    path = tmp_path / "taken"
    path.mkdir()
    (path / "inner").touch()

    with pytest.raises(OSError):
        replace_file(path, b"new")

    assert list(tmp_path.iterdir()) == [path]


def test_local_file_systems_are_not_shared(tmp_path: Path) -> None:
    """inotify and SQLite work there."""
    assert not is_shared(tmp_path)
    assert not is_shared("/proc")


def test_shared_file_systems_are_known_by_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's number for the type decides; proc stands in for a network's."""
    monkeypatch.setattr(disk, "_SHARED", {0x9FA0})

    assert is_shared("/proc")


def test_a_path_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    """As the system call tells it."""
    with pytest.raises(FileNotFoundError):
        is_shared(tmp_path / "missing")
