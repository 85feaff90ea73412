"""APPEND beyond its transcript: large messages, lost connections, full disks."""

from pathlib import Path

import pytest

from mailaccess.imap.streamed import PIECE
from mailaccess.imap.upload import SMALL
from mailaccess.storage.errors import DiskFull
from mailaccess.storage.mailbox import Incoming, Mailbox
from tests.world import World


def test_a_large_message_arrives_whole(world: World) -> None:
    """More than one piece is written, and what is fetched is what was sent."""
    client = world.imap_in()
    text = b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * (3 * PIECE // 18)
    client.feed(b"a APPEND INBOX {%d+}\r\n" % len(text))
    for start in range(0, len(text), 70_001):
        client.feed(text[start : start + 70_001])
    assert b"a OK [APPENDUID" in client.ask(b"\r\n")

    assert client.ask(b"b FETCH 1 BODY.PEEK[]\r\n").count(text) == 1


def test_a_connection_lost_inside_a_literal_leaves_nothing(world: World) -> None:
    """No message, and no file in tmp/."""
    client = world.imap_in()
    client.feed(b"a APPEND INBOX {1000+}\r\nSubject: half")
    client.hang_up()

    assert world.files() == []
    assert list((world.maildir / "tmp").iterdir()) == []


def test_multiappend_is_all_or_nothing(world: World) -> None:
    """A second message that is refused takes the first with it (RFC 3502)."""
    client = world.imap_in()
    answer = client.ask(b"a APPEND INBOX {4+}\r\nx: y (\\Nonsense) {4+}\r\nx: z\r\nb NOOP\r\n")

    assert b"a BAD" in answer
    assert answer.endswith(b"b OK NOOP completed\r\n")
    assert world.files() == []
    assert list((world.maildir / "tmp").iterdir()) == []


@pytest.mark.parametrize("size", [10, 2 * SMALL])
def test_a_message_that_cannot_even_be_begun_is_never_taken_for_commands(world: World, size: int) -> None:
    """A literal that needs no invitation is on its way when storage refuses it."""
    client = world.imap_in()
    text = b"x LOGOUT\r\n" * (size // 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailbox, "incoming", _no_space)
        answer = client.ask(b"a APPEND INBOX {%d+}\r\n%s {%d+}\r\n%s\r\n" % (2 * (len(text), text)))
    assert answer == b"a NO [OVERQUOTA] no space\r\n"

    assert client.ask(b"b NOOP\r\n") == b"b OK NOOP completed\r\n"


def test_a_bad_name_in_a_literal_takes_the_message_with_it(world: World) -> None:
    """One answer, and what follows is a command again."""
    client = world.imap_in()
    answer = client.ask(b"a APPEND {2+}\r\n\xff\xfe {10+}\r\nx LOGOUT\r\n\r\nb NOOP\r\n")

    assert answer.startswith(b"a BAD The mailbox name")
    assert answer.endswith(b"\r\nb OK NOOP completed\r\n")
    assert answer.count(b"\r\n") == 2


def test_many_messages_at_once_need_few_descriptors(world: World) -> None:
    """They are all users' descriptors."""
    client = world.imap_in()
    opened = []

    def counted(incoming: Incoming, data: bytes) -> None:
        opened.append(len(list(Path("/proc/self/fd").iterdir())))
        write(incoming, data)

    write = Incoming.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Incoming, "write", counted)
        answer = client.ask(
            b"a APPEND INBOX" + b" {4+}\r\nx: y" * 100 + b" {65537+}\r\n%65537d" % 0 + b" {65537+}\r\n%65537d\r\n" % 0
        )

    assert b"a OK [APPENDUID" in answer
    assert len(opened) > 100
    assert max(opened) - min(opened) <= 2


def test_a_command_cannot_say_without_end(world: World) -> None:
    """What it says of its messages is held until the last is there."""
    client = world.imap_in()
    flags = b" (%s)" % b" ".join(b"k%02d%s" % (number, b"x" * 200) for number in range(100))
    answer = client.ask(b"a APPEND INBOX" + (flags + b" {4+}\r\nx: y") * 100 + b"\r\nb NOOP\r\n")

    assert answer == b"a NO [LIMIT] That much is not taken in one command\r\nb OK NOOP completed\r\n"


def test_keywords_are_limited(world: World) -> None:
    """The message is refused before it is sent, or with it."""
    client = world.imap_in()
    many = b" ".join(b"k%d" % number for number in range(101))
    assert client.ask(b"a APPEND INBOX (%s) {4}\r\n" % many).startswith(b"a NO [LIMIT] a message has at most 100")
    answer = client.ask(b"b APPEND INBOX (%s) {10+}\r\nx LOGOUT\r\n\r\nc NOOP\r\n" % (b"k" * 256))

    assert answer == b"b NO [LIMIT] a keyword has at most 255 characters\r\nc OK NOOP completed\r\n"


def _no_space(*_: object) -> None:
    raise DiskFull("no space")
