"""A session's traps, answered over a transport; deadlines, fairness."""

import logging
import threading
import zlib

import pytest
from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener, IPushProducer
from zope.interface.verify import verifyObject

from mailaccess.net.connection import MAX_BUFFERED, Session
from mailaccess.net.deadlines import SLICE
from mailaccess.net.deflate import STEP
from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import (
    Closing,
    Gone,
    TimedOut,
    call,
    compress,
    delay,
    drained,
    end_compression,
    event,
    more_input,
)
from tests.net.stage import Client, echo


def test_is_what_twisted_takes_it_for() -> None:
    """The interfaces are there in full."""
    connection = Client(echo).connection

    for interface in (IPushProducer, IHandshakeListener, IHalfCloseableProtocol):
        assert verifyObject(interface, connection)


def test_greets_and_answers() -> None:
    """A session runs up to its first wait, then with its input."""
    client = Client(echo)

    assert client.output() == b"hello\r\n"
    assert client.send(b"a\r\nb\r\nc") == b"<a>\r\n<b>\r\n"
    assert client.send(b"\r\n") == b"<c>\r\n"


def test_writes_once_for_all_that_was_asked_at_once() -> None:
    """Replies to pipelined commands leave together."""
    client = Client(echo)
    writes: list[bytes] = []
    client.transport.writeSequence = lambda chunks: writes.append(b"".join(chunks))  # type: ignore[method-assign]
    client.connection.dataReceived(b"a\r\nb\r\n")

    assert writes == [b"<a>\r\n<b>\r\n"]


def test_silence_is_ended() -> None:
    """No input for `timeout` seconds: the session is told and may say goodbye."""
    client = Client(echo)
    client.output()
    client.wait(30)
    client.send(b"a\r\n")

    assert client.wait(59) == b""
    assert client.wait(1) == b"TimedOut"
    assert client.transport.half_closed


def test_a_command_costs_no_timer() -> None:
    """Deadlines are looked up when the one timer goes off."""
    client = Client(echo)
    timers = client.loop.getDelayedCalls()
    client.send(b"a\r\n")
    client.send(b"b\r\n")

    assert client.loop.getDelayedCalls() == timers
    assert len(timers) == 1


def test_time_without_input_does_not_count_while_we_keep_the_client_waiting() -> None:
    """A call may take longer than a client may be silent."""
    entered, leave = threading.Event(), threading.Event()

    def slow() -> None:
        entered.set()
        leave.wait(10)

    async def session(channel: Channel) -> None:
        channel.timeout = 60
        await call(slow)
        await echo(channel)

    client = Client(session)
    assert entered.wait(10)
    client.wait(1000)
    leave.set()
    client.loop.run_posted()

    assert client.output() == b"hello\r\n"
    assert client.wait(59) == b""
    assert client.wait(1) == b"TimedOut"


def test_event_ends_by_itself_by_input_and_by_silence() -> None:
    """Each of the three has its own moment."""

    async def session(channel: Channel) -> None:
        channel.timeout = 100
        try:
            while True:
                await event(40)
                channel.write(channel.reader.take(100) or b"tick ")
        except TimedOut:
            channel.write(b"over")

    client = Client(session)

    assert client.wait(39) == b""
    assert client.wait(1) == b"tick "
    assert client.send(b"input ") == b"input "
    assert client.wait(40) == b"tick "
    assert client.wait(40) == b"tick "
    assert client.wait(20) == b"over"


def test_wake_from_another_thread_ends_an_event_once() -> None:
    """Many wake-ups before the session looks are one."""

    async def session(channel: Channel) -> None:
        while True:
            await event(100)
            channel.woken = False
            channel.write(b"news ")

    client = Client(session)
    thread = threading.Thread(target=lambda: [client.connection.channel.wake() for _ in range(5)])
    thread.start()
    thread.join()
    client.loop.run_posted()

    assert client.output() == b"news "
    client.connection.channel.wake()
    client.loop.run_posted()
    assert client.output() == b"news "


def test_wake_before_an_event_is_not_lost() -> None:
    """What happened while the session did something else ends its next wait at once."""

    async def session(channel: Channel) -> None:
        await more_input()
        channel.reader.take(10)
        await event(100)
        channel.write(b"news")

    client = Client(session)
    client.connection.channel.wake()

    assert client.send(b"x") == b"news"


def test_drained_waits_for_the_transport() -> None:
    """While the peer does not read, nothing more is rendered."""

    async def session(channel: Channel) -> None:
        for number in range(3):
            channel.write(b"%d" % number)
            await drained()

    client = Client(session)
    client.connection.pauseProducing()
    assert client.output() == b"012"

    client = Client(_after_input(session))
    client.transport.full = True
    assert client.send(b"x") == b"0"
    client.transport.full = False
    client.connection.resumeProducing()
    assert client.output() == b"12"


def _after_input(session: Session) -> Session:
    async def waiting(channel: Channel) -> None:
        await more_input()
        await session(channel)

    return waiting


def test_a_peer_that_reads_nothing_is_cut_off() -> None:
    """It cannot be told anything."""

    async def session(channel: Channel) -> None:
        channel.timeout = 60
        await more_input()
        channel.write(b"x")
        await drained()

    client = Client(session)
    client.transport.full = True
    client.send(b"x")
    client.wait(59)
    assert not client.transport.aborted
    client.wait(1)
    assert client.transport.aborted


def test_a_peer_that_reads_nothing_is_not_served() -> None:
    """What it asks for waits until it has taken what it asked for before."""
    client = Client(echo)
    client.output()
    client.connection.pauseProducing()
    assert client.send(b"a\r\n") == b""
    assert client.send(b"b\r\n") == b""
    client.send(b"x" * MAX_BUFFERED)
    assert client.transport.producerState == "paused"
    client.connection.resumeProducing()
    assert client.output() == b"<a>\r\n<b>\r\n"


def test_a_peer_that_reads_nothing_is_not_told_news() -> None:
    """Nor that it has been quiet for long; both are made up for, once."""

    async def session(channel: Channel) -> None:
        channel.timeout = 100
        while True:
            await event(40)
            channel.write(b"news " if channel.woken else b"tick ")
            channel.woken = False

    client = Client(session)
    client.connection.pauseProducing()
    client.connection.channel.wake()
    client.loop.run_posted()
    assert client.wait(39) == b""
    client.connection.resumeProducing()
    assert client.output() == b"news "
    client.connection.pauseProducing()
    assert client.wait(50) == b""
    client.connection.resumeProducing()
    assert client.output() == b"tick "


def test_a_long_run_of_commands_whose_answers_are_not_read() -> None:
    """Stops in the middle; goes on where it stopped; is cut off if nobody reads on."""

    async def session(channel: Channel) -> None:
        channel.timeout = 60
        while True:
            await channel.reader.line(100)
            client.loop.rightNow += SLICE / 8
            channel.write(b".")

    for reads_on in (True, False):
        client: Client
        client = Client(session)
        total = client.send(b"\r\n" * 100)
        client.connection.pauseProducing()
        assert client.turn() == b""
        if not reads_on:
            client.wait(61)
            assert client.transport.aborted
            continue
        client.connection.resumeProducing()
        while more := client.output() or client.turn():
            total += more
        assert len(total) == 100


def test_all_input_has_to_come_within_a_lifetime() -> None:
    """An octet now and then is no sign of life."""

    async def session(channel: Channel) -> None:
        channel.lifetime = 100
        await echo(channel)

    client = Client(session)
    client.output()
    for _ in range(3):
        assert client.wait(30) == b""
        client.send(b"x")
    assert client.wait(9) == b""
    assert client.wait(1) == b"TimedOut"


def test_a_long_run_of_commands_lets_others_go_first() -> None:
    """After its slice, a session goes on in the reactor's next round."""

    async def session(channel: Channel) -> None:
        while True:
            await channel.reader.line(100)
            client.loop.rightNow += SLICE / 8  # what the command takes
            channel.write(b".")

    client: Client
    client = Client(session)
    first = client.send(b"\r\n" * 100)

    assert 8 <= len(first) <= 32
    total = first
    while more := client.turn():
        assert len(more) <= 32
        total += more
    assert len(total) == 100


def test_a_long_run_of_output_lets_others_go_first() -> None:
    """The same where the transport takes all that is written."""

    async def session(channel: Channel) -> None:
        await more_input()
        for _ in range(20):
            client.loop.rightNow += SLICE / 8
            channel.write(b".")
            await drained()

    client: Client
    client = Client(session)
    first = client.send(b"x")

    assert len(first) == 8
    assert client.turn() == b"." * 8
    assert client.turn() == b"." * 4


def test_a_turn_that_something_else_took_is_not_taken_again() -> None:
    """A session that was told to close while others had their turn tidies up undisturbed."""
    told: list[object] = []

    async def session(channel: Channel) -> None:
        try:
            while True:
                await channel.reader.line(100)
                client.loop.rightNow += SLICE
        except Closing:
            told.append(await call(int, "7"))

    client: Client
    client = Client(session)
    client.send(b"\r\n" * 100)
    client.connection.close()
    client.turn()
    assert told == []
    client.loop.run_posted()
    assert told == [7]


def test_closing_does_not_interrupt_output_that_takes_turns() -> None:
    """Nor where the transport takes all that is written."""

    async def session(channel: Channel) -> None:
        await more_input()
        channel.reader.take(1)
        for _ in range(3):
            client.loop.rightNow += SLICE
            channel.write(b"part ")
            await drained()
        await echo(channel)

    client: Client
    client = Client(session)
    reply = client.send(b"x")
    client.connection.close()
    while more := client.turn():
        reply += more

    assert reply == b"part part part hello\r\nClosing"


def test_input_is_not_read_without_bound_while_the_session_is_busy() -> None:
    """A flood costs its sender."""
    leave = threading.Event()

    async def session(channel: Channel) -> None:
        await more_input()
        channel.reader.clear()
        await call(leave.wait, 10)
        await more_input()

    client = Client(session)
    client.send(b"x")
    client.send(b"x" * MAX_BUFFERED)
    assert client.transport.producerState == "producing"
    client.send(b"x")
    assert client.transport.producerState == "paused"
    leave.set()
    client.loop.run_posted()
    assert client.transport.producerState == "producing"


def test_delay_does_not_read() -> None:
    """Who must wait cannot make us hold what it sends."""

    async def session(channel: Channel) -> None:
        await delay(5)
        channel.write(b"now")
        await more_input()

    client = Client(session)
    assert client.transport.producerState == "paused"
    assert client.wait(4.9) == b""
    assert client.wait(0.2) == b"now"
    assert client.transport.producerState == "producing"


def test_calls_return_and_raise_in_the_session() -> None:
    """What a thread did is the session's."""

    async def session(channel: Channel) -> None:
        channel.write(b"%d " % await call(int, "7"))
        try:
            await call(int, "seven")
        except ValueError:
            channel.write(b"raised")

    client = Client(session)
    client.loop.run_posted()
    client.loop.run_posted()

    assert client.output() == b"7 raised"


def test_a_peer_gone_during_a_call_is_met_behind_it() -> None:
    """The call runs to its end; its result is dropped; the session tidies up, with another call."""
    told: list[object] = []

    async def session(channel: Channel) -> None:
        try:
            told.append(await call(int, "1"))
            channel.write(b"into the void")
            await more_input()
        except Gone:
            told.append(Gone)
            told.append(await call(int, "2"))

    client = Client(session)
    client.hang_up()
    assert told == []
    client.loop.run_posted()
    assert client.ended == 0
    client.loop.run_posted()

    assert told == [1, Gone, 2]
    assert client.output() == b""
    assert client.ended == 1


def test_a_peer_gone_while_the_session_waits() -> None:
    """Gone is raised where it waits; then all is over."""
    client = Client(echo)
    client.hang_up()

    assert client.connection.finished
    assert client.ended == 1
    assert client.loop.getDelayedCalls() == []


def test_what_came_before_the_end_of_input_is_answered() -> None:
    """`printf ... | nc`: the client has closed its direction, but still reads."""
    leave = threading.Event()

    async def session(channel: Channel) -> None:
        await call(leave.wait, 10)
        await echo(channel)

    client = Client(session)
    client.send(b"a\r\nb\r\n")
    client.end_input()
    leave.set()
    client.loop.run_posted()

    assert client.output() == b"hello\r\n<a>\r\n<b>\r\n"
    assert client.connection.finished
    assert client.transport.disconnecting


def test_end_of_input_while_waiting_is_the_end() -> None:
    """Nothing more can come."""
    client = Client(echo)
    client.end_input()

    assert client.connection.finished
    assert client.transport.disconnecting


def test_compression_begins_behind_its_answer() -> None:
    """What the client sends and what it gets is deflated from there on; each reply can be read at once."""
    client = Client(_compressed)
    assert client.send(b"COMPRESS\r\n") == b"OK\r\n"
    deflater, inflater = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)

    for line in (b"a", b"b" * 90):
        sent = deflater.compress(line + b"\r\n") + deflater.flush(zlib.Z_SYNC_FLUSH)
        assert inflater.decompress(client.send(sent)) == b"<%s>\r\n" % line


def test_deflated_input_behind_the_command_is_not_lost() -> None:
    """A client need not wait before it sends."""
    client = Client(_compressed)
    deflater, inflater = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
    reply = client.send(b"COMPRESS\r\n" + deflater.compress(b"a\r\n") + deflater.flush(zlib.Z_SYNC_FLUSH))

    assert reply.startswith(b"OK\r\n")
    assert inflater.decompress(reply[4:]) == b"<a>\r\n"


def test_a_deflate_bomb_is_inflated_in_steps() -> None:
    """However much a few octets stand for, little of it is in memory at once, and others get their turn."""
    most = 0

    async def session(channel: Channel) -> None:
        nonlocal most
        await compress()
        while True:
            await more_input()
            client.loop.rightNow += SLICE / 8
            most = max(most, channel.reader.buffered)
            channel.write(b"%d " % len(channel.reader.take(1 << 30)))

    client: Client
    client = Client(session)
    deflater, inflater = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
    bomb = deflater.compress(b"0" * (4 << 20)) + deflater.flush(zlib.Z_SYNC_FLUSH)
    answers = [inflater.decompress(client.send(bomb))]
    while client.loop.getDelayedCalls() and (more := client.turn()):
        answers.append(inflater.decompress(more))

    assert sum(map(int, b"".join(answers).split())) == 4 << 20
    assert most <= STEP
    assert len(answers) >= 4


def test_what_is_not_deflated_ends_the_connection() -> None:
    """There is no way to tell where the next command begins."""
    client = Client(_compressed)
    client.send(b"COMPRESS\r\n")
    client.send(b"\xff\xff\xff\xff")

    assert client.transport.aborted


@pytest.mark.parametrize("ending", [zlib.Z_FINISH, zlib.Z_SYNC_FLUSH])
def test_compression_ends_behind_its_answer(ending: int) -> None:
    """Whether the client finishes its stream or merely goes on without it; a finished one may be followed at once."""
    client = Client(_compressed)
    client.send(b"COMPRESS\r\n")
    deflater, inflater = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
    more = b"b\r\n" if ending == zlib.Z_FINISH else b""
    reply = client.send(deflater.compress(b"PLAIN\r\n") + deflater.flush(ending) + more)

    # Our stream is finished, so that what is plain behind it is not taken for more of it.
    assert inflater.decompress(reply) == b"<PLAIN>\r\n"
    assert inflater.eof
    assert inflater.unused_data == (b"<b>\r\n" if more else b"")
    assert client.send(b"c\r\n") == b"<c>\r\n"


async def _compressed(channel: Channel) -> None:
    await channel.reader.line(100)
    channel.write(b"OK\r\n")
    await compress()
    while True:
        line = await channel.reader.line(100)
        channel.write(b"<%s>\r\n" % line)
        if line == b"PLAIN":
            await end_compression()


def test_a_failing_session_ends_politely_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The client hears it; the log has the traceback."""

    async def session(channel: Channel) -> None:
        channel.write(b"hm ")
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        client = Client(session)

    assert client.output() == b"hm sorry\r\n"
    assert client.transport.half_closed
    assert "192.0.2.1" in caplog.text
    assert "Traceback" in caplog.text
    assert "ZeroDivisionError" in caplog.text
