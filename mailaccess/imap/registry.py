"""The IMAP command table: `@command` enters a handler; CAPABILITY and the state check read it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache
from typing import Any

from mailaccess.imap.grammar import Cursor
from mailaccess.wire.table import Command, Table


class State(Flag):
    """Where a session stands (RFC 3501 section 3); the logout state is the end of the coroutine."""

    NOT_AUTHENTICATED = auto()
    AUTHENTICATED = auto()
    SELECTED = auto()


NOT_AUTHENTICATED = State.NOT_AUTHENTICATED
AUTHENTICATED = State.AUTHENTICATED | State.SELECTED
"""Commands of the authenticated state may be given in the selected state too."""
SELECTED = State.SELECTED
ANY = NOT_AUTHENTICATED | AUTHENTICATED

BASE = 3501
"""The standard whose capability is IMAP4rev1 itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapCommand(Command):
    """One command, or its UID variant."""

    states: tuple[State, ...]  # those of `when`, in which a state is found ten times as fast
    by_uid: bool  # the numbers in it are UIDs
    by_number: bool  # there is a UID variant, and this is the other
    expunges: bool  # EXPUNGE responses may be sent at its end (RFC 3501 7.4.1)
    stream: bool  # its handler reads the literals itself
    done: bytes  # what follows the tag when it succeeds


@dataclass(frozen=True, slots=True)
class Feature:
    """A capability, where it is announced, and its standards."""

    capability: bytes
    announce: State
    rfc: tuple[int, ...]


COMMANDS: Table[ImapCommand] = Table()
FEATURES: list[Feature] = []
ENABLES: dict[bytes, tuple[bytes, ...]] = {}
"""What ENABLE knows (RFC 5161), in upper case, and what each turns on, in that order."""
ENABLED_AS: dict[bytes, bytes] = {}
"""How the ENABLED response spells them."""
WHEN_ENABLED: dict[bytes, Callable[[Any], Awaitable[None]]] = {}
"""What is to be done then, with the session."""

Handler = Callable[..., Awaitable[bytes | None]]


def no_arguments(cursor: Cursor) -> tuple[()]:
    """The grammar of a command without arguments."""
    cursor.end()
    return ()


def feature(*capabilities: bytes, rfc: int | tuple[int, ...], announce: State = AUTHENTICATED) -> None:
    """Announces capabilities that come with no command of their own; stands beside the code that gives them."""
    standards = rfc if isinstance(rfc, tuple) else (rfc,)
    FEATURES.extend(Feature(capability, announce, standards) for capability in capabilities)


def enables(name: bytes, *implied: bytes, then: Callable[[Any], Awaitable[None]] | None = None) -> None:
    """Lets a client ENABLE `name`, which turns on also what it implies; stands beside the code that heeds it.

    `then` gets the session, and does what turning it on takes."""
    known = name.upper()
    ENABLES[known] = (*implied, known)
    ENABLED_AS[known] = name
    if then is not None:
        WHEN_ENABLED[known] = then


def command(
    name: bytes,
    *,
    when: State,
    parse: Callable[[Cursor], tuple[Any, ...]] = no_arguments,
    uid: bool = False,
    by_uid: bool = False,
    expunges: bool = True,
    stream: bool = False,
    capability: bytes | tuple[bytes, ...] = (),
    announce: State = AUTHENTICATED,
    rfc: int | tuple[int, ...] = BASE,
) -> Callable[[Handler], Handler]:
    """Enters a handler under `name`, and with `uid` also under `UID name`.

    The handler gets the session and what `parse` returned; it returns the text of the tagged OK (with a response code
    if there is one) or None for "NAME completed", or raises Bad or No.
    """
    capabilities = capability if isinstance(capability, tuple) else (capability,)
    standards = rfc if isinstance(rfc, tuple) else (rfc,)

    def enter(handler: Handler) -> Handler:
        variants: Iterable[tuple[bytes, bool]] = [(name, by_uid)] + ([(b"UID " + name, True)] if uid else [])
        for full_name, numbers_are_uids in variants:
            COMMANDS.add(
                ImapCommand(
                    name=full_name,
                    when=when,
                    states=tuple(state for state in State if state in when),
                    parse=parse,
                    handler=handler,
                    capability=capabilities,
                    rfc=standards,
                    by_uid=numbers_are_uids,
                    by_number=uid and not numbers_are_uids,
                    # No command by sequence number may renumber behind the client's back; UID commands may.
                    expunges=expunges or numbers_are_uids,
                    stream=stream,
                    done=b" OK " + full_name + b" completed\r\n",
                )
            )
        if capabilities:
            feature(*capabilities, rfc=tuple(rfc for rfc in standards if rfc != BASE), announce=announce)
        return handler

    return enter


def capabilities(state: State) -> list[bytes]:
    """What to announce in `state`, without what depends on the connection (STARTTLS, AUTH=, LOGINDISABLED)."""
    return list(_announced(state))


@cache
def _announced(state: State) -> tuple[bytes, ...]:
    # "The order of capability names has no significance" (RFC 9051 7.2.2), but IMAP4rev1, which a session begins with,
    # has always been the first.
    found = dict.fromkeys([b"IMAP4rev1", b"IMAP4rev2"])
    found.update(dict.fromkeys(f.capability for f in FEATURES if f.announce & state))
    return tuple(found)
