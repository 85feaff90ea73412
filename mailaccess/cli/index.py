"""`mailaccess index`: the full-text index of an account, filled at once."""

from pathlib import Path

import click

from mailaccess.cli.context import config_option, enter
from mailaccess.cli.mail import mail_of
from mailaccess.storage.account import Account
from mailaccess.storage.text.full_text import FullText


@click.command()
@click.argument("user")
@click.option("--remove", is_flag=True, help="Remove the index instead. It is made again when USER searches.")
@config_option
def command(user: str, remove: bool, file: Path | None) -> None:
    """Fill the full-text index of all of USER's mailboxes, so that searches need not read the messages.

    The server does so by itself, in quiet moments, once a mailbox was searched. This is done when all is in the index.
    """
    with mail_of(enter(file), user) as mail:
        if mail.texts is None:
            raise click.ClickException("There is no full-text index: storage.full_text is false.")
        if remove:
            if not mail.texts.remove():
                raise click.ClickException("The index is in use; try again.")
            return
        _fill(mail, mail.texts)


def _fill(mail: Account, texts: FullText) -> None:
    numbers = {entry.name: mail.mailbox(entry.name).number for entry in mail.mailboxes() if entry.selectable}
    for number in numbers.values():
        texts.want(number)
    while texts.fill(patient=True):
        pass
    progress = texts.progress()
    complete = True
    for name, number in numbers.items():
        done, messages = progress.get(number, (0, mail.status(name).messages))
        complete &= done == messages
        click.echo(f"{done:>9} of {messages:>9}  {name}")
    click.echo(f"{texts.size() / 1e6:.1f} MB")
    if not complete:
        raise click.ClickException("The index is not complete; the log says why.")
