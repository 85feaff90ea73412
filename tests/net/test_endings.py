"""How connections end: at shutdown, after last words, and with those who do not hang up."""

from mailaccess.net.connection import LINGER
from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import (
    Gone,
    call,
    compute,
    drained,
    more_input,
)
from tests.net.stage import Client, closed_cleanly, echo


def test_closing_is_told_where_the_session_waits() -> None:
    """The server stops: it says goodbye."""
    client = Client(echo)
    client.output()
    client.connection.close()

    assert client.output() == b"Closing"
    assert client.transport.disconnecting


def test_a_server_that_stops_waits_for_nobody_to_hang_up() -> None:
    """What has been said is with the kernel, which delivers it."""
    client = Client(echo)
    client.send(b"bye\r\n")
    assert not client.transport.disconnecting
    client.connection.close()

    assert client.transport.disconnecting


def test_closing_waits_for_a_call() -> None:
    """The command under way is finished and answered first."""

    async def session(channel: Channel) -> None:
        channel.write(b"%d " % await call(int, "7"))
        await echo(channel)

    client = Client(session)
    client.connection.close()
    assert client.output() == b""
    client.loop.run_posted()

    assert client.output() == b"7 hello\r\nClosing"


def test_closing_does_not_interrupt_output() -> None:
    """A goodbye in the middle of a message would be taken for a part of it."""

    async def session(channel: Channel) -> None:
        await more_input()
        channel.reader.take(1)
        channel.write(b"half a message")
        await drained()
        channel.write(b", and the other half ")
        await echo(channel)

    client = Client(session)
    client.transport.full = True
    assert client.send(b"x") == b"half a message"
    client.connection.close()
    assert client.output() == b""
    client.transport.full = False
    client.connection.resumeProducing()

    assert client.output() == b", and the other half hello\r\nClosing"


def test_last_words_are_followed_by_an_orderly_end() -> None:
    """Our direction is closed when they are sent; the rest of the input is read and dropped; the peer hangs up."""
    client = Client(echo)
    assert client.send(b"bye\r\nmore") == b"hello\r\n<bye>\r\n"
    assert client.transport.half_closed
    assert not client.transport.disconnecting

    client.send(b"and more")
    client.end_input()
    assert client.transport.disconnecting
    client.connection.connectionLost(closed_cleanly())
    assert client.ended == 1


def test_who_does_not_hang_up_is_hung_up_on() -> None:
    """A peer has LINGER seconds once our last words are with the kernel."""
    client = Client(echo)
    client.send(b"bye\r\n")
    client.transport.taken()
    client.wait(LINGER - 1)
    assert not client.transport.disconnecting
    client.wait(1)
    assert client.transport.disconnecting


def test_who_does_not_take_our_last_words_is_cut_off() -> None:
    """But it has as long as for any other reply."""
    client = Client(echo)
    client.send(b"bye\r\n")
    for _ in range(59):
        client.wait(1)
        assert not client.transport.disconnecting
        assert not client.transport.aborted
    client.wait(LINGER)
    assert client.transport.aborted


def test_nothing_is_computed_for_a_peer_that_is_gone() -> None:
    """A long search, done in pieces, ends with the piece under way; what tidies up is still done."""
    pieces: list[int] = []
    tidied: list[int] = []

    async def session(channel: Channel) -> None:
        try:
            for number in range(5):
                await compute(pieces.append, number)
        except Gone:
            await call(tidied.append, 1)

    client = Client(session)
    client.hang_up()
    while client.lanes.busy:
        client.loop.run_posted()

    assert (pieces, tidied) == ([0], [1])
    assert client.ended == 1
