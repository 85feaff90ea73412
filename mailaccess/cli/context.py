"""What most commands begin with: read the configuration, become the configured user, look for the account."""

import os
from pathlib import Path

import click

from mailaccess.auth.backend import Identity
from mailaccess.config import Configuration, applying, load

USUAL_FILE = Path("/etc/mailaccess/mailaccess.toml")


class NoUser(click.ClickException):
    """There is no such account."""

    exit_code = 67  # EX_NOUSER of sysexits.h: a mail transfer agent bounces

    def __init__(self, user: str) -> None:
        super().__init__(f"There is no user {user}.")


config_option = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    envvar="MAILACCESS_CONFIG",
    help=f"The configuration file.  [default: {USUAL_FILE}, if it exists]",
)


def configuration(file: Path | None) -> Configuration:
    """The configuration in `file`, or where it usually is. ConfigError."""
    if file is None and USUAL_FILE.exists():
        file = USUAL_FILE
    return load(file, os.environ)


def enter(file: Path | None) -> Configuration:
    """The same; and from here on this process is the configured user. ConfigError."""
    loaded = configuration(file)
    applying.become_user(loaded)
    return loaded


def identity(loaded: Configuration, user: str) -> Identity:
    """The account called `user`. NoUser."""
    found = applying.backend(loaded).lookup(user)
    if found is None:
        raise NoUser(user)
    return found
