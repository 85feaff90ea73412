"""NOTIFY as a command; what it does is tried in test_notifying."""

from tests.world import MESSAGES, World


def test_none_is_the_end_of_it(world: World) -> None:
    """And of what the one before asked for: "the server MUST NOT send any unsolicited notifications" (3.1)"""
    client, other = world.imap_in(), world.imap_in()
    client.ask(b"a NOTIFY SET (personal (MailboxName))\r\nb NOTIFY NONE\r\n")
    other.ask(b"a CREATE x\r\n")
    world.deliver(MESSAGES["plain"])

    assert client.ask(b"c NOOP\r\n") == b"c OK NOOP completed\r\n"


def test_mod_sequences_that_are_asked_for_enable_condstore(world: World) -> None:
    """As in FETCH (RFC 7162 3.1)."""
    world.deliver(MESSAGES["plain"], flags="")
    client = world.imap_in()
    client.ask(b"a NOTIFY SET (selected (MessageNew (UID MODSEQ) MessageExpunge))\r\n")

    assert b"MODSEQ (" in client.ask(b"b STORE 1 +FLAGS (\\Seen)\r\n")
