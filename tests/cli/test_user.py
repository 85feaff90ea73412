"""mailaccess.cli.user: accounts come, change and go."""

from pathlib import Path

import pytest

from mailaccess.auth.passwd_file import PasswdFile
from tests.cli.conftest import Run


def knows(directory: Path, user: str, password: str) -> bool:
    return PasswdFile(directory / "users").verify(user, password) is not None


def test_add_reads_the_password_from_standard_input(run: Run, tmp_path: Path) -> None:
    """Its first line, whatever the line end; the file keeps a hash."""
    result = run("user", "add", "ann", stdin="pass wörd\r\nmore")

    assert (result.code, result.out) == (0, "Added ann.\n")
    assert knows(tmp_path, "ann", "pass wörd")
    assert "pass" not in (tmp_path / "users").read_text()


def test_add_takes_a_home(run: Run, tmp_path: Path) -> None:
    """The place of the account's mail."""
    run("user", "add", "ann", "--home", "/srv/ann", stdin="x")
    found = PasswdFile(tmp_path / "users").lookup("ann")

    assert found is not None
    assert found.home == "/srv/ann"


@pytest.mark.parametrize(
    ("user", "stdin", "error"),
    [
        ("ann", "x", "There is already a user ann."),
        ("a/b", "x", "a user name contains neither / nor .."),
        ("bob", "", "Expected a password on standard input."),
        ("bob", "\nx", "Expected a password on standard input."),
    ],
)
def test_what_cannot_be_added(run: Run, tmp_path: Path, user: str, stdin: str, error: str) -> None:
    """The reason, and nobody new."""
    run("user", "add", "ann", stdin="first")
    result = run("user", "add", user, stdin=stdin)

    assert (result.code, result.err) == (1, f"Error: {error}\n")
    assert knows(tmp_path, "ann", "first")
    assert PasswdFile(tmp_path / "users").users() == ["ann"]


def test_passwd_changes_the_password(run: Run, tmp_path: Path) -> None:
    """The old one no longer counts."""
    run("user", "add", "ann", stdin="old")
    result = run("user", "passwd", "ann", stdin="new\n")

    assert (result.code, result.out) == (0, "Changed the password of ann.\n")
    assert knows(tmp_path, "ann", "new")
    assert not knows(tmp_path, "ann", "old")


def test_list_and_remove(run: Run) -> None:
    """One name a line, in the file's order."""
    for user in ("zoe", "ann", "bob"):
        run("user", "add", user, stdin="x")
    removed = run("user", "remove", "ann")

    assert (removed.code, removed.out) == (0, "Removed ann; the mail is still there.\n")
    assert run("user", "list").out == "zoe\nbob\n"


@pytest.mark.parametrize("action", ["passwd", "remove"])
def test_an_unknown_user_is_67(run: Run, action: str) -> None:
    """sysexits.h's EX_NOUSER, before any password is asked for."""
    run("user", "add", "ann", stdin="x")
    result = run("user", action, "bob")

    assert (result.code, result.err) == (67, "Error: There is no user bob.\n")


def test_another_backends_accounts_are_its_own(run: Run, tmp_path: Path) -> None:
    """What cannot be changed from here is refused by name."""
    (tmp_path / "mail.toml").write_text('[auth]\nbackend = "tests.config.test_applying:Nobody"\n')
    result = run("user", "add", "ann", stdin="x")

    assert (result.code, result.err) == (
        1,
        "Error: The accounts of tests.config.test_applying:Nobody cannot be changed from here.\n",
    )
