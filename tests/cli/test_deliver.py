"""mailaccess.cli.deliver: a message on standard input is in the mailbox, or the exit code says what to do with it."""

from pathlib import Path

import pytest

from mailaccess.cli import deliver
from mailaccess.imap import facts
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts, StorageSettings
from mailaccess.storage.errors import Unavailable
from mailaccess.storage.mailbox import Mailbox
from tests.cli.conftest import Run

MESSAGE = b"From: bob@example.net\nSubject: hello\n\nFrom here on it is text.\n"


@pytest.fixture(autouse=True)
def ann(tmp_path: Path) -> Path:
    """An account without any mail so far."""
    (tmp_path / "users").write_text("ann:{PLAIN}secret\n")
    return tmp_path / "mail" / "ann"


def mail(folder: Path) -> dict[str, bytes]:
    """The messages in a folder, by file name."""
    return {path.name: path.read_bytes() for where in ("new", "cur") for path in (folder / where).iterdir()}


def test_a_message_is_stored_as_it_came(run: Run, ann: Path) -> None:
    """Octet by octet, LF line ends too, nothing said."""
    result = run("deliver", "ann", stdin=MESSAGE)

    assert (result.code, result.out, result.err) == (0, "", "")
    assert list(mail(ann).values()) == [MESSAGE]


def test_it_lies_where_other_programs_look_for_new_mail(run: Run, ann: Path) -> None:
    """In new/; mutt and shells that tell of mail go by that."""
    run("deliver", "ann", stdin=MESSAGE)

    assert [path.read_bytes() for path in (ann / "new").iterdir()] == [MESSAGE]


def test_what_clients_will_ask_for_is_computed(run: Run, ann: Path) -> None:
    """By the one process that has nobody to keep waiting."""
    run("deliver", "ann", stdin=MESSAGE)
    accounts = Accounts(StorageSettings(str(ann), None, facts.build, facts.VERSION))
    kept = accounts.open("ann", None).mailbox("INBOX").cached_facts([1])
    accounts.close()

    assert facts.Facts(kept[1]).header == b"From: bob@example.net\r\nSubject: hello\r\n\r\n"


@pytest.mark.parametrize(("owner", "name"), [(Mailbox, "make_facts"), (Account, "close")])
def test_what_fails_behind_the_delivery_is_only_said(
    run: Run, ann: Path, owner: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that heard of failure would deliver the message once more."""
    work = getattr(owner, name)

    def fail(*arguments: object) -> None:
        work(*arguments)
        raise Unavailable("no disk")

    monkeypatch.setattr(owner, name, fail)
    result = run("deliver", "ann", stdin=MESSAGE)

    assert (result.code, result.err) == (0, "mailaccess: no disk\n")
    assert list(mail(ann).values()) == [MESSAGE]


def test_an_mbox_line_before_it_is_dropped(run: Run, ann: Path) -> None:
    """Only at the very beginning."""
    run("deliver", "ann", stdin=b"From bob@example.net Mon Nov 23 11:00:00 2026\n" + MESSAGE)

    assert list(mail(ann).values()) == [MESSAGE]


def test_into_another_mailbox_with_flags(run: Run, ann: Path) -> None:
    """As a filter in front of it may want."""
    result = run("deliver", "ann", "--mailbox", "Junk", "--flags", r"\seen $Forwarded", stdin=MESSAGE)
    [(name, data)] = mail(ann / ".Junk").items()

    assert result.code == 0
    assert data == MESSAGE
    assert name.endswith(":2,Sa")
    assert (ann / ".Junk" / "dovecot-keywords").read_text() == "0 $Forwarded\n"


@pytest.mark.parametrize("mailbox", ["Nowhere", "../../etc", ""])
def test_a_mailbox_that_is_not_there_is_inbox(run: Run, ann: Path, mailbox: str) -> None:
    """Rather than a bounce; it is said."""
    result = run("deliver", "ann", "--mailbox", mailbox, stdin=MESSAGE)

    assert result.code == 0
    assert "delivering to INBOX" in result.err
    assert list(mail(ann).values()) == [MESSAGE]


def test_an_unknown_user_is_67(run: Run) -> None:
    """EX_NOUSER: the agent bounces."""
    assert run("deliver", "bob", stdin=MESSAGE).code == 67


def test_no_message_is_65(run: Run, ann: Path) -> None:
    """EX_DATAERR, and nothing is left behind."""
    assert run("deliver", "ann").code == 65
    assert run("deliver", "ann", stdin=b"From bob Mon Nov 23\n").code == 65
    assert mail(ann) == {}
    assert list((ann / "tmp").iterdir()) == []


def test_too_big_a_message_is_65(run: Run, ann: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It will not be smaller the next time."""
    monkeypatch.setenv("MAILACCESS_LIMITS__MESSAGE_SIZE", "1K")

    assert run("deliver", "ann", stdin=MESSAGE + b"x" * 1024).code == 65
    assert mail(ann) == {}
    assert list((ann / "tmp").iterdir()) == []


def test_a_wrong_configuration_is_75(run: Run, tmp_path: Path) -> None:
    """EX_TEMPFAIL: somebody will mend it, and the agent tries again."""
    (tmp_path / "mail.toml").write_text("wrong = 1")

    assert run("deliver", "ann", stdin=MESSAGE).code == 75


@pytest.mark.parametrize(
    "arguments", [("ann", "--wrong"), (), ("ann", "--flags", "a(b"), ("ann", "--flags", r"\Bogus")]
)
def test_wrong_use_is_75(run: Run, arguments: tuple[str, ...]) -> None:
    """The same."""
    assert run("deliver", *arguments, stdin=MESSAGE).code == 75


def test_a_missing_user_file_is_75(run: Run, tmp_path: Path) -> None:
    """Nobody is unknown while nobody can be looked up."""
    (tmp_path / "users").unlink()

    assert run("deliver", "ann", stdin=MESSAGE).code == 75


def test_our_own_fault_is_75(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not bounce somebody's mail; the traceback is for the log."""
    monkeypatch.setattr(deliver, "CHUNK", "no number")
    result = run("deliver", "ann", stdin=MESSAGE)

    assert result.code == 75
    assert "Traceback" in result.err


def test_mail_is_posted_to_what_others_share(run: Run, ann: Path, tmp_path: Path) -> None:
    """With the right "p", and only with that one."""
    (tmp_path / "users").write_text("ann:{PLAIN}secret\nbob:{PLAIN}secret\n")
    run("folder", "create", "bob", "Tickets")
    run("folder", "share", "bob", "Tickets", "ann", "lri")
    refused = run("deliver", "ann", "--mailbox", "Users/bob/Tickets", stdin=MESSAGE)
    run("folder", "share", "bob", "Tickets", "ann", "p")

    assert run("deliver", "ann", "--mailbox", "Users/bob/Tickets", stdin=MESSAGE).code == 0

    assert refused.code == 0
    assert "no right" in refused.err
    assert len(mail(ann)) == 1
    assert len(mail(tmp_path / "mail" / "bob" / ".Tickets")) == 1


@pytest.mark.parametrize(("setting", "code"), [("", 75), ('full = "bounce"\n', 73)])
def test_a_full_mailbox(run: Run, ann: Path, tmp_path: Path, setting: str, code: int) -> None:
    """The operator says whether the agent is to try again. Nothing of the message is left."""
    with (tmp_path / "mail.toml").open("a") as file:
        file.write(f"[quota]\nstorage = 1024\n{setting}")
    result = run("deliver", "ann", stdin=MESSAGE * 20)

    assert (result.code, result.err) == (code, "mailaccess: over quota: there is room for 1 KiB more\n")
    assert list((ann / "tmp").iterdir()) == []

    assert [run("deliver", "ann", stdin=MESSAGE * 10).code for _ in range(2)] == [0, code]
    assert len(mail(ann)) == 1


def test_a_soft_quota_keeps_no_mail_out(run: Run, ann: Path, tmp_path: Path) -> None:
    """It is there to be told of."""
    with (tmp_path / "mail.toml").open("a") as file:
        file.write("[quota]\nmessages = 1\nsoft = true\n")
    assert [run("deliver", "ann", stdin=MESSAGE).code for _ in range(2)] == [0, 0]
