"""mailaccess.cli.context: what commands begin with."""

import os
from collections.abc import Hashable, Sequence
from pathlib import Path

import pytest

from mailaccess.auth.backend import Identity
from mailaccess.cli.context import NoUser, backend, configuration, enter, identity
from mailaccess.config import ConfigError


class Nobody:
    """A backend of somebody else's, with an option."""

    has_secrets = False

    def __init__(self, depth: int = 1) -> None:
        self.depth = depth

    def verify(self, user: str, password: str) -> Identity | None:
        return None

    def lookup(self, user: str) -> Identity | None:
        return None

    def secret(self, user: str) -> str | None:
        return None

    def version(self) -> Hashable:
        return 0

    def users(self) -> Sequence[str]:
        return []

    def reload(self) -> None:
        pass


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


def test_a_backend_gets_its_options(tmp_path: Path) -> None:
    """All keys of [auth] but `backend`."""
    found = backend(configuration(written(tmp_path, '[auth]\nbackend = "tests.cli.test_context:Nobody"\ndepth = 3')))

    assert isinstance(found, Nobody)
    assert found.depth == 3


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('backend = "no.such:Thing"', "mail.toml:2: auth.backend: "),
        ('backend = "tests.cli.test_context:Nobody"\n\nwidth = 3', "mail.toml:4: auth.width: "),
        ('backend = "tests.cli.test_context:Nobody"\ndepth = "deep"', "mail.toml:3: auth.depth: "),
    ],
)
def test_a_backends_options_are_named_with_their_line(tmp_path: Path, text: str, place: str) -> None:
    """As any other key."""
    with pytest.raises(ConfigError) as caught:
        backend(configuration(written(tmp_path, f"[auth]\n{text}")))

    assert caught.value.problems[0].startswith(f"{tmp_path}/{place}")


def test_an_unknown_account(tmp_path: Path) -> None:
    """Is told as such."""
    with pytest.raises(NoUser, match=r"There is no user ann\."):
        identity(configuration(written(tmp_path, '[auth]\nbackend = "tests.cli.test_context:Nobody"')), "ann")


def test_an_unknown_user_of_the_machine_is_named_with_its_line(tmp_path: Path) -> None:
    """Root must not go on as root; anybody else cannot become somebody anyway."""
    file = written(tmp_path, '[security]\nuser = "nobody-of-this-name"')
    if os.getuid() != 0:
        enter(file)
        return
    with pytest.raises(ConfigError) as caught:
        enter(file)

    [problem] = caught.value.problems
    assert problem == f"{file}:2: security.user: there is no user nobody-of-this-name on this machine"
