"""The `mailaccess` program: finds the command's module and imports no other, and says what failed in one line."""

import importlib
import sys

import click

from mailaccess.config import ConfigError
from mailaccess.storage.errors import StorageError

COMMANDS = (
    "serve",
    "config",
    "user",
    "folder",
    "quota",
    "check",
    "index",
    "deliver",
    "healthcheck",
    "demo",
    "container",
)

EX_CONFIG = 78  # sysexits.h


class Commands(click.Group):
    """`mailaccess NAME` is `command` in mailaccess.cli.NAME: a delivery need not wait for the server's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"mailaccess.cli.{cmd_name}").command
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mailaccess")
def program() -> None:
    """POP3 and IMAP over plain Maildirs."""


def main() -> None:
    """The console script."""
    try:
        program.main(prog_name="mailaccess")
    except ConfigError as error:
        _fail(error.problems, EX_CONFIG)
    except StorageError as error:
        _fail([str(error)], 1)
    except OSError as error:
        _fail([f"{error.filename}: {error.strerror}" if error.filename else str(error)], 1)


def _fail(problems: list[str], code: int) -> None:
    for problem in problems:
        click.echo(f"mailaccess: {problem}", err=True)
    sys.exit(code)
