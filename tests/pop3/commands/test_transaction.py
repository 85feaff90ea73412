"""Large messages; the rest is in the transcripts."""

import pytest

from mailaccess.pop3.commands import transaction
from mailaccess.pop3.commands.transaction import WHOLE
from tests.world import MESSAGES, World


def test_listings_of_many_messages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are told in pieces, as if there were none."""
    for _ in range(7):
        world.deliver(MESSAGES["plain"])
    client = world.pop3()
    client.ask(b"USER fred\r\nPASS secret\r\nDELE 4\r\n")
    whole = client.ask(b"LIST\r\nUIDL\r\n")
    monkeypatch.setattr(transaction, "LINES_AT_ONCE", 2)

    assert client.ask(b"LIST\r\nUIDL\r\n") == whole
    assert [line.split(b" ")[0] for line in whole.splitlines()[1:7]] == [b"1", b"2", b"3", b"5", b"6", b"7"]


def test_a_large_message_is_stuffed_at_every_edge(world: World) -> None:
    """Streamed in pieces, it arrives as a small one would."""
    text = b"Subject: large\r\n\r\n" + b".\r\n..x\r\nmiddle\r\n" * (2 * WHOLE // 16)
    world.deliver(text)
    client = world.pop3()
    client.ask(b"USER fred\r\nPASS secret\r\n")
    answer = client.ask(b"RETR 1\r\n")
    body = answer.partition(b"\r\n")[2]

    assert answer.startswith(b"+OK %d octets\r\n" % len(text))
    assert body.endswith(b"\r\n.\r\n")
    lines = body.removesuffix(b".\r\n").split(b"\r\n")
    assert b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines) == text


def test_top_of_a_large_message(world: World) -> None:
    """As much is read as is asked for, be it all."""
    text = b"Subject: large\r\n\r\n" + b"0123456789\r\n" * 30_000
    world.deliver(text)
    client = world.pop3()
    client.ask(b"USER fred\r\nPASS secret\r\n")

    assert client.ask(b"TOP 1 20000\r\n").count(b"0123456789\r\n") == 20_000
    assert client.ask(b"TOP 1 999999\r\n").count(b"0123456789\r\n") == 30_000
