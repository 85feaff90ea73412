"""Loading a backend by its dotted path."""

from pathlib import Path

import pytest

from mailaccess.auth.backend import BadBackend, Identity, load
from mailaccess.auth.passwd_file import PasswdFile


class Everybody:
    """A backend of the kind others write: everybody may log in with one password."""

    def __init__(self, password: str, slow: int = 0) -> None:
        self.password = password
        self.slow = slow

    has_secrets = False

    def verify(self, user: str, password: str) -> Identity | None:
        return Identity(user) if password == self.password else None

    def lookup(self, user: str) -> Identity | None:
        return Identity(user)

    def secret(self, user: str) -> str | None:
        return None

    def version(self) -> int:
        return 0

    def users(self) -> list[str]:
        return []

    def reload(self) -> None:
        pass


class Half:
    """Lacks most of what a backend has."""

    def verify(self, user: str, password: str) -> Identity | None:
        return None


def test_built_in_by_its_short_name(tmp_path: Path) -> None:
    """Texts become what the constructor wants: they may come from the environment."""
    backend = load("passwd-file", {"path": str(tmp_path / "users"), "fold_case": "true"})

    assert isinstance(backend, PasswdFile)
    assert backend.path == tmp_path / "users"


@pytest.mark.parametrize("dotted", ["tests.auth.test_backend:Everybody", "tests.auth.test_backend.Everybody"])
def test_foreign_class_by_its_path(dotted: str) -> None:
    """With a colon or a dot before the class; options are constructor arguments."""
    backend = load(dotted, {"password": "open", "slow": 1})

    assert backend.verify("tim", "open") == Identity("tim")


@pytest.mark.parametrize(
    ("dotted", "options", "option", "text"),
    [
        ("tests.auth.test_backend:Everybody", {"password": "x", "colour": 1}, "colour", "has no option 'colour'"),
        ("tests.auth.test_backend:Everybody", {}, "password", "needs the option 'password'"),
        ("tests.auth.test_backend:Everybody", {"password": "x", "slow": "very"}, "slow", "integer"),
        ("tests.auth.test_backend:Nobody", {}, None, "there is no"),
        ("tests.auth.no_such_module:X", {}, None, "there is no"),
        ("nonsense", {}, None, "there is no"),
        ("", {}, None, "there is no"),
        ("tests.auth.test_backend:Half", {}, None, "is not an authentication backend"),
    ],
)
def test_mistakes_are_named(dotted: str, options: dict[str, object], option: str | None, text: str) -> None:
    """With the option to blame, so that the configuration can point at its line."""
    with pytest.raises(BadBackend, match=text) as caught:
        load(dotted, options)
    assert caught.value.option == option
