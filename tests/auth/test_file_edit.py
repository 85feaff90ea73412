"""Editing a shared text file: atomic, locked, and leaving alone what it must."""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from mailaccess.auth.file_edit import Busy, edit, stamp_of


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder that anybody may pass through, and a process that is not root while it is used."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "users").write_text("a\n")
        (folder / "users").chmod(0o444)
        was_root = os.geteuid() == 0
        if was_root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if was_root:
                os.seteuid(0)


def test_lines_keep_their_ends_and_octets(tmp_path: Path) -> None:
    """CRLF, no end at all, form feeds and what is no UTF-8 survive an edit of another line."""
    path = tmp_path / "users"
    path.write_bytes(b"a\r\n# \xff\x0c\xe2\x80\xa8\n\nlast")

    with edit(path) as lines:
        lines[0] = "b\r\n"

    assert path.read_bytes() == b"b\r\n# \xff\x0c\xe2\x80\xa8\n\nlast"


def test_file_is_replaced_not_written_over(tmp_path: Path) -> None:
    """Who has the old file open reads the old content to its end; nothing else stays in the folder."""
    path = tmp_path / "users"
    path.write_text("old\n")

    with path.open() as reader:
        with edit(path) as lines:
            lines[:] = ["new\n"]

        assert reader.read() == "old\n"
    assert path.read_text() == "new\n"
    assert list(tmp_path.iterdir()) == [path]


def test_unchanged_lines_leave_the_file_alone(tmp_path: Path) -> None:
    """No replacement, hence no new inode, without a reason."""
    path = tmp_path / "users"
    path.write_text("a\n")
    before = stamp_of(path.stat())

    with edit(path) as lines:
        lines[0] = "a\n"

    assert stamp_of(path.stat()) == before


def test_mode_is_kept(tmp_path: Path) -> None:
    """Another program reads the file too."""
    path = tmp_path / "users"
    path.write_text("a\n")
    path.chmod(0o640)

    with edit(path) as lines:
        lines.append("b\n")

    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owner_is_kept(tmp_path: Path) -> None:
    """Root edits the file of the user the server runs as."""
    path = tmp_path / "users"
    path.write_text("a\n")
    os.chown(path, 1234, 2345)

    with edit(path) as lines:
        lines.append("b\n")

    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_symbolic_link_stays(tmp_path: Path) -> None:
    """The file it points to is replaced."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("a\n")
    link.symlink_to(real)

    with edit(link) as lines:
        lines.append("b\n")

    assert link.is_symlink()
    assert real.read_text() == "a\nb\n"


@contextmanager
def somebody(uid: int) -> Iterator[None]:
    """Not root, and in no group of root's."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(("mode", "kept"), [(0o600, True), (0o644, True), (0o640, False), (0o604, False)])
def test_group_that_we_are_not_in(mode: int, kept: bool) -> None:
    """As after `chown vmail users`: it is lost where it means nothing; where it does, the file is left alone."""
    with tempfile.TemporaryDirectory() as made:  # pytest's own are closed to others
        path = Path(made, "users")
        path.write_text("ann:x\n")
        path.chmod(mode)
        for place in (made, path):
            os.chown(place, 1234, 2345)
        with (
            somebody(1234),
            nullcontext() if kept else pytest.raises(PermissionError, match="users"),
            edit(path) as lines,
        ):
            lines.append("bob:y\n")

        assert path.read_text() == ("ann:x\nbob:y\n" if kept else "ann:x\n")
        assert path.stat().st_mode & 0o777 == mode
        assert [file.name for file in Path(made).iterdir()] == ["users"]


def test_missing_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    """When asked for; else it is an error."""
    path = tmp_path / "users"
    with pytest.raises(FileNotFoundError), edit(path):
        pass

    with edit(path, create=True) as lines:
        lines.append("a\n")

    assert path.read_text() == "a\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_error_while_editing_changes_nothing(tmp_path: Path) -> None:
    """The lines are dropped with the exception."""
    path = tmp_path / "users"
    path.write_text("a\n")

    with pytest.raises(IndexError), edit(path) as lines:
        del lines[0], lines[0]

    assert path.read_text() == "a\n"


def test_file_that_may_not_be_written_is_refused(unprivileged: Path) -> None:
    """And left as it is."""
    with pytest.raises(PermissionError), edit(unprivileged / "users") as lines:
        lines.append("b\n")

    assert (unprivileged / "users").read_text() == "a\n"


def test_busy_file_is_not_waited_for(tmp_path: Path) -> None:
    """When asked not to."""
    path = tmp_path / "users"
    path.write_text("a\n")

    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Busy), edit(path, wait=False):
            pass


EDITOR = """
import sys
from pathlib import Path
from mailaccess.auth.file_edit import edit
for number in range(60):
    with edit(Path(sys.argv[1])) as lines:
        lines.append(f"{sys.argv[2]}{number}\\n")
"""


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    """Every edit stands on the one before, though each replaces the file the other waits for."""
    path = tmp_path / "users"
    path.write_text("")
    editors = [subprocess.Popen([sys.executable, "-c", EDITOR, str(path), name]) for name in "ab"]

    assert [editor.wait(60) for editor in editors] == [0, 0]
    lines = path.read_text().split()
    assert [line for line in lines if line[0] == "a"] == [f"a{number}" for number in range(60)]
    assert [line for line in lines if line[0] == "b"] == [f"b{number}" for number in range(60)]
