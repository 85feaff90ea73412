"""The responses of a FETCH: streams, slices, files that are not what they were."""

import os
import re
import tracemalloc
from base64 import encodebytes
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailaccess.imap.serving import serve
from mailaccess.wire.traps import Call, Closing, Gone, TimedOut
from tests.driver import MemoryDriver
from tests.world import PASSWORD, USER, World

MEGABYTE = 1 << 20


class Client(MemoryDriver):
    """Notes how much was waiting to be sent at every pause, and how often others had their turn."""

    def __init__(self, world: World) -> None:
        self.held: list[int] = []
        self.turns = 0
        self.calls = 0
        self.on_drain: Callable[[], None] = lambda: None
        super().__init__(lambda channel: serve(channel, world.imap_settings))
        world.drivers.append(self)
        self.ask(f"l LOGIN {USER} {PASSWORD}\r\ns SELECT INBOX\r\n".encode())
        self.held.clear()
        self.turns = self.calls = 0

    def answer_drained(self) -> object:
        self.held.append(self.channel.pending)
        self.on_drain()
        return super().answer_drained()

    def answer_turn(self) -> object:
        self.turns += 1
        return super().answer_turn()

    def answer_call(self, work: Call) -> object:
        self.held.append(self.channel.pending)
        self.calls += 1
        return super().answer_call(work)


def large(size: int) -> bytes:
    """A message of so many octets, none of its lines like another."""
    head = b"Subject: large\r\n\r\n"
    return head + b"".join(b"%014d\r\n" % i for i in range((size - len(head)) // 16))


# -- long texts


def test_a_large_message_is_streamed(world: World) -> None:
    """A slow reader makes us hold a small part of it, never all."""
    message = large(3 * MEGABYTE)
    world.deliver(message)
    client = Client(world)
    reply = client.ask(b"a FETCH 1 BODY.PEEK[]\r\n")

    assert reply == b"* 1 FETCH (BODY[] {%d}\r\n%s)\r\na OK FETCH completed\r\n" % (len(message), message)
    assert max(client.held) <= 128 * 1024
    assert len(client.held) > 40


def test_a_large_part_is_decoded_as_it_is_sent(world: World) -> None:
    """Neither what it is encoded in nor what it stands for is ever held whole."""
    octets = large(3 * MEGABYTE)
    encoded = encodebytes(octets).replace(b"\n", b"\r\n")
    world.deliver(b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded)
    client = Client(world)
    client.ask(b"a FETCH 1 BODYSTRUCTURE\r\n")
    tracemalloc.start()
    client.feed(b"b FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1] UID)\r\n")
    held = tracemalloc.get_traced_memory()[1] - sum(map(len, client.sent))
    tracemalloc.stop()

    assert (
        client.output()
        == b"* 1 FETCH (BINARY.SIZE[1] %d BINARY[1] {%d}\r\n%s UID 1)\r\nb OK FETCH completed\r\n"
        % (
            len(octets),
            len(octets),
            octets,
        )
    )
    assert held < MEGABYTE
    assert max(client.held) <= 128 * 1024


def test_a_large_unix_message_is_streamed_with_its_size_on_the_wire(world: World) -> None:
    """Size and octets are those of CRLF line ends, whatever the file has."""
    message = large(MEGABYTE)
    world.deliver(message.replace(b"\r\n", b"\n"))
    reply = Client(world).ask(b"a FETCH 1 (RFC822.SIZE BODY.PEEK[TEXT] UID)\r\n")

    assert reply == b"* 1 FETCH (RFC822.SIZE %d BODY[TEXT] {%d}\r\n%s UID 1)\r\na OK FETCH completed\r\n" % (
        len(message),
        len(message) - 18,
        message[18:],
    )


def test_middling_texts_are_passed_on_as_they_are(world: World) -> None:
    """Not copied into a line: the text is a chunk of its own."""
    message = large(100_000)
    world.deliver(message)
    client = Client(world)
    client.feed(b"a FETCH 1 (UID BODY.PEEK[])\r\n")
    chunks = client.sent[:]

    assert b"{%d}\r\n%s" % (len(message), message) in chunks
    assert client.output().startswith(b"* 1 FETCH (UID 1 BODY[] {")


def test_many_texts_are_not_held_at_once(world: World) -> None:
    """They are read in batches of about a megabyte and sent before the next."""
    for _ in range(30):
        world.deliver(large(200_000))
    client = Client(world)
    reply = client.ask(b"a FETCH 1:* BODY.PEEK[]\r\n")

    assert reply.count(b"* ") == 30
    assert max(client.held) < MEGABYTE
    assert client.calls >= 5


def test_a_file_that_comes_up_short_ends_the_connection(world: World) -> None:
    """What was announced cannot be sent, and any other word would be taken for mail."""
    message = large(MEGABYTE)
    path = world.deliver(message)
    client = Client(world)
    path = next(file for file in world.files() if file.name.startswith(path.name))
    client.on_drain = lambda: os.truncate(path, 70_000)
    reply = client.ask(b"a FETCH 1 BODY.PEEK[]\r\n")

    assert client.closed
    assert not client.failure
    assert message.startswith(reply.removeprefix(b"* 1 FETCH (BODY[] {%d}\r\n" % len(message)))


@pytest.mark.parametrize("event", [Closing, TimedOut, Gone])
def test_no_goodbye_within_a_text(world: World, event: type[Exception]) -> None:
    """Whatever ends the session while it streams: BYE would be taken for mail."""
    world.deliver(large(MEGABYTE))
    client = Client(world)

    def end() -> None:
        client.on_drain = lambda: None
        raise event

    client.on_drain = end
    reply = client.ask(b"a FETCH 1 BODY.PEEK[]\r\n")

    assert client.closed
    assert b"BYE" not in reply


def test_partials_of_a_message_put_together_are_the_message(world: World) -> None:
    """As Thunderbird fetches: chunk after chunk, the last one short."""
    message = large(700_000)
    world.deliver(message.replace(b"\r\n", b"\n"))
    client = Client(world)
    pieces = []
    for start in range(0, len(message) + 300_000, 300_000):
        reply = client.ask(b"a UID FETCH 1 BODY.PEEK[]<%d.300000>\r\n" % start)
        head = re.match(rb"\* 1 FETCH \(UID 1 BODY\[\]<(\d+)> \{(\d+)\}\r\n", reply)
        assert head is not None
        assert int(head[1]) == start
        pieces.append(reply[head.end() : head.end() + int(head[2])])
        assert reply[head.end() + int(head[2]) :] == b")\r\na OK UID FETCH completed\r\n"

    assert b"".join(pieces) == message


# -- many messages


def test_many_messages_are_told_in_slices(world: World) -> None:
    """Others have their turn between them, and the replies come in order."""
    for i in range(1200):
        world.deliver(b"Subject: %d\r\n\r\n" % i, flags="S" if i % 2 else "")
    client = Client(world)
    reply = client.ask(b"a UID FETCH 1:* (FLAGS)\r\n")

    assert re.findall(rb"\* (\d+) FETCH \(UID (\d+) ", reply) == [(b"%d" % i,) * 2 for i in range(1, 1201)]
    assert client.turns + len(client.held) >= 3


def test_scattered_numbers(world: World) -> None:
    for i in range(600):
        world.deliver(b"Subject: %d\r\n\r\n" % i)
    numbers = [*range(1, 600, 2), 600]
    reply = Client(world).ask(b"a FETCH %s BODY.PEEK[HEADER]\r\n" % b",".join(b"%d" % n for n in numbers))

    assert re.findall(rb"\* (\d+) FETCH", reply) == [b"%d" % number for number in numbers]


def test_sizes_that_are_not_known_yet_are_found(world: World) -> None:
    """A foreign program wrote the file without saying its size on the wire."""
    for i in range(5):
        world.deliver(b"Subject: x\n\n" + b"line\n" * i)
    reply = Client(world).ask(b"a FETCH 1:* RFC822.SIZE\r\n")

    assert re.findall(rb"SIZE (\d+)", reply) == [b"%d" % (14 + 6 * i) for i in range(5)]


def test_flags_that_were_fetched_are_not_told_again(world: World) -> None:
    """Another session's change, seen by FETCH before it was announced."""
    world.deliver(b"Subject: x\r\n\r\n")
    one, two = Client(world), Client(world)
    one.ask(b"a STORE 1 +FLAGS (\\Flagged)\r\n")

    assert two.ask(b"a FETCH 1 FLAGS\r\n") == b"* 1 FETCH (FLAGS (\\Flagged))\r\na OK FETCH completed\r\n"
    assert two.ask(b"b NOOP\r\n") == b"b OK NOOP completed\r\n"


def test_a_message_without_any_sense_can_be_fetched(world: World) -> None:
    """All items of octets that are no mail; NUL, which IMAP cannot carry, is 0x80."""
    data = bytes(range(256)).replace(b"\n", b"").replace(b"\r", b"")
    world.deliver(data)
    data = data.replace(b"\0", b"\x80")
    client = Client(world)
    reply = client.ask(
        b"a FETCH 1 (ENVELOPE BODY BODYSTRUCTURE RFC822.SIZE BODY.PEEK[] BODY.PEEK[1] BODY.PEEK[HEADER])\r\n"
    )

    assert b"BODY[] {254}\r\n" + data in reply
    assert reply.endswith(b"a OK FETCH completed\r\n")


ITEMS = ["UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "MODSEQ", "ENVELOPE", "BODY", "BODYSTRUCTURE", "RFC822.HEADER",
         "BODY.PEEK[]", "BODY.PEEK[TEXT]", "BODY.PEEK[1]", "BODY.PEEK[1.MIME]", "BODY.PEEK[HEADER.FIELDS (Subject)]",
         "BODY.PEEK[]<3.7>"]  # fmt: skip


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client in a mailbox with the sample mail."""
    world = World(tmp_path_factory.mktemp("samples"))
    for path in sorted((Path(__file__).parents[2] / "maildirs" / "samples" / "cur").iterdir()):
        world.deliver(path.read_bytes(), flags="")
    yield Client(world)
    world.close()


@given(st.integers(1, 15), st.lists(st.sampled_from(ITEMS), min_size=1, max_size=6, unique=True))
@settings(max_examples=50)
def test_items_together_are_the_items_alone(samples: Client, number: int, names: list[str]) -> None:
    """Whatever else is asked for with it, an item's answer is the same; in the order asked for."""

    def answer(asked: str, number: int) -> bytes:
        reply = samples.ask(f"a FETCH {number} ({asked})\r\n".encode())
        return reply.removeprefix(b"* %d FETCH (" % number).removesuffix(b")\r\na OK FETCH completed\r\n")

    samples.ask(b"e ENABLE CONDSTORE\r\n")
    numbers = (number, number + 1)
    together = samples.ask(f"a FETCH {number}:{number + 1} ({' '.join(names)})\r\n".encode())
    alone = [b" ".join(answer(name, each) for name in names) for each in numbers]

    assert together == b"* %d FETCH (%s)\r\n* %d FETCH (%s)\r\na OK FETCH completed\r\n" % (
        numbers[0], alone[0], numbers[1], alone[1],
    )  # fmt: skip
