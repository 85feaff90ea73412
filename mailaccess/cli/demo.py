"""`mailaccess demo`: the sample mail of the source tree, served on loopback. What `scripts/serve` starts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from mailaccess.cli.context import configuration
from mailaccess.cli.installation import accounts, configuration_file, prepare
from mailaccess.cli.samples import SAMPLES, copy_samples
from mailaccess.server import run

USER, PASSWORD = "demo", "demo"

INSTRUCTIONS = """\
A demo account with sample mail is served, to this machine only. Ctrl-C stops it.

In Thunderbird: menu, Add Account, Email; any name, the address demo@example.org, Continue.
It finds no settings and asks for them (older versions: Configure manually). Enter one of these:

{rows}

user: {user}
password: {password}

Then Advanced config and OK; Continue would want an outgoing server, and nothing here sends mail.
At the first Get Messages confirm the security exception, for the certificate is self-signed.
The mail is in {mail}; settings, accounts and certificate are in .server/ beside it.
"""
ROW = "    {:<9} {:<15} {:<7} {:<20} {}"
HEAD = ROW.format("protocol", "hostname", "port", "connection security", "authentication method")
DOORS = {
    "imaps": ("IMAP", "SSL/TLS"),
    "imap": ("IMAP", "STARTTLS or None"),
    "pop3s": ("POP3", "SSL/TLS"),
    "pop3": ("POP3", "STARTTLS or None"),
}


@click.command(hidden=True)
@click.argument("root", type=click.Path(path_type=Path), default=SAMPLES.parent)
def command(root: Path) -> None:
    """Serve the sample mail on loopback ports, with all files in ROOT."""
    prepare(root, host="127.0.0.1", hostname="localhost", top='hostname = "localhost"\nworkers = 1\n')
    if not accounts(root).users():
        accounts(root).add(USER, PASSWORD)
    mail = root / USER
    if not mail.exists():
        copy_samples(mail)
    run(configuration(configuration_file(root)), lambda places: click.echo(_instructions(mail, places)))


def _instructions(mail: Path, places: Mapping[str, Sequence[str]]) -> str:
    rows = [HEAD]
    for door, (protocol, security) in DOORS.items():
        for place in places.get(door, ()):
            server, _, port = place.rpartition(":")
            rows.append(ROW.format(protocol, server, port, security, "Normal password"))
    return INSTRUCTIONS.format(rows="\n".join(rows), user=USER, password=PASSWORD, mail=mail)
