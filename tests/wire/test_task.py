"""The traps, as a session meets them."""

import pytest

from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import Gone, call, delay, drained, event, more_input, start_tls
from tests.driver import MemoryDriver


def test_call_raises_what_its_function_raises() -> None:
    """An error in blocking work belongs to the session that asked for it."""

    def fail() -> None:
        raise OSError("disk")

    async def session(channel: Channel) -> None:
        try:
            await call(fail)
        except OSError as error:
            channel.write(str(error).encode())

    assert MemoryDriver(session).output() == b"disk"


def test_event_returns_at_once_when_input_already_waits() -> None:
    """DONE that came in one packet with IDLE is seen."""

    async def session(channel: Channel) -> None:
        await channel.reader.line(100)
        await event(60)
        channel.write(b"woke")

    driver = MemoryDriver(session)
    driver.feed(b"IDLE\r\n")
    assert driver.output() == b""
    driver.feed(b"DONE\r\n")
    assert driver.output() == b"woke"


def test_event_returns_when_woken() -> None:
    """A change of the mailbox ends the wait, also one that came before it."""

    async def session(channel: Channel) -> None:
        for _ in range(2):
            channel.woken = False
            await event(60)
            channel.write(b"woke ")

    driver = MemoryDriver(session)
    driver.channel.wake()
    driver.channel.wake()
    assert driver.output() == b"woke woke "


def test_starttls_drops_buffered_plaintext() -> None:
    """Commands sent behind STARTTLS in the same packet are never run."""

    async def session(channel: Channel) -> None:
        channel.write(await channel.reader.line(100))
        await start_tls()
        channel.write(await channel.reader.line(100))

    driver = MemoryDriver(session)
    driver.feed(b"STARTTLS\r\nINJECTED\r\n")
    driver.feed(b"CLEAN\r\n")
    assert driver.output() == b"STARTTLSCLEAN"


def test_gone_is_raised_where_the_session_waits() -> None:
    """A session gets to clean up behind a peer that has gone."""
    seen: list[str] = []

    async def session(channel: Channel) -> None:
        try:
            await more_input()
        except Gone:
            seen.append("gone")

    driver = MemoryDriver(session)
    driver.hang_up()
    assert seen == ["gone"]
    assert driver.closed


def test_failure_ends_the_session_only() -> None:
    """What a session does not catch is kept for the log."""

    async def session(channel: Channel) -> None:
        await drained()
        raise ValueError("bug")

    driver = MemoryDriver(session)
    assert driver.closed
    assert isinstance(driver.failure, ValueError)


@pytest.mark.parametrize(("seconds", "slept"), [(0.0, 0.0), (2.5, 2.5)])
def test_delay_of_nothing_does_not_wait(seconds: float, slept: float) -> None:
    """Only a real delay goes to the driver."""

    async def session(channel: Channel) -> None:
        await delay(seconds)

    assert MemoryDriver(session).slept == slept
