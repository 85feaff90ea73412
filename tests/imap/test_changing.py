"""What is refused to commands that change messages."""

import pytest

from tests.world import MESSAGES, World


@pytest.mark.parametrize("change", [b"STORE 1 FLAGS ()", b"EXPUNGE", b"UID EXPUNGE 1", b"MOVE 1 INBOX"])
def test_a_mailbox_that_was_opened_to_be_looked_at(world: World, change: bytes) -> None:
    """EXAMINE is a promise to change nothing."""
    world.deliver(MESSAGES["plain"], flags="")
    client = world.imap_in()
    answer = client.ask(b"a EXAMINE INBOX\r\nb %s\r\n" % change)

    assert b"b NO [READ-ONLY] " in answer


@pytest.mark.parametrize(
    "add", [b"COPY 1 foo", b"MOVE 1 foo", b"APPEND foo {4+}\r\nx: y", b"REPLACE 1 foo {4+}\r\nx: y"]
)
def test_a_mailbox_that_could_be_made(world: World, add: bytes) -> None:
    """ "the server MUST send the response code "[TRYCREATE]" " (RFC 3501 6.3.11, 6.4.7)"""
    world.deliver(MESSAGES["plain"], flags="")
    client = world.imap_in()

    assert b"b NO [TRYCREATE] " in client.ask(b"b %s\r\n" % add)
