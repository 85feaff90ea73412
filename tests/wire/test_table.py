"""The command table."""

from enum import Flag, auto

import pytest

from mailaccess.wire.table import Command, Table


class State(Flag):
    ANY = auto()


async def handler() -> None:
    """Does nothing."""


def entry(name: bytes) -> Command:
    return Command(name=name, when=State.ANY, parse=lambda text: (), handler=handler)


def test_names_are_found_in_any_case() -> None:
    """Commands are case-insensitive; unknown ones are None, not an error."""
    table: Table[Command] = Table()
    table.add(entry(b"NOOP"))

    assert table.get(b"noop") is table.get(b"NOOP") is not None
    assert table.get(b"NO") is None


def test_a_name_is_taken_once() -> None:
    """Two handlers for one command are a mistake that shows at import."""
    table: Table[Command] = Table()
    table.add(entry(b"NOOP"))

    with pytest.raises(ValueError, match="twice"):
        table.add(entry(b"NOOP"))
