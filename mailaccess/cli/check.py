"""`mailaccess check`: an account's index compared with its mail on disk."""

from pathlib import Path

import click

from mailaccess.cli.context import config_option, enter
from mailaccess.cli.mail import access_of


@click.command()
@click.argument("user")
@config_option
def command(user: str, file: Path | None) -> None:
    """Compare USER's index with the mail on disk, and say what was mended."""
    with access_of(enter(file), user) as access:
        mended = access.own.check()
        access.tell_sharers()  # lists that another program made are heeded, but who is concerned has to find them
    for line in mended or [f"The mail of {user} is in order."]:
        click.echo(line)
