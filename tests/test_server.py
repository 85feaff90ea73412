"""The composition root: what it refuses before it serves, and what its workers share. All else is in tests/e2e."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailaccess.server import ledger_path
from tests.e2e.running import lay_out


def refused(config: Path) -> str:
    """What `run` says of a configuration."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom mailaccess.config import ConfigError, load\n"
        "from mailaccess.server import run\n"
        "try:\n    run(load(Path(sys.argv[1]), {}))\nexcept ConfigError as error:\n    print(error)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(config)], capture_output=True, text=True, check=True, timeout=60
    )
    return result.stdout


def test_the_place_in_the_configuration_is_named(tmp_path: Path) -> None:
    """File, line and key of what turns out to be wrong only now."""
    config = lay_out(tmp_path, more='[auth]\nbackend = "no.such.module:Backend"\n')
    line = config.read_text().splitlines().index('backend = "no.such.module:Backend"') + 1

    assert refused(config).startswith(f"{config}:{line}: auth.backend: there is no authentication backend")


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    """Before a client sees it."""
    config = lay_out(tmp_path)
    key = (tmp_path / "key.pem").read_bytes()
    lay_out(tmp_path)
    (tmp_path / "key.pem").write_bytes(key)

    text = refused(config)
    assert "tls.certificate" in text
    assert "not the key of" in text


def test_importing_the_server_installs_no_reactor() -> None:
    """The parent forks its workers; each needs a reactor of its own."""
    program = "import sys, mailaccess.server; print('twisted.internet.reactor' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "False"


def test_an_unknown_user_to_become_is_refused(tmp_path: Path) -> None:
    """Root must not go on as root."""
    config = lay_out(tmp_path, more='[security]\nuser = "no-such-user"\n')
    if os.getuid():
        pytest.skip("only root becomes somebody else")

    assert "security.user: there is no user no-such-user" in refused(config)


def test_workers_share_a_private_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the same ports, after a restart too; nobody else may look into it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    here, there = {"imap": ["127.0.0.1:143"]}, {"imap": ["127.0.0.1:1143"]}

    assert ledger_path(here) == ledger_path(here) != ledger_path(there)
    assert ledger_path(here).parent.stat().st_mode & 0o777 == 0o700


def test_a_runtime_directory_of_somebody_else_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays in the environment of whom root has become."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/proc")
    ledger = ledger_path({"imap": ["127.0.0.1:143"]})

    assert ledger.parent.is_dir()
    ledger.parent.rmdir()


def test_a_ledger_laid_out_by_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In /tmp anybody can make a directory, or a link, of any name."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    places = {"imap": ["127.0.0.1:143"]}
    usual = ledger_path(places).parent
    usual.rmdir()
    (tmp_path / "elsewhere").mkdir(0o700)
    usual.symlink_to(tmp_path / "elsewhere")
    assert usual not in ledger_path(places).parents

    usual.unlink()
    usual.mkdir()
    usual.chmod(0o777)
    assert usual not in ledger_path(places).parents
