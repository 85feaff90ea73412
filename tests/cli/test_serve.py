"""mailaccess.cli.serve: the configuration's server, in the foreground."""

import imaplib
import poplib
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.serving import serving


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration with one account."""
    (tmp_path / "users").write_text("ann:{PLAIN}secret\n")
    (tmp_path / "mail.toml").write_text('hostname = "mail.example.org"\n[storage]\nmaildir = "mail/{user}"\n')
    return tmp_path / "mail.toml"


def test_serves_what_the_file_says(file: Path) -> None:
    """Both protocols on the account's mail; it stops on SIGTERM with exit code 0."""
    environ = {"MAILACCESS_IMAP__LISTEN": "127.0.0.1:0", "MAILACCESS_POP3__LISTEN": "127.0.0.1:0"}
    with serving("serve", "--config", str(file), environ=environ) as server:
        imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
        imap.login("ann", "secret")
        appended, _ = imap.append("INBOX", "", "", b"Subject: hello\r\n\r\nhello\r\n")
        imap.logout()
        pop3 = poplib.POP3("127.0.0.1", server.ports["pop3"])
        pop3.user("ann")
        pop3.pass_("secret")
        count, size = pop3.stat()
        pop3.quit()

        assert set(server.ports) == {"imap", "pop3"}
        assert b"mail.example.org" in imap.welcome
        assert (appended, count, size) == ("OK", 1, 25)


def test_a_wrong_configuration_serves_nobody(run: Run, file: Path) -> None:
    """As for every command: place and reason, code 78."""
    file.write_text("[imap]\nlisten = 143")
    result = run("serve", "--config", str(file))

    assert (result.code, result.err) == (78, f"mailaccess: {file}:2: imap.listen: expected a list, not 143\n")
