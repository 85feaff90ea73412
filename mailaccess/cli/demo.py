"""`mailaccess demo`: the sample mail of the source tree, served on loopback. What `scripts/serve` starts."""

from pathlib import Path

import click

from mailaccess.cli.context import configuration
from mailaccess.cli.installation import accounts, configuration_file, prepare
from mailaccess.cli.samples import SAMPLES, copy_samples
from mailaccess.server import run

USER, PASSWORD = "demo", "demo"

INSTRUCTIONS = """\
A demo account with sample mail is being served to this machine only; Ctrl-C stops it.

In Thunderbird: Account Settings, Account Actions, Add Mail Account; any name, the address
demo@example.org and the password below; then Configure manually:

            server      port   connection security   authentication
    IMAP    127.0.0.1   1143   None, or STARTTLS     Normal password
            127.0.0.1   1993   SSL/TLS
    POP3    127.0.0.1   1110   None, or STARTTLS
            127.0.0.1   1995   SSL/TLS

user: {user}
password: {password}

The certificate is self-signed: confirm the exception Thunderbird asks for. Nothing here sends mail.
The mail is in {mail}; settings, accounts and certificate are in .server/ beside it.
"""


@click.command(hidden=True)
@click.argument("root", type=click.Path(path_type=Path), default=SAMPLES.parent)
def command(root: Path) -> None:
    """Serve the sample mail on loopback ports, with all files in ROOT."""
    prepare(root, host="127.0.0.1", hostname="localhost", top='hostname = "localhost"\nworkers = 1\n')
    if not accounts(root).path.exists():
        accounts(root).add(USER, PASSWORD)
    mail = root / USER
    if not mail.exists():
        copy_samples(mail)
    click.echo(INSTRUCTIONS.format(user=USER, password=PASSWORD, mail=mail))
    run(configuration(configuration_file(root)))
