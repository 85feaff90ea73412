"""mailaccess.cli.quota: what an account holds and may hold is shown, and set."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run

MESSAGE = b"From: bob@example.net\nSubject: hello\n\nText.\n"


@pytest.fixture(autouse=True)
def users(tmp_path: Path) -> Path:
    path = tmp_path / "users"
    path.write_text("ann:{PLAIN}secret\nbob:{PLAIN}secret:::::: imap_without=IDLE quota=mailboxes=9\n")
    return path


def shown(run: Run, *arguments: str) -> list[list[str]]:
    result = run("quota", *arguments)
    assert (result.code, result.err) == (0, "")
    return [line.split() for line in result.out.splitlines()]


def test_usage_is_shown(run: Run) -> None:
    """With no limit unless there is one."""
    run("deliver", "ann", stdin=MESSAGE)
    assert shown(run, "ann") == [
        ["storage", "44", "of", "any"],
        ["messages", "1", "of", "any"],
        ["mailboxes", "6", "of", "any"],
    ]


def test_limits_are_written_into_the_account(run: Run, users: Path) -> None:
    """Each by itself; what else the line says stays."""
    assert [line[3] for line in shown(run, "bob", "--storage", "1536K", "--messages", "10")] == ["1.5M", "10", "9"]
    assert users.read_text().splitlines() == [
        "ann:{PLAIN}secret",
        "bob:{PLAIN}secret::::::imap_without=IDLE quota=storage=1572864,messages=10,mailboxes=9",
    ]

    shown(run, "bob", "--storage", "default", "--messages", "none")
    assert users.read_text().endswith("quota=messages=none,mailboxes=9\n")
    shown(run, "bob", "--messages", "default", "--mailboxes", "default")
    assert users.read_text().endswith("::::::imap_without=IDLE\n")


@pytest.mark.parametrize("arguments", [["--storage", "much"], ["--messages", "1k"], ["--mailboxes", "1,storage=5"]])
def test_what_cannot_be_meant_changes_nothing(run: Run, users: Path, arguments: list[str]) -> None:
    """And is told."""
    before = users.read_text()
    result = run("quota", "ann", *arguments)
    assert result.code == 1
    assert "expected" in result.err
    assert users.read_text() == before


def test_nobodys(run: Run) -> None:
    """As with other commands."""
    assert run("quota", "nobody").code == 67
    assert run("quota", "nobody", "--storage", "1G").code == 67


def test_accounts_elsewhere(run: Run, tmp_path: Path) -> None:
    """Are changed there."""
    (tmp_path / "mail.toml").write_text('[auth]\nbackend = "tests.auth.test_backend:Fixed"\n')
    result = run("quota", "ann", "--storage", "1G")
    assert result.code != 0
