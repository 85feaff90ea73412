"""`mailaccess serve`: the server, in the foreground."""

from pathlib import Path

import click

from mailaccess.cli.context import config_option, configuration
from mailaccess.server import run


@click.command()
@config_option
def command(file: Path | None) -> None:
    """Serve mail until SIGTERM. SIGHUP reloads accounts and certificates."""
    run(configuration(file))
