"""`mailaccess folder`: the mailboxes of an account."""

from pathlib import Path

import click

from mailaccess.cli.context import config_option, enter
from mailaccess.cli.mail import mail_of


@click.group()
def command() -> None:
    """List, create or delete an account's mailboxes."""


@command.command("list")
@click.argument("user")
@config_option
def list_folders(user: str, file: Path | None) -> None:
    """List USER's mailboxes with their messages and how many of them are unseen."""
    with mail_of(enter(file), user) as mail:
        for entry in mail.mailboxes():
            counts = f"{'-':>9} {'-':>9}"
            if entry.selectable:
                status = mail.status(entry.name)
                counts = f"{status.messages:>9} {status.unseen:>9}"
            click.echo("  ".join([counts, entry.name, *sorted(entry.special_use)]))


@command.command()
@click.argument("user")
@click.argument("name")
@config_option
def create(user: str, name: str, file: Path | None) -> None:
    """Create USER's mailbox NAME, and subscribe to it. "/" stands between a mailbox and those below it."""
    with mail_of(enter(file), user) as mail:
        mail.create(name)
        mail.subscribe(name)
    click.echo(f"Created {name}.")


@command.command()
@click.argument("user")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def delete(user: str, name: str, yes: bool, file: Path | None) -> None:
    """Delete USER's mailbox NAME with all its messages."""
    with mail_of(enter(file), user) as mail:
        count = mail.status(name).messages
        if count and not yes:
            click.confirm(f"Delete {name} with {count} messages?", abort=True)
        mail.delete(name)
        mail.unsubscribe(name)
    click.echo(f"Deleted {name}.")
