"""APPEND beyond its transcript: large messages, lost connections, full disks."""

import pytest

from mailaccess.imap.commands.append import PIECE, parse_message
from mailaccess.imap.errors import Bad
from mailaccess.imap.framing import Literal
from tests.world import World

SYNC = Literal(5, synchronizing=True, binary=False)


def test_parse_message() -> None:
    """Flags and date are optional; the announcement of the literal has been taken off."""
    assert parse_message(b" ", SYNC).flags == frozenset()
    both = parse_message(b' (\\Seen) "07-Feb-1994 21:52:25 -0800" ', SYNC)
    assert (both.flags, both.date) == (frozenset(["\\Seen"]), 760686745)


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        (b"", SYNC),
        (b" (\\Seen)", SYNC),
        (b" (\\Seen) ", None),
        (b' "07-Feb-1994 21:52:25 -0800" (\\Seen) ', SYNC),
        (b" ", Literal(5, synchronizing=True, binary=True)),
    ],
)
def test_parse_message_refuses(text: bytes, literal: Literal | None) -> None:
    """What is missing or in the wrong order is BAD."""
    with pytest.raises(Bad):
        parse_message(text, literal)


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
