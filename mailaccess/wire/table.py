"""The command table: where a command stands in one place, with its name, states, grammar and capability.

CAPABILITY and CAPA, the state check and the README's table of standards are all read from it.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import Flag
from typing import Any, Generic, TypeVar

Handler = Callable[..., Awaitable[Any]]
S = TypeVar("S", bound="Command")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is known of one command. `parse` is pure: from its cursor or argument line to the handler's arguments."""

    name: bytes
    when: Flag  # the states in which it may be given
    parse: Callable[..., tuple[Any, ...]]
    handler: Handler
    capability: tuple[bytes, ...] = ()  # what it lets the server announce
    rfc: tuple[int, ...] = ()  # the standards it comes from


class Table(Generic[S]):
    """Commands by upper-case name."""

    def __init__(self) -> None:
        self._commands: dict[bytes, S] = {}

    def add(self, command: S) -> None:
        """Enters a command; a second of the same name is a programming error."""
        if command.name in self._commands:
            raise ValueError(f"command {command.name!r} is defined twice")
        self._commands[command.name] = command

    def get(self, name: bytes) -> S | None:
        """The command of this name in any case, or None."""
        return self._commands.get(name) or self._commands.get(name.upper())

    def __iter__(self) -> Iterator[S]:
        return iter(self._commands.values())

    def __len__(self) -> int:
        return len(self._commands)
