"""`mailaccess deliver`: puts a message into a mailbox; the last step of a mail transfer agent.

The exit code is sysexits.h's, as such agents expect: 0 when the message is safely stored, 67 for an unknown user,
65 for what is no message, 75 for everything that may be better later, which is why nothing unforeseen is a bounce. Of a
full mailbox the operator decides (`quota.full`): 75, or 73 for a bounce.
"""

import os
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click

from mailaccess.cli.context import NoUser, config_option, enter
from mailaccess.cli.mail import access_of
from mailaccess.config import ConfigError
from mailaccess.mail.flags import SYSTEM, Flags, canonical
from mailaccess.storage.access import Access
from mailaccess.storage.errors import (
    InvalidName,
    NoSuchMailbox,
    NotPermitted,
    NotSelectable,
    OverQuota,
    StorageError,
    TooBig,
)
from mailaccess.storage.mailbox import Incoming, Mailbox
from mailaccess.storage.quota import Room, check

EX_DATAERR = 65
EX_CANTCREAT = 73
EX_TEMPFAIL = 75

CHUNK = 256 * 1024
KEYWORD = re.compile(r"[!#$&'+,./0-9:;<=>?@A-Z\[^_`a-z|}~-]+")  # RFC 3501's atom


class NoMessage(Exception):  # noqa: N818
    """Standard input holds nothing that can be delivered."""


class WrongUse(click.UsageError):
    """A wrong command line is the agent's configuration, and somebody will mend it: no bounce either."""

    exit_code = EX_TEMPFAIL


class Delivery(click.Command):
    """A command whose wrong use may be better later."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise WrongUse(error.format_message(), error.ctx) from None


def _flags(_ctx: click.Context, _option: click.Parameter, text: str) -> Flags:
    flags = frozenset(canonical(name) for name in text.split())
    for flag in flags - SYSTEM:
        if not KEYWORD.fullmatch(flag):
            raise click.BadParameter(f"{flag} is no flag")
    return flags


@click.command(cls=Delivery)
@click.argument("user")
@click.option("--mailbox", default="INBOX", show_default=True, help="If USER may not post to it, INBOX.")
@click.option("--flags", default="", callback=_flags, help=r'Flags and keywords to set, such as "\Seen $Forwarded".')
@config_option
def command(user: str, mailbox: str, flags: Flags, file: Path | None) -> None:
    """Deliver the message on standard input to USER."""
    code = full = EX_TEMPFAIL
    try:
        loaded = enter(file)
        if loaded.settings.quota.full == "bounce":
            full = EX_CANTCREAT
        with access_of(loaded, user) as mail:
            target = _mailbox(mail, mailbox)
            uids = _deliver(target, flags, sys.stdin.buffer, loaded.settings.limits.message_size)
            code = full = os.EX_OK  # whatever fails from here on must not make the agent deliver it once more
            target.make_facts(uids)  # what clients will ask for
    except NoUser:
        raise
    except (NoMessage, TooBig) as error:
        _fail(str(error), EX_DATAERR)
    except OverQuota as error:
        _fail(str(error), full)
    except (ConfigError, StorageError, OSError) as error:
        _fail(str(error), code)
    except Exception:  # noqa: BLE001 - our own fault must not bounce somebody's mail
        _fail(traceback.format_exc(), code)


def _deliver(mailbox: Mailbox, flags: Flags, source: BinaryIO, limit: int) -> list[int]:
    """The message's UID."""
    room = mailbox.room()
    incoming = mailbox.incoming()
    try:
        _take(incoming, source, limit, room)
        return mailbox.append([(incoming, flags, None)], delivery=True, asked=True)
    except BaseException:
        incoming.discard()
        raise


def _take(incoming: Incoming, source: BinaryIO, limit: int, room: Room | None) -> None:
    for chunk in _message(source):
        incoming.write(chunk)
        if room is not None:
            check(room, incoming.size, 1)  # what there is no room for is not written first
        if incoming.size > limit:
            raise TooBig(f"the message has more than {limit} octets")
    if not incoming.size:
        raise NoMessage("there is no message on standard input")


def _message(source: BinaryIO) -> Iterator[bytes]:
    """The octets of a message, without the "From " line some agents put before it as in an mbox file."""
    first = source.readline(CHUNK)
    if not first.startswith(b"From "):
        yield first
    while chunk := source.read(CHUNK):
        yield chunk


def _mailbox(mail: Access, name: str) -> Mailbox:
    """The mailbox called `name`, if the user has the right "p" to it; rather INBOX than a bounce."""
    try:
        return mail.delivery(name)
    except (NoSuchMailbox, NotSelectable, NotPermitted, InvalidName) as error:
        click.echo(f"mailaccess: {error}; delivering to INBOX", err=True)
        return mail.own.mailbox("INBOX")


def _fail(text: str, code: int) -> None:
    click.echo(f"mailaccess: {text}", err=True)
    sys.exit(code)
