"""mailaccess.cli.container: an empty volume and two variables are a server with an account."""

import poplib
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailaccess.cli.installation import accounts
from tests.cli.conftest import Run
from tests.cli.serving import ANY_PORTS, serving


def log_in(volume: Path, environ: Mapping[str, str], user: str, password: str) -> bytes:
    """Starts the container's command and logs in as a client from outside has to: over TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with serving("container", str(volume), environ={**ANY_PORTS, **environ}) as server:
        client = poplib.POP3_SSL("127.0.0.1", server.ports["pop3s"], context=context)
        client.user(user)
        answer = client.pass_(password)
        client.quit()
    return answer


def test_an_empty_volume_becomes_a_server(tmp_path: Path) -> None:
    """The account from the environment can log in; its password may change with the environment."""
    log_in(tmp_path, {"MAILACCESS_USER": "ann@example.org", "MAILACCESS_PASSWORD": "first"}, "ann@example.org", "first")
    (tmp_path / "secret").write_text("second\n")
    in_file = {"MAILACCESS_USER": "ann@example.org", "MAILACCESS_PASSWORD_FILE": str(tmp_path / "secret")}
    log_in(tmp_path, in_file, "ann@example.org", "second")

    assert accounts(tmp_path).verify("ann@example.org", "first") is None
    assert accounts(tmp_path).users() == ["ann@example.org"]


def test_accounts_may_come_later(tmp_path: Path) -> None:
    """Without any in the environment the server starts all the same."""
    with serving("container", str(tmp_path)) as server:
        assert set(server.ports) == {"imap", "imaps", "pop3", "pop3s"}


@pytest.mark.parametrize("name", ["USER", "PASSWORD"])
def test_half_an_account_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Rather than starting a server nobody can log in to."""
    monkeypatch.setenv(f"MAILACCESS_{name}", "x")
    result = run("container", str(tmp_path))

    assert result.code == 1
    assert result.err.startswith("Error: Expected both MAILACCESS_USER and MAILACCESS_PASSWORD")


def test_an_impossible_account_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason."""
    monkeypatch.setenv("MAILACCESS_USER", "a/b")
    monkeypatch.setenv("MAILACCESS_PASSWORD", "x")
    result = run("container", str(tmp_path))

    assert (result.code, result.err) == (
        1,
        "Error: MAILACCESS_USER, MAILACCESS_PASSWORD: a user name contains neither / nor ..\n",
    )
