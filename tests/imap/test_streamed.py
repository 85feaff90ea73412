"""Commands read piece by piece: what has been taken, what is still on its way."""

from collections.abc import Awaitable, Callable

import pytest

from mailaccess.imap.errors import Bad, No
from mailaccess.imap.session import Session
from mailaccess.imap.streamed import MOST_SAID, PIECE, Streamed
from mailaccess.wire.channel import Channel
from tests.driver import MemoryDriver
from tests.world import World

Work = Callable[[Streamed], Awaitable[None]]


def run(world: World, line: bytes, work: Work) -> MemoryDriver:
    """A driver of a session that has read `line` and does `work`."""

    async def serve(channel: Channel) -> None:
        await work(Streamed(Session(channel, world.imap_settings), line))

    return MemoryDriver(serve)


def test_a_literal_comes_in_large_pieces(world: World) -> None:
    """And then the cursor reads on."""
    pieces: list[bytes] = []

    async def work(rest: Streamed) -> None:
        rest.cursor.expect(b"A ")
        pieces.extend([piece async for piece in rest.take()])
        rest.cursor.expect(b" B")
        assert rest.finished

    size = PIECE + 5_005
    driver = run(world, b"A {%d}" % size, work)
    assert driver.output() == b"+ Ready for literal data\r\n"
    for _ in range(size // 1000):
        driver.feed(b"x" * 1000)
    driver.feed(b"x" * (size % 1000) + b" B\r\n")

    assert driver.finished
    assert driver.failure is None
    assert b"".join(pieces) == b"x" * size
    assert len(pieces) == 2


def test_a_string_may_be_a_literal(world: World) -> None:
    """Without an invitation where none is waited for."""
    found: list[bytes] = []

    async def work(rest: Streamed) -> None:
        found.append(await rest.astring("a word"))
        rest.cursor.sp()
        found.append(await rest.astring("a word"))
        assert rest.finished

    driver = run(world, b"{3+}", work)
    assert driver.ask(b'a b "c d" \r\n') == b""
    assert driver.failure is None
    assert found == [b"a b", b"c d"]


@pytest.mark.parametrize("line", [b"~{3+}", b"{70000+}", b"(x) {3+}"])
def test_no_string(world: World, line: bytes) -> None:
    """Neither a literal8 nor one that is too long."""

    async def work(rest: Streamed) -> None:
        with pytest.raises((Bad, No)):
            await rest.astring("a word")

    assert run(world, line, work).failure is None


def test_what_one_command_says_is_bounded(world: World) -> None:
    """It is held until the last message is there."""

    async def work(rest: Streamed) -> None:
        while not rest.finished:
            async for _ in rest.take():
                pass

    driver = run(world, b"{1+}", work)
    for _ in range(MOST_SAID // 60_000 + 2):
        driver.feed(b"x" + b"y" * 60_000 + b"{1+}\r\n")

    assert isinstance(driver.failure, No)


@pytest.mark.parametrize("taken", [None, 0, 1, 3])
def test_what_is_refused_is_read_to_its_end(world: World, taken: int | None) -> None:
    """Wherever it is refused: before the literal, inside it, and behind its last octet."""
    after: list[bytes] = []

    async def work(rest: Streamed) -> None:
        left = taken
        if left is not None:
            async for piece in rest.take():
                left -= len(piece)
                if left <= 0:
                    break
        await rest.refuse()
        after.append(await session_line(rest))

    async def session_line(rest: Streamed) -> bytes:
        return await rest._session.channel.reader.line(100)

    driver = run(world, b"A {3+}", work)
    driver.feed(b"x L" + b" {5+}\r\ny OUT {70000+}\r\n" + b"z" * 70_000 + b"q" * 70_000 + b"\r\nnext\r\n")

    assert driver.failure is None
    assert after == [b"next"]
