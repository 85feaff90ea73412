"""`mailaccess healthcheck`: does the server greet? For a container's HEALTHCHECK and the like."""

import socket
import ssl
from pathlib import Path

import click

from mailaccess.cli.context import config_option, enter
from mailaccess.config import Endpoint, Settings


@click.command()
@click.option("--timeout", type=float, default=5.0, show_default=True, help="Seconds the server has.")
@config_option
def command(timeout: float, file: Path | None) -> None:
    """Connect to the configured IMAP port (or POP3, or TLS port) and expect a greeting."""
    settings = enter(file).settings
    endpoint, greeting, tls = _first(settings)
    host = endpoint.host or "127.0.0.1"
    try:
        with socket.create_connection((host, endpoint.port), timeout) as connection:
            line = _tls(connection) if tls else connection.recv(512)
    except OSError as error:
        raise click.ClickException(f"{endpoint}: {error.strerror or error}") from None
    if not line.startswith(greeting):
        raise click.ClickException(f"{endpoint}: expected {greeting.decode()}, not {line[:80]!r}")
    click.echo(line.decode("latin-1").strip())


def _first(settings: Settings) -> tuple[Endpoint, bytes, bool]:
    """The endpoint to ask, how its greeting begins, and whether it speaks TLS at once."""
    tls = settings.tls.certificate is not None
    for listens, greeting in ((settings.imap, b"* OK"), (settings.pop3, b"+OK")):
        for endpoint in listens.listen:
            return endpoint, greeting, False
        for endpoint in listens.listen_tls if tls else ():
            return endpoint, greeting, True
    raise click.ClickException("The configuration opens no port.")


def _tls(connection: socket.socket) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname = False  # the question is whether it greets, not who it is
    context.verify_mode = ssl.CERT_NONE
    with context.wrap_socket(connection) as wrapped:
        return wrapped.recv(512)
