"""Framing: lines, counts and limits, however the input is split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.wire.channel import Channel
from mailaccess.wire.reader import LineTooLong, Reader
from tests.driver import MemoryDriver


def test_line_ends_at_crlf_and_at_lone_lf() -> None:
    """CRLF ends a line; a lone LF is tolerated."""
    reader = Reader()
    reader.feed(b"one\r\ntwo\nthr")

    assert [reader.take_line(), reader.take_line(), reader.take_line()] == [b"one", b"two", None]


def test_clear_drops_what_was_sent_ahead() -> None:
    """After STARTTLS nothing sent in plaintext is left."""
    reader = Reader()
    reader.feed(b"NOOP\r\nmore")
    reader.take_line()
    reader.clear()

    assert reader.buffered == 0
    assert reader.take_line() is None


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=20))
def test_lines_do_not_depend_on_the_split(pieces: list[bytes]) -> None:
    """The same octets give the same lines in whatever pieces they come."""
    whole, split = Reader(), Reader()
    whole.feed(b"".join(pieces))
    lines = []
    for piece in pieces:
        split.feed(piece)
        while (line := split.take_line()) is not None:
            lines.append(line)
    expected = []
    while (line := whole.take_line()) is not None:
        expected.append(line)

    assert lines == expected
    assert split.buffered == whole.buffered


def collect(steps: list[object]) -> MemoryDriver:
    """A session that reads with a limit of 10 octets until the peer is gone, noting what it read."""

    async def session(channel: Channel) -> None:
        while True:
            try:
                steps.append(await channel.reader.line(10))
            except LineTooLong as too_long:
                steps.append(too_long.end)

    return MemoryDriver(session)


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_too_long_line_is_dropped_whole(size: int) -> None:
    """What follows an overlong line is read as if it had not been there."""
    steps: list[object] = []
    driver = collect(steps)
    data = b"x" * 500 + b"\r\nshort\r\n"
    for start in range(0, len(data), size):
        driver.feed(data[start : start + size])

    assert steps == [b"x" * 32, b"short"]


@given(st.text("ab\r\n", max_size=60), st.lists(st.integers(1, 12), max_size=20))
def test_limits_do_not_depend_on_the_split(text: str, sizes: list[int]) -> None:
    """A line of just its limit is none too long because its CRLF comes later."""
    data = text.encode()
    whole: list[object] = []
    split: list[object] = []
    collect(whole).feed(data)
    driver = collect(split)
    for size in sizes:
        driver.feed(data[:size])
        data = data[size:]
    driver.feed(data)

    assert split == whole


def test_exactly_waits_for_its_octets() -> None:
    """A literal may come in any pieces; what follows it stays in the buffer."""
    got: list[bytes] = []

    async def session(channel: Channel) -> None:
        got.append(await channel.reader.exactly(6))
        got.append(await channel.reader.exactly(0))
        got.append(await channel.reader.line(10))

    driver = MemoryDriver(session)
    for piece in (b"ab", b"cdef", b"rest\r\n"):
        driver.feed(piece)

    assert got == [b"abcdef", b"", b"rest"]
    assert driver.closed


def test_whether_there_is_a_line_can_be_asked() -> None:
    """Without taking it; and what was asked for is no longer fresh."""
    reader = Reader()
    reader.feed(b"on")
    assert reader.fresh
    assert not reader.has_line()
    assert not reader.fresh
    reader.feed(b"e\r")
    assert not reader.has_line()
    reader.feed(b"\ntwo\n")

    assert reader.has_line()
    assert [reader.take_line(), reader.has_line(), reader.take_line(), reader.has_line()] == [
        b"one",
        True,
        b"two",
        False,
    ]
