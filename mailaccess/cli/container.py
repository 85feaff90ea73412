"""`mailaccess container`: what the container image runs. An empty volume becomes a server with one account."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

import click

from mailaccess.auth.passwd_file import AccountError, PasswdFile
from mailaccess.cli.context import configuration
from mailaccess.cli.installation import accounts, configuration_file, prepare
from mailaccess.server import run


@click.command(hidden=True)
@click.argument("root", type=click.Path(path_type=Path))
def command(root: Path) -> None:
    """Serve the mail in the volume ROOT, with the account in MAILACCESS_USER and MAILACCESS_PASSWORD (or _FILE)."""
    prepare(root, host="*", hostname=os.environ.get("MAILACCESS_HOSTNAME") or socket.gethostname())
    user, password = _account(os.environ)
    if user:
        try:
            _set_account(accounts(root), user, password)
        except (AccountError, ValueError) as error:
            raise click.ClickException(f"MAILACCESS_USER, MAILACCESS_PASSWORD: {error}") from None
    run(configuration(Path(os.environ.get("MAILACCESS_CONFIG") or configuration_file(root))))


def _set_account(known: PasswdFile, user: str, password: str) -> None:
    """Adds the account, or gives it the password if that is another one now."""
    if known.lookup(user) is None:
        known.add(user, password)
    elif known.verify(user, password) is None:
        known.set_password(user, password)


def _account(environ: Mapping[str, str]) -> tuple[str, str]:
    """The user and password that the environment asks for, or two empty texts."""
    user, password = environ.get("MAILACCESS_USER", ""), environ.get("MAILACCESS_PASSWORD", "")
    file = environ.get("MAILACCESS_PASSWORD_FILE", "")
    if file and not password:
        password = Path(file).read_text("utf-8").rstrip("\r\n")
    if bool(user) != bool(password):
        raise click.ClickException(
            "Expected both MAILACCESS_USER and MAILACCESS_PASSWORD (or MAILACCESS_PASSWORD_FILE)."
        )
    return user, password
