"""A command that takes long is told of, where that breaks nothing."""

import threading

import pytest

from mailaccess.net.deadlines import SLICE
from mailaccess.net.progress import INTERVAL
from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import call, event, turn
from tests.net.stage import Client


class Work:
    """A session whose commands are the names of traps, one after the other; `Call`s take until `done` is set."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.turns = 0
        self.told = 0
        self.client: Client | None = None

    def progress(self) -> bytes:
        self.told += 1
        return b"%d\r\n" % self.told

    async def serve(self, channel: Channel) -> None:
        channel.timeout = 1000
        channel.progress = self.progress
        while True:
            command = await channel.reader.line(100)
            channel.begun += 1
            if command == b"half":
                channel.write(b"half a ")
            channel.mid_response = command == b"literal"
            if command == b"turns":
                for _ in range(self.turns):
                    assert self.client
                    self.client.loop.rightNow += SLICE
                    await turn()
            elif command == b"event":
                await event(25)
                await call(self.done.wait)
            elif command != b"quick":
                await call(self.done.wait)
            channel.write(b"%s done\r\n" % command)


def test_a_long_command_is_told_of() -> None:
    """Every ten seconds, and not before."""
    work = Work()
    client = Client(work.serve)
    client.send(b"slow\r\nquick\r\n")

    assert client.wait(INTERVAL - 0.1) == b""
    assert client.wait(0.1) == b"1\r\n"
    assert client.wait(INTERVAL - 0.1) == b""
    assert client.wait(0.1) == b"2\r\n"
    work.done.set()
    client.loop.run_posted()
    assert client.output() == b"slow done\r\nquick done\r\n"
    assert client.wait(5 * INTERVAL) == b""


def test_each_command_has_its_own_ten_seconds() -> None:
    """However many there are at once."""
    work = Work()
    client = Client(work.serve)
    client.send(b"slow\r\n")
    client.wait(INTERVAL - 1)
    work.done.set()
    client.loop.run_posted()
    work.done.clear()
    assert client.output() == b"slow done\r\n"

    client.send(b"slow\r\n")
    assert client.wait(INTERVAL - 0.1) == b""
    assert client.wait(0.1) == b"1\r\n"
    work.done.set()


@pytest.mark.parametrize("command", [b"half", b"literal"])
def test_no_response_is_broken_by_it(command: bytes) -> None:
    """Neither a line nor a literal."""
    work = Work()
    client = Client(work.serve)
    client.send(command + b"\r\n")

    assert client.wait(INTERVAL) == b""
    assert client.wait(INTERVAL) == b""
    assert work.told == 0
    work.done.set()


def test_a_command_that_works_in_turns_is_told_of() -> None:
    """Between two of them."""
    work = Work()
    client = work.client = Client(work.serve)
    work.turns = int(2.5 * INTERVAL / SLICE)
    client.send(b"turns\r\n")
    told = b"".join(client.turn() for _ in range(work.turns))

    assert told == b"1\r\n2\r\nturns done\r\n"


def test_a_peer_that_reads_nothing_is_not_told_how_far_its_command_is() -> None:
    """Nor does that pile up."""
    work = Work()
    client = Client(work.serve)
    client.send(b"slow\r\n")
    client.connection.pauseProducing()

    assert client.wait(INTERVAL) == b""
    client.connection.resumeProducing()
    assert client.wait(INTERVAL) == b"1\r\n"
    work.done.set()


def test_time_in_which_we_wait_for_the_peer_is_not_work() -> None:
    """As in IDLE, or while a message is on its way in."""
    work = Work()
    client = Client(work.serve)
    client.send(b"event\r\n")
    assert client.wait(25) == b""
    assert client.wait(INTERVAL - 0.1) == b""
    assert client.wait(0.1) == b"1\r\n"
    work.done.set()
