"""`mailaccess quota`: how much an account holds, and how much it may hold."""

from pathlib import Path

import click

from mailaccess.auth.passwd_file import AccountError, PasswdFile
from mailaccess.cli.context import config_option, enter, identity
from mailaccess.cli.mail import mail_of
from mailaccess.config import Configuration, applying, grants

_LIMIT = "a number{}, none, or default for what the configuration says"


@click.command()
@click.argument("user")
@click.option(
    "--storage", metavar="SIZE", help="The most its messages may take: " + _LIMIT.format(" such as 500M or 1G")
)
@click.option("--messages", metavar="NUMBER", help="The most messages: " + _LIMIT.format(""))
@click.option("--mailboxes", metavar="NUMBER", help="The most mailboxes: " + _LIMIT.format(""))
@config_option
def command(user: str, storage: str | None, messages: str | None, mailboxes: str | None, file: Path | None) -> None:
    """Show what USER's mail takes and may take, after setting the limits that are given."""
    loaded = enter(file)
    given = {"storage": storage, "messages": messages, "mailboxes": mailboxes}
    wanted = {name: value for name, value in given.items() if value is not None}
    if wanted:
        _set(loaded, user, wanted)
    with mail_of(loaded, user) as mail:
        usage, limits = mail.usage(), mail.limits()
    for name, used, limit in (
        ("storage", _size(usage.storage), None if limits.storage is None else _size(limits.storage)),
        ("messages", str(usage.messages), limits.messages),
        ("mailboxes", str(usage.mailboxes), limits.mailboxes),
    ):
        click.echo(f"{name:<10} {used:>10} of {'any' if limit is None else limit:>10}")


def _set(loaded: Configuration, user: str, wanted: dict[str, str]) -> None:
    """Writes the account's own limits into the passwd-file. What else stands there, as Dovecot's, goes behind them."""
    accounts = applying.backend(loaded)
    if not isinstance(accounts, PasswdFile):
        raise click.ClickException(f"The accounts of {loaded.settings.auth.backend} cannot be changed from here.")
    try:
        present = identity(loaded, user).extra.get(grants.FIELD)
        said = grants.parse(present) if present is not None else {}
        for name, value in wanted.items():
            if value == "default":
                said.pop(name, None)
            else:
                said[name] = grants.number(value, name)
        accounts.set_extra(user, grants.FIELD, grants.render(said) or None)
    except (AccountError, ValueError) as error:
        raise click.ClickException(str(error)) from None


def _size(octets: int) -> str:
    """In words that can be given again, if not to the octet."""
    for unit, scale in (("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)):
        if octets >= scale:
            return f"{octets / scale:.4g}{unit}"
    return str(octets)
