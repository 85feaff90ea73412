"""`mailaccess folder`: the mailboxes of an account."""

from pathlib import Path

import click

from mailaccess.cli.context import config_option, enter
from mailaccess.cli.mail import access_of, mail_of
from mailaccess.storage import acl, rights


@click.group()
def command() -> None:
    """List, create, delete or share an account's mailboxes."""


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


def _who(_ctx: click.Context, _argument: click.Parameter, text: str | None) -> tuple[acl.Who, bool] | None:
    try:
        return None if text is None else acl.from_identifier(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _change(_ctx: click.Context, _argument: click.Parameter, text: str | None) -> str | None:
    try:
        rights.modified(rights.NONE, text or "")
    except rights.UnknownRight as error:
        raise click.BadParameter(f"{error}; there are {rights.LETTERS}") from None
    return text


@command.command(context_settings={"ignore_unknown_options": True})  # -bob and -w are none
@click.argument("user")
@click.argument("name")
@click.argument("who", required=False, callback=_who)
@click.argument("change", metavar="[RIGHTS]", required=False, callback=_change)
@config_option
def share(user: str, name: str, who: tuple[acl.Who, bool] | None, change: str | None, file: Path | None) -> None:
    """Give WHO RIGHTS to USER's mailbox NAME, or list who has which.

    WHO is a user or "anyone"; with "-" before it, rights are taken away. RIGHTS are the letters of RFC 4314, such as
    "lrs" to read or "lrswite" to work in it, with "+" or "-" before them to add or take some; "" ends what was given.
    """
    with access_of(enter(file), user) as access:
        lists = access.own.acls
        if who is not None:
            if change is None:
                raise click.UsageError(f"Which rights? There are {rights.LETTERS}.")
            kind, called = who[0].kind, who[0].name
            concerned = acl.Who(kind, access.known_name(called) if kind == acl.USER else called)
            lists.change(name, concerned, change or None, access.user, negative=who[1])
            access.tell_sharers()
        for identifier, granted in acl.listed(lists.of(name), access.user):
            click.echo(f"{rights.letters(granted):<{len(rights.LETTERS)}}  {identifier}")
