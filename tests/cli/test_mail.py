"""mailaccess.cli.mail: the way from an account's name to its mail."""

from pathlib import Path

import pytest

from mailaccess.cli.context import NoUser, configuration
from mailaccess.cli.mail import mail_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration with an account that has a home, and one that has none."""
    (tmp_path / "users").write_text(f"ann:{{PLAIN}}x\nbob:{{PLAIN}}x::::{tmp_path}/home of bob\n")
    (tmp_path / "mail.toml").write_text('[storage]\nmaildir = "mail/{user}"\n')
    return tmp_path / "mail.toml"


def test_mail_is_where_the_configuration_says(file: Path) -> None:
    """The template, filled in."""
    with mail_of(configuration(file), "ann") as mail:
        assert mail.root == file.parent / "mail" / "ann"


def test_mail_is_at_home_where_an_account_has_one(file: Path) -> None:
    """Whatever the template says."""
    with mail_of(configuration(file), "bob") as mail:
        assert mail.root == file.parent / "home of bob"


def test_nobody_has_no_mail(file: Path) -> None:
    """And none is made."""
    with pytest.raises(NoUser), mail_of(configuration(file), "carol"):
        pass

    assert not (file.parent / "mail" / "carol").exists()
