"""CREATE's grammar, and what happens to selected mailboxes; the rest is in the transcripts."""

import pytest

from mailaccess.imap.commands.mailboxes import parse_create
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from tests.world import MESSAGES, World


def test_parse_create() -> None:
    """RFC 6154 section 6"""
    assert parse_create(Cursor(b"x")) == ("x", frozenset())
    assert parse_create(Cursor(b"x (USE (\\Sent \\Drafts))")) == ("x", frozenset(["\\Sent", "\\Drafts"]))
    for bad in (b"x (USE)", b"x (FOO (\\Sent))", b"x (USE (Sent))", b""):
        with pytest.raises(Bad):
            parse_create(Cursor(bad))


def test_deleting_the_selected_mailbox_leaves_it(world: World) -> None:
    """The session goes on in the authenticated state; another one that has it selected is told goodbye."""
    client, other = world.imap_in(), world.imap()
    other.ask(b"l LOGIN fred secret\r\n")
    client.ask(b"a CREATE x\r\nb SELECT x\r\n")
    other.ask(b"b SELECT x\r\n")

    assert client.ask(b"c DELETE x\r\n") == b"c OK DELETE completed\r\n"
    assert b"BAD" in client.ask(b"d CHECK\r\n")
    assert other.ask(b"c NOOP\r\n").startswith(b"* BYE")


def test_renaming_keeps_uids(world: World) -> None:
    """Content, UIDs and UIDVALIDITY go with the name, in sessions that have it selected too."""
    client = world.imap_in()
    client.ask(b"a CREATE x\r\n")
    world.deliver(MESSAGES["plain"], "x", "")
    before = client.ask(b"b STATUS x (MESSAGES UIDNEXT UIDVALIDITY)\r\n")
    client.ask(b"c SELECT x\r\nd RENAME x y/z\r\n")

    assert b"UID 1" in client.ask(b"e FETCH 1 UID\r\n")
    after = client.ask(b"f STATUS y/z (MESSAGES UIDNEXT UIDVALIDITY)\r\n")
    assert after.split(b"(")[1].split(b")")[0] == before.split(b"(")[1].split(b")")[0]


def test_renaming_inbox_moves_its_messages(world: World) -> None:
    """ "INBOX is left empty" (RFC 3501 6.3.5)."""
    world.deliver(MESSAGES["plain"], flags="S")
    client = world.imap_in()

    assert b"a OK" in client.ask(b"a RENAME INBOX old\r\n")
    assert b"MESSAGES 1" in client.ask(b"b STATUS old (MESSAGES)\r\n")
    assert b"MESSAGES 0" in client.ask(b"c STATUS INBOX (MESSAGES)\r\n")
