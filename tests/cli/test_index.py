"""mailaccess.cli.index: the full-text index filled, or removed."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run

MESSAGE = b"From: bob@example.net\nSubject: hello\n\nText.\n"


@pytest.fixture(autouse=True)
def ann(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("ann:{PLAIN}secret\n")


def test_filled(run: Run, tmp_path: Path) -> None:
    """All mailboxes; what was there already is not done twice."""
    run("deliver", "ann", stdin=MESSAGE)
    run("deliver", "ann", stdin=MESSAGE.replace(b"Text", b"More"))
    first, second = run("index", "ann"), run("index", "ann")

    assert (first.code, first.err) == (0, "")
    assert next(line.split() for line in first.out.splitlines()) == ["2", "of", "2", "INBOX"]
    assert second.out == first.out
    assert list((tmp_path / "mail" / "ann").glob("mailaccess/text.sqlite"))


def test_removed(run: Run, tmp_path: Path) -> None:
    """And nothing is left of it."""
    run("deliver", "ann", stdin=MESSAGE)
    run("index", "ann")
    assert run("index", "ann", "--remove").code == 0
    assert not list((tmp_path / "mail" / "ann").glob("mailaccess/text.sqlite*"))


def test_switched_off(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the configuration."""
    monkeypatch.setenv("MAILACCESS_STORAGE__FULL_TEXT", "false")
    result = run("index", "ann")

    assert result.code == 1
    assert "storage.full_text" in result.err


def test_an_unknown_user(run: Run) -> None:
    """67, as everywhere."""
    assert run("index", "bob").code == 67
