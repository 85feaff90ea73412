"""mailaccess.cli.context: what commands begin with."""

from pathlib import Path

import pytest

from mailaccess.cli.context import NoUser, configuration, enter, identity
from mailaccess.config import ConfigError


def written(directory: Path, text: str) -> Path:
    (directory / "mail.toml").write_text(text)
    return directory / "mail.toml"


def test_the_usual_file_is_read_only_if_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Defaults need no file; a file in its usual place needs no option."""
    monkeypatch.setattr("mailaccess.cli.context.USUAL_FILE", tmp_path / "mail.toml")
    before = configuration(None)
    written(tmp_path, "workers = 7")

    assert before.file is None
    assert configuration(None).settings.workers == 7


def test_entering_reads_the_same_configuration(tmp_path: Path) -> None:
    """Wrong keys are refused before anything else is done."""
    assert enter(written(tmp_path, "workers = 7")).settings.workers == 7
    with pytest.raises(ConfigError, match=r"mail\.toml:1: workers: expected at least 1, not 0"):
        enter(written(tmp_path, "workers = 0"))


def test_an_unknown_account(tmp_path: Path) -> None:
    """Is told as such."""
    (tmp_path / "users").touch()

    with pytest.raises(NoUser, match=r"There is no user ann\."):
        identity(configuration(written(tmp_path, "")), "ann")
