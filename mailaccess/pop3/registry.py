"""The POP3 command table: `@command` enters a handler; CAPA and the state check read it."""

from collections.abc import Awaitable, Callable
from enum import Flag, auto
from typing import Any

from mailaccess.wire.table import Command, Table


class Err(Exception):  # noqa: N818 - named as the response
    """-ERR: refused. `code` is an extended response code without its brackets (RFC 2449 section 8)."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class State(Flag):
    """RFC 1939 section 3. UPDATE is what QUIT does; no command is given in it."""

    AUTHORIZATION = auto()
    TRANSACTION = auto()


ANY = State.AUTHORIZATION | State.TRANSACTION

COMMANDS: Table[Command] = Table()

Handler = Callable[..., Awaitable[None]]


def no_arguments(text: bytes) -> tuple[()]:
    """The grammar of a command without arguments."""
    if text:
        raise Err("This command takes no arguments")
    return ()


def message_number(text: bytes) -> int:
    """A message number or a count: decimal digits."""
    if not text.isdigit() or len(text) > 10:
        raise Err("Expected a number")
    return int(text)


def one_message(text: bytes) -> tuple[int]:
    """SP msg"""
    return (message_number(text),)


def maybe_message(text: bytes) -> tuple[int | None]:
    """[SP msg]"""
    return (message_number(text) if text else None,)


def command(
    name: bytes,
    *,
    when: State,
    parse: Callable[[bytes], tuple[Any, ...]] = no_arguments,
    capability: bytes | tuple[bytes, ...] = (),
    rfc: int | tuple[int, ...] = 1939,
) -> Callable[[Handler], Handler]:
    """Enters a handler, which gets the session and what `parse` made of the argument text, and writes its reply.

    `capability` is a line of CAPA; those whose arguments depend on the connection stand in `capabilities`.
    """

    def enter(handler: Handler) -> Handler:
        COMMANDS.add(
            Command(
                name=name,
                when=when,
                parse=parse,
                handler=handler,
                capability=capability if isinstance(capability, tuple) else (capability,),
                rfc=rfc if isinstance(rfc, tuple) else (rfc,),
            )
        )
        return handler

    return enter
