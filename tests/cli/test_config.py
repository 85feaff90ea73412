"""mailaccess.cli.config: is it right, and what is in force."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import trustme

from tests.cli.conftest import Run


@pytest.fixture
def right(tmp_path: Path) -> Path:
    """A configuration with all the files it names."""
    certificate = trustme.CA().issue_cert("mail.example.org")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    (tmp_path / "users").write_text("ann:{PLAIN}secret\n")
    (tmp_path / "mail.toml").write_text('[tls]\ncertificate = "both.pem"\n')
    return tmp_path / "mail.toml"


def test_a_right_configuration(run: Run, right: Path) -> None:
    """Exit code 0, and said so."""
    result = run("config", "check", str(right))

    assert (result.code, result.out, result.err) == (0, f"{right} is right.\n", "")


def test_a_wrong_key(run: Run, right: Path) -> None:
    """File, line, key; code 78."""
    right.write_text("[imap]\nport = 143")
    result = run("config", "check", str(right))

    assert (result.code, result.out) == (78, "")
    assert result.err.startswith(f"mailaccess: {right}:2: unknown key imap.port; ")


def test_files_that_are_missing_or_wrong(run: Run, right: Path) -> None:
    """Everything the server would stumble over."""
    (right.parent / "both.pem").write_text("no certificate")
    (right.parent / "users").write_text("ann\n")
    result = run("config", "check", str(right))

    assert result.code == 1
    assert f"{right}:2: tls.certificate: {right.parent}/both.pem: no certificate in PEM form" in result.err
    assert f"{right.parent}/users:1: " in result.err


def test_files_that_are_not_there(run: Run, right: Path) -> None:
    """All of them, with the line that names each, or the default that does."""
    (right.parent / "both.pem").unlink()
    (right.parent / "users").unlink()
    right.write_text(f'{right.read_text()}key = "key.pem"\n')
    result = run("config", "check", str(right))

    assert [line.partition(" (as user ")[0] for line in result.err.splitlines()] == [
        f"{right}:2: tls.certificate: {right.parent}/both.pem: No such file or directory",
        f"{right}:3: tls.key: {right.parent}/key.pem: No such file or directory",
        f"default: auth.path: {right.parent}/users: No such file or directory",
    ]


def test_files_must_be_readable_as_the_configured_user(right: Path) -> None:
    """Root may read everything; the server will not be root."""
    right.write_text(right.read_text() + '[security]\nuser = "nobody"\n')
    (right.parent / "both.pem").chmod(0)
    program = [sys.executable, "-m", "mailaccess", "config", "check", str(right)]
    result = subprocess.run(program, capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert f"{right}:2: tls.certificate: {right.parent}/both.pem: Permission denied (as user " in result.stderr
    assert "(as user root)" not in result.stderr


def test_show_is_toml_with_origins(run: Run, right: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting once, readable as a file, with where it came from."""
    monkeypatch.setenv("MAILACCESS_LIMITS__SESSIONS_PER_USER", "7")
    result = run("config", "show", "--config", str(right))
    values = tomllib.loads(result.out)
    origins = {line.split(" ")[0]: line.rpartition("  # ")[2] for line in result.out.splitlines() if "  # " in line}

    assert values["imap"]["listen"] == ["*:143"]
    assert values["tls"] == {"certificate": f"{right.parent}/both.pem", "others": []}
    assert origins["certificate"] == f"{right}:2"
    assert origins["sessions_per_user"] == "environment variable MAILACCESS_LIMITS__SESSIONS_PER_USER"
    assert origins["hostname"] == "default"


def test_show_can_be_read_as_a_file(run: Run, right: Path) -> None:
    """Tables among the values, too."""
    right.write_text(right.read_text() + '[imap]\nurl_applications = { submit = ["postfix", "a \\"b"], "x y" = [] }\n')
    shown = run("config", "show", "--config", str(right)).out
    right.write_text(shown)

    assert tomllib.loads(shown)["imap"]["url_applications"] == {"submit": ["postfix", 'a "b'], "x y": []}
    assert run("config", "check", str(right)).code == 0


def test_show_keeps_secrets(run: Run, right: Path) -> None:
    """Another backend's options may hold a password."""
    right.write_text('[auth]\nbackend = "x:Y"\nbind_password = "hush"\nurl = "ldap://x"\n')
    result = run("config", "show", "--config", str(right))

    assert "hush" not in result.out
    assert "password_checks = " in result.out
    assert 'password_checks = "(not shown)"' not in result.out
    assert "ldap://x" in result.out
