"""The program as its user meets it: arguments and standard input in, exit code and two streams out."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailaccess.cli import main


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("user", "add", "ann", stdin="secret")`; the configuration is tmp_path/mail.toml."""
    monkeypatch.setenv("MAILACCESS_CONFIG", str(tmp_path / "mail.toml"))
    (tmp_path / "mail.toml").write_text('[storage]\nmaildir = "mail/{user}"\n')

    def command(*arguments: str, stdin: str | bytes = b"") -> Result:
        octets = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "argv", ["mailaccess", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Result(int(ended.value.code or 0), captured.out, captured.err)

    return command
