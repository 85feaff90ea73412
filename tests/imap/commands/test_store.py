"""STORE's grammar, and what two clients see of each other's changes."""

import pytest

from mailaccess.imap.commands.store import parse_store
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.storage.mailbox import Action
from tests.world import MESSAGES, World


def test_parse_store() -> None:
    """With and without parentheses, .SILENT and UNCHANGEDSINCE."""
    (plain,) = parse_store(Cursor(b"1 +FLAGS \\Seen $A"))
    assert (plain.action, plain.silent, plain.flags, plain.unchanged_since) == (
        Action.ADD,
        False,
        frozenset(["\\Seen", "$A"]),
        None,
    )
    (full,) = parse_store(Cursor(b"1:3 (UNCHANGEDSINCE 12) -FLAGS.SILENT ()"))
    assert (full.action, full.silent, full.flags, full.unchanged_since) == (Action.REMOVE, True, frozenset(), 12)


@pytest.mark.parametrize("text", [b"1", b"1 FLAGS", b"1 FLAG (x)", b"1 ++FLAGS (x)", b"1 (UNCHANGEDSINCE) FLAGS (x)"])
def test_bad_stores(text: bytes) -> None:
    """Missing and invented words."""
    with pytest.raises(Bad):
        parse_store(Cursor(text))


def test_silent_does_not_hide_what_others_did(world: World) -> None:
    """A flag that another session set is told, though our own silent change came after it."""
    world.deliver(MESSAGES["plain"], flags="")
    mine, other = world.imap_in(), world.imap_in()
    other.ask(b"a STORE 1 +FLAGS (\\Flagged)\r\n")

    assert b"\\Flagged" in mine.ask(b"a STORE 1 +FLAGS.SILENT (\\Seen)\r\n")


def test_keywords_are_told_before_they_are_used(world: World) -> None:
    """Any number of keywords, more than a file name has letters for."""
    world.deliver(MESSAGES["plain"], flags="")
    client = world.imap_in()
    names = [f"$K{number}" for number in range(40)]
    client.ask(f"a STORE 1 FLAGS ({' '.join(names)})\r\n".encode())
    answer = client.ask(b"b UNSELECT\r\nc SELECT INBOX\r\nd FETCH 1 FLAGS\r\n").decode()

    assert all(answer.count(name) >= 2 for name in names)
