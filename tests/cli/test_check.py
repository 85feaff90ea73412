"""mailaccess.cli.check: index and disk compared."""

from pathlib import Path

import pytest

from mailaccess.cli.samples import copy_samples
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def ann(tmp_path: Path) -> None:
    """An account with the sample mail."""
    (tmp_path / "users").write_text("ann:{PLAIN}secret\n")
    (tmp_path / "mail").mkdir()
    copy_samples(tmp_path / "mail" / "ann")


def test_the_second_check_finds_order(run: Run) -> None:
    """Whatever the first one mended is mended."""
    first = run("check", "ann")
    second = run("check", "ann")

    assert first.code == 0
    assert (second.code, second.out) == (0, "The mail of ann is in order.\n")


def test_what_others_broke_is_mended_and_said(run: Run, tmp_path: Path) -> None:
    """A message that another program wrote over is another message (nobody may see its text under the old UID)."""
    run("check", "ann")
    next((tmp_path / "mail" / "ann" / ".Junk" / "cur").iterdir()).write_bytes(b"Subject: other\n\nother\n")
    result = run("check", "ann")

    assert result.code == 0
    assert result.out.startswith("Junk: 1 messages ")
    assert run("check", "ann").out == "The mail of ann is in order.\n"


def test_an_unknown_user(run: Run) -> None:
    """67, as everywhere."""
    assert run("check", "bob").code == 67


def test_lists_of_another_program_are_made_known(run: Run, tmp_path: Path) -> None:
    """After a take-over from Dovecot others have to find what is shared."""
    run("check", "ann")
    (tmp_path / "mail" / "ann" / ".Junk" / "dovecot-acl").write_text("user=bob lr\n")

    run("check", "ann")

    assert "user/bob/ann" in (tmp_path / "mail" / ".shared-mailboxes").read_text()
