"""Commands about rights."""

import pytest

from mailaccess.imap.commands.acl import parse_identifier
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from tests.world import World


def ann_in(world: World) -> bytes:
    """ann shares her INBOX with everybody."""
    return world.imap().ask(b"a LOGIN ann secret\r\nb SETACL INBOX anyone lrswite\r\n")


def test_a_name_is_prepared_and_spelled_as_it_is_stored(world: World) -> None:
    """ "SHOULD first prepare the received identifier using "SASLprep" " (RFC 4314 section 3)"""
    client = world.imap()
    client.ask(b"a LOGIN fred secret\r\n")

    client.ask('b SETACL INBOX "a\u00adnn" lr\r\n'.encode())

    assert b'* ACL "INBOX" fred lrswipkxteacd ann lr\r\n' in client.ask(b"c GETACL INBOX\r\n")


def test_an_identifier_that_is_too_long_is_not_prepared() -> None:
    """Half a second for one line of a command, while others wait."""
    assert parse_identifier(Cursor(b"INBOX " + b"u" * 1000)) == ("INBOX", "u" * 1000)
    with pytest.raises(Bad, match="at most 255 characters"):
        parse_identifier(Cursor(b"INBOX " + b"u" * 60_000))


def test_the_identifier_is_told_as_it_was_given(world: World) -> None:
    """ "MUST always return the same form of an identifier as specified by the client" (3.4)"""
    client = world.imap()
    client.ask(b"a LOGIN fred secret\r\n")

    answer = client.ask('b LISTRIGHTS INBOX "a\u00adnn"\r\n'.encode())

    assert answer.startswith('* LISTRIGHTS "INBOX" {5}\r\na\u00adnn "" l r s '.encode())


def test_messages_go_from_one_users_mail_into_anothers(world: World) -> None:
    """And back, by MOVE."""
    ann_in(world)
    world.deliver(b"Subject: x\r\n\r\nx\r\n", flags="S")
    fred = world.imap_in()

    assert b"[COPYUID" in fred.ask(b"a COPY 1 Users/ann/INBOX\r\n")
    assert b"[COPYUID" in fred.ask(b"b MOVE 1 Users/ann/INBOX\r\n")
    fred.ask(b"c SELECT Users/ann/INBOX\r\n")
    assert b"FLAGS (\\Seen" in fred.ask(b"d FETCH 2 FLAGS\r\n")
    assert b"* 1 EXPUNGE" in fred.ask(b"e MOVE 1 INBOX\r\n")


def test_a_viewer_resynchronizes(world: World) -> None:
    """QRESYNC tells him what he himself changed in another session."""
    ann_in(world)
    fred = world.imap()
    fred.ask(b"a LOGIN fred secret\r\nb ENABLE QRESYNC\r\nc APPEND Users/ann/INBOX {1+}\r\nx\r\n")
    selected = fred.ask(b"d SELECT Users/ann/INBOX\r\n").decode()
    validity, modseq = (
        selected.partition(f"[{code} ")[2].partition("]")[0] for code in ("UIDVALIDITY", "HIGHESTMODSEQ")
    )
    fred.ask(b"e UNSELECT\r\n")
    other = world.imap()
    other.ask(b"a LOGIN fred secret\r\nb SELECT Users/ann/INBOX\r\nc STORE 1 +FLAGS (\\Seen)\r\n")

    again = fred.ask(f"f SELECT Users/ann/INBOX (QRESYNC ({validity} {modseq}))\r\n".encode())

    assert b"* 1 FETCH (UID 1 FLAGS (\\Seen" in again


def test_a_mailbox_that_cannot_be_deleted_stays_selected(world: World) -> None:
    """One that can is left."""
    ann_in(world)
    fred = world.imap()
    fred.ask(b"a LOGIN fred secret\r\nb SELECT Users/ann/INBOX\r\n")

    assert b"c NO [NOPERM]" in fred.ask(b"c DELETE Users/ann/INBOX\r\n")
    assert b"d OK" in fred.ask(b"d CHECK\r\n")


def test_a_list_that_cannot_be_understood_is_not_changed(world: World) -> None:
    """What it says would be lost."""
    client = world.imap_in()
    (world.maildir / "dovecot-acl").write_text("user=ann lr\nwhatever\n")

    assert b"a NO [UNAVAILABLE]" in client.ask(b"a SETACL INBOX ann +s\r\n")
    assert (world.maildir / "dovecot-acl").read_text() == "user=ann lr\nwhatever\n"
