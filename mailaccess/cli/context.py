"""What most commands begin with: read the configuration, become the configured user, look for the account."""

import os
from pathlib import Path

import click

from mailaccess.auth.backend import Backend, BadBackend, Identity, load
from mailaccess.config import Configuration
from mailaccess.config import load as load_config
from mailaccess.privileges import PrivilegeError, drop

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
    return load_config(file, os.environ)


def enter(file: Path | None) -> Configuration:
    """The same; and from here on this process is the configured user. ConfigError."""
    loaded = configuration(file)
    security = loaded.settings.security
    try:
        drop(security.user, security.group)
    except PrivilegeError as error:
        raise loaded.error(("security", error.setting), str(error)) from None
    return loaded


def backend(loaded: Configuration) -> Backend:
    """The authentication backend. ConfigError names the option it does not like."""
    auth = loaded.settings.auth
    try:
        return load(auth.backend, auth.options)
    except BadBackend as error:
        raise loaded.error(("auth", error.option or "backend"), str(error)) from None


def identity(loaded: Configuration, user: str) -> Identity:
    """The account called `user`. NoUser."""
    found = backend(loaded).lookup(user)
    if found is None:
        raise NoUser(user)
    return found
