"""mailaccess.cli.program: finding commands, and what failure looks like."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailaccess.cli.program import COMMANDS
from tests.cli.conftest import Run


def test_help_names_the_commands(run: Run) -> None:
    """All but those that only scripts call."""
    result = run("--help")

    assert result.code == 0
    assert all(f"  {name} " in result.out for name in COMMANDS if name not in {"demo", "container"})


def test_an_unknown_command_is_refused(run: Run) -> None:
    """With the exit code of wrong usage."""
    result = run("sevre")

    assert (result.code, result.out) == (2, "")
    assert "No such command 'sevre'" in result.err


def test_a_wrong_configuration_is_one_line_and_a_code(run: Run, tmp_path: Path) -> None:
    """78 is EX_CONFIG; no traceback."""
    (tmp_path / "mail.toml").write_text("\nworkers = 0")
    result = run("user", "list")

    assert (result.code, result.err) == (
        78,
        f"mailaccess: {tmp_path}/mail.toml:2: workers: expected at least 1, not 0\n",
    )


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(
    "command",
    ["config check", "config show", "user list", "folder list ann", "check ann", "deliver ann", "healthcheck"],
)
def test_every_command_becomes_the_configured_user_first(run: Run, tmp_path: Path, command: str) -> None:
    """Where it cannot, it does nothing as root instead."""
    (tmp_path / "mail.toml").write_text('[security]\nuser = "nobody-of-this-name"\n')
    result = run(*command.split())

    assert result.code == (75 if command == "deliver ann" else 78)
    assert f"{tmp_path}/mail.toml:2: security.user: there is no user nobody-of-this-name on this machine" in result.err


def test_a_file_that_fails_is_named(run: Run, tmp_path: Path) -> None:
    """An error of the operating system says of which file."""
    result = run("user", "list")

    assert (result.code, result.err) == (1, f"mailaccess: {tmp_path}/users: No such file or directory\n")


def test_a_command_imports_only_what_it_needs() -> None:
    """A delivery must not wait for Twisted."""
    probe = "import sys; import mailaccess.cli.deliver; print([m for m in sys.modules if m.startswith('twisted')])"
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"
