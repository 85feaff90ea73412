"""mailaccess.config.applying: the backend and the user that are configured."""

import os
from collections.abc import Hashable, Sequence
from pathlib import Path

import pytest

from mailaccess.auth.backend import Identity
from mailaccess.config import ConfigError, Configuration, load
from mailaccess.config.applying import backend, become_user, read_backend, sharing


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


def written(directory: Path, text: str) -> Configuration:
    (directory / "mail.toml").write_text(text)
    return load(directory / "mail.toml", {})


def test_a_backend_gets_its_options(tmp_path: Path) -> None:
    """All keys of [auth] but `backend`."""
    found = backend(written(tmp_path, '[auth]\nbackend = "tests.config.test_applying:Nobody"\ndepth = 3'))

    assert isinstance(found, Nobody)
    assert found.depth == 3


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('backend = "no.such:Thing"', "mail.toml:2: auth.backend: "),
        ('backend = "tests.config.test_applying:Nobody"\n\nwidth = 3', "mail.toml:4: auth.width: "),
        ('backend = "tests.config.test_applying:Nobody"\ndepth = "deep"', "mail.toml:3: auth.depth: "),
    ],
)
def test_a_backends_options_are_named_with_their_line(tmp_path: Path, text: str, place: str) -> None:
    """As any other key."""
    with pytest.raises(ConfigError) as caught:
        backend(written(tmp_path, f"[auth]\n{text}"))

    assert caught.value.problems[0].startswith(f"{tmp_path}/{place}")


def test_an_unknown_user_of_the_machine_is_named_with_its_line(tmp_path: Path) -> None:
    """Root must not go on as root; anybody else cannot become somebody anyway."""
    configuration = written(tmp_path, '[security]\nuser = "nobody-of-this-name"')
    if os.getuid() != 0:
        become_user(configuration)
        return
    with pytest.raises(ConfigError) as caught:
        become_user(configuration)

    assert caught.value.problems == [
        f"{configuration.file}:2: security.user: there is no user nobody-of-this-name on this machine"
    ]


def test_a_user_file_that_is_not_there(tmp_path: Path) -> None:
    """Is named with the line that names it."""
    with pytest.raises(ConfigError) as caught:
        read_backend(written(tmp_path, '[auth]\n\npath = "nowhere"'))

    [problem] = caught.value.problems
    assert problem.startswith(f"{tmp_path}/mail.toml:3: auth.path: {tmp_path}/nowhere: No such file or directory")


@pytest.mark.parametrize(
    ("maildir", "dictionary"),
    [
        ("/srv/mail/{user}", "/srv/mail/.shared-mailboxes"),
        ("/srv/mail-{user}/mail", "/srv/.shared-mailboxes"),
        ("{domain}/{local}", "{base}/.shared-mailboxes"),
    ],
)
def test_who_shares_what_is_kept_beside_the_accounts(tmp_path: Path, maildir: str, dictionary: str) -> None:
    """In no user's directory; unless another place is configured."""
    loaded = written(tmp_path, f'[storage]\nmaildir = "{maildir}"\n[sharing]\npublic = "all"\n')
    found = sharing(loaded, backend(loaded))

    assert found.sharers.path == Path(dictionary.replace("{base}", str(tmp_path)))
    assert (found.users, found.shared, found.public, found.personal_flags) == ("Users", "Shared", "all", True)
    other = written(tmp_path, '[sharing]\ndictionary = "who"\n')
    assert sharing(other, backend(other)).sharers.path == tmp_path / "who"
