"""`mailaccess user`: the accounts of the passwd-file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mailaccess.auth.passwd_file import AccountError, PasswdFile
from mailaccess.cli.context import NoUser, config_option, enter
from mailaccess.config.applying import backend


@click.group()
def command() -> None:
    """Add, change, list or remove accounts."""


@command.command()
@click.argument("user")
@click.option("--home", help="Where the account's mail is, if not where the configuration says.")
@config_option
def add(user: str, home: str | None, file: Path | None) -> None:
    """Add the account USER. The password is asked for, or is the first line of standard input."""
    accounts = _accounts(file)
    with _refusals():
        accounts.add(user, _password(), home)
    click.echo(f"Added {user}.")


@command.command()
@click.argument("user")
@config_option
def passwd(user: str, file: Path | None) -> None:
    """Give USER another password, asked for or read as `add` does."""
    accounts = _existing(user, file)
    with _refusals():
        accounts.set_password(user, _password())
    click.echo(f"Changed the password of {user}.")


@command.command("list")
@config_option
def list_users(file: Path | None) -> None:
    """List all accounts, one a line."""
    for user in backend(enter(file)).users():
        click.echo(user)


@command.command()
@click.argument("user")
@config_option
def remove(user: str, file: Path | None) -> None:
    """Remove the account USER. Its mail stays where it is."""
    accounts = _existing(user, file)
    with _refusals():
        accounts.remove(user)
    click.echo(f"Removed {user}; the mail is still there.")


def _accounts(file: Path | None) -> PasswdFile:
    loaded = enter(file)
    found = backend(loaded)
    if not isinstance(found, PasswdFile):
        raise click.ClickException(f"The accounts of {loaded.settings.auth.backend} cannot be changed from here.")
    return found


def _existing(user: str, file: Path | None) -> PasswdFile:
    """The accounts, once it is sure that `user` is one: nobody is asked for a password in vain."""
    accounts = _accounts(file)
    if accounts.lookup(user) is None:
        raise NoUser(user)
    return accounts


def _password() -> str:
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.ClickException("Expected a password on standard input.")
    return password


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (AccountError, ValueError) as error:
        raise click.ClickException(str(error)) from None
