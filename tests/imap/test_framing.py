"""Whole commands from bytes."""

import pytest

from mailaccess.imap.errors import Bad, No
from mailaccess.imap.framing import Literal, rest_of_command, split_literal, split_tag
from mailaccess.wire.channel import Channel
from tests.driver import MemoryDriver


def test_split_tag() -> None:
    """A tag is an astring without `+`."""
    assert split_tag(b"a1 NOOP") == (b"a1", b"NOOP")
    assert split_tag(b"a]b NOOP x") == (b"a]b", b"NOOP x")
    for bad in (b" NOOP", b"a+b NOOP", b"a(b NOOP", b"\xff NOOP"):
        with pytest.raises(Bad):
            split_tag(bad)


def test_split_literal() -> None:
    """Only what ends the line announces a literal."""
    assert split_literal(b"x {5}") == (b"x ", Literal(5, synchronizing=True, binary=False))
    assert split_literal(b"x ~{5+}") == (b"x ", Literal(5, synchronizing=False, binary=True))
    assert split_literal(b"x {5} y") == (b"x {5} y", None)
    assert split_literal(b"x {5 }") == (b"x {5 }", None)


def framed(first: bytes, rest: bytes, limit: int) -> tuple[list[object], bytes]:
    got: list[object] = []

    async def session(channel: Channel) -> None:
        try:
            got.append(await rest_of_command(channel, first, limit))
        except No as no:
            got.append(no.code)
        got.append(await channel.reader.line(100))

    driver = MemoryDriver(session)
    for i in range(len(rest)):
        driver.feed(rest[i : i + 1])
    return got, driver.output()


def test_literals_stay_in_place() -> None:
    """The command comes out as it was sent, and each synchronizing literal was invited."""
    got, sent = framed(b"{4}", b"fred {6+}\r\nsecret\r\nNEXT\r\n", 100)

    assert got == [b"{4}\r\nfred {6+}\r\nsecret", b"NEXT"]
    assert sent.count(b"+ ") == 1


def test_a_literal_that_is_too_large_is_not_invited() -> None:
    """Its sender waits for the invitation, gets NO instead, and goes on with its next command."""
    got, sent = framed(b"x {500}", b"NEXT\r\n", 100)

    assert got == [b"TOOBIG", b"NEXT"]
    assert sent == b""


def test_a_literal_that_comes_uninvited_is_dropped() -> None:
    """A non-synchronizing literal is on its way already: it is read, and never taken for a command."""
    got, _ = framed(b"x {500+}", b"y" * 500 + b" {3+}\r\nabc\r\nNEXT\r\n", 100)

    assert got == [b"TOOBIG", b"NEXT"]
