"""mailaccess.cli.folder: mailboxes are listed, made and removed."""

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


def listed(run: Run) -> dict[str, list[str]]:
    """The lines of `folder list`, by mailbox."""
    lines = [line.split() for line in run("folder", "list", "ann").out.splitlines()]
    return {line[2]: line[:2] + line[3:] for line in lines}


def test_list_counts(run: Run) -> None:
    """Messages, unseen messages, special uses; INBOX first."""
    folders = listed(run)

    assert next(iter(folders)) == "INBOX"
    assert folders["INBOX"][:2] == ["36", "7"]
    assert folders["Sent"][:2] == ["4", "0"]
    assert folders["Archive/2025"][:2] == ["4", "0"]


def test_create_and_delete(run: Run) -> None:
    """A mailbox comes, with its parent, and goes."""
    created = run("folder", "create", "ann", "Work/Entwürfe")

    assert (created.code, created.out) == (0, "Created Work/Entwürfe.\n")
    assert listed(run)["Work/Entwürfe"] == ["0", "0"]
    assert run("folder", "delete", "ann", "Work/Entwürfe").out == "Deleted Work/Entwürfe.\n"
    assert "Work/Entwürfe" not in listed(run)


def test_deleting_mail_wants_a_yes(run: Run) -> None:
    """A mailbox with messages goes only when that is meant."""
    refused = run("folder", "delete", "ann", "Junk", stdin="n\n")

    assert refused.code == 1
    assert "Delete Junk with 3 messages?" in refused.out
    assert "Junk" in listed(run)
    assert run("folder", "delete", "--yes", "ann", "Junk").code == 0
    assert "Junk" not in listed(run)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("list", "bob"), 67),
        (("create", "bob", "Work"), 67),
        (("create", "ann", "Sent"), 1),
        (("create", "ann", "a//b"), 1),
        (("delete", "ann", "Nowhere"), 1),
        (("delete", "--yes", "ann", "INBOX"), 1),
    ],
)
def test_what_cannot_be(run: Run, arguments: tuple[str, ...], code: int) -> None:
    """One line says why; no traceback."""
    result = run("folder", *arguments)

    assert (result.code, result.out) == (code, "")
    assert len(result.err.splitlines()) == 1


def shared(run: Run, *arguments: str) -> list[list[str]]:
    """The lines of `folder share ann`."""
    return [line.split() for line in run("folder", "share", "ann", *arguments).out.splitlines()]


def test_share_gives_and_takes_rights(run: Run, tmp_path: Path) -> None:
    """In letters, added or taken with a sign; nothing left, no entry."""
    assert shared(run, "Sent") == [["lrswipkxtea", "ann"]]
    assert shared(run, "Sent", "bob", "lrs") == [["lrswipkxtea", "ann"], ["lrs", "bob"]]
    assert shared(run, "Sent", "bob", "+i") == [["lrswipkxtea", "ann"], ["lrsi", "bob"]]
    assert shared(run, "Sent", "bob", "-s")[1] == ["lri", "bob"]
    assert shared(run, "Sent", "-bob", "i")[2] == ["i", "-bob"]
    assert (tmp_path / "mail" / "ann" / ".Sent" / "dovecot-acl").read_text() == "user=bob lri\n-user=bob i\n"
    assert "/user/bob/ann\n1\n" in (tmp_path / "mail" / ".shared-mailboxes").read_text()
    shared(run, "Sent", "-bob", "")
    assert shared(run, "Sent", "bob", "") == [["lrswipkxtea", "ann"]]
    assert (tmp_path / "mail" / ".shared-mailboxes").read_text() == ""


def test_share_says_what_is_wrong(run: Run) -> None:
    """Rights, identifiers, mailboxes."""
    assert "lrswipkxtea" in run("folder", "share", "ann", "Sent", "bob").err
    assert "there is no right 'q'" in run("folder", "share", "ann", "Sent", "bob", "q").err
    assert "empty" in run("folder", "share", "ann", "Sent", "", "l").err
    assert "no mailbox Nothing" in run("folder", "share", "ann", "Nothing", "bob", "l").err
