"""IMAP4rev2 and UTF8=ACCEPT beyond the transcripts: none of it unless it is enabled, nothing left of it afterwards."""

import re

import pytest

from tests.driver import MemoryDriver
from tests.world import MESSAGES, World

DECOMPOSED = "Cafe\u0301".encode()
COMPOSED = "Caf\u00e9".encode()


@pytest.fixture
def client(world: World) -> MemoryDriver:
    """One that has logged in."""
    driver = world.imap()
    driver.ask(b"l LOGIN fred secret\r\n")
    return driver


def test_nothing_changes_unasked(world: World, client: MemoryDriver) -> None:
    """ "server responses MUST conform to [RFC3501] until the client issues a command that uses an additional
    capability" (RFC 9051 7.2.2)."""
    world.deliver(MESSAGES["plain"])
    answer = client.ask(b"a SELECT inbox\r\nb SEARCH ALL\r\nc STORE 1 +FLAGS (\\Seen)\r\n")

    assert b"* 1 RECENT\r\n" in answer
    assert b"* OK [UNSEEN 1]" in answer
    assert b"* SEARCH 1\r\n" in answer
    assert b"* 1 FETCH (FLAGS (\\Seen \\Recent))\r\n" in answer
    assert b"LIST" not in answer


@pytest.mark.parametrize("other", [b"", b"UTF8=ACCEPT ", b"CONDSTORE ", b"QRESYNC "])
def test_recent_is_never_told(world: World, client: MemoryDriver, other: bytes) -> None:
    """In whatever company IMAP4rev2 is enabled."""
    world.deliver(MESSAGES["plain"])
    client.ask(b"a ENABLE %sIMAP4REV2\r\n" % other)
    answer = client.ask(b"b SELECT INBOX\r\nc FETCH 1 (FLAGS)\r\n")
    world.deliver(MESSAGES["lf"])
    answer += client.ask(b"d NOOP\r\ne FETCH 2 BODY[]\r\nf UID STORE 2 +FLAGS (\\Flagged)\r\ng SEARCH RECENT\r\n")

    assert b"* 2 EXISTS\r\n" in answer
    assert b"recent" not in answer.lower()
    assert b"g OK" in answer


def test_recent_is_gone_when_it_is_enabled_late(world: World, client: MemoryDriver) -> None:
    """Clients "MUST NOT issue ENABLE once they SELECT", but it is not checked (RFC 9051 6.3.1)."""
    world.deliver(MESSAGES["plain"])
    assert b"\\Recent" in client.ask(b"a SELECT INBOX\r\nb FETCH 1 FLAGS\r\n")
    assert b"\\Recent" not in client.ask(b"c ENABLE IMAP4rev2\r\nd FETCH 1 FLAGS\r\n")


def test_unsolicited_flags_come_with_the_uid(world: World, client: MemoryDriver) -> None:
    """Whichever command they come with."""
    path = world.deliver(MESSAGES["plain"], flags="")
    client.ask(b"a ENABLE IMAP4rev2\r\nb SELECT INBOX\r\n")
    for letters, command in [("S", b"NOOP"), ("FS", b"FETCH 1 UID"), ("F", b"SEARCH ALL"), ("", b"CHECK")]:
        path = path.rename(path.with_name(path.name.partition(":")[0] + ":2," + letters))
        assert re.search(rb"\* 1 FETCH \(UID 1 FLAGS \([^)]*\)\)\r\n", client.ask(b"c %s\r\n" % command)), command


def test_both_can_be_left_out(world: World) -> None:
    """For all: then they are not announced, and ENABLE does not know them."""
    object.__setattr__(world.imap_settings, "without", frozenset([b"IMAP4REV2", b"UTF8=ACCEPT"]))
    client = world.imap()
    answer = client.ask(b"a LOGIN fred secret\r\nb ENABLE IMAP4rev2 UTF8=ACCEPT\r\nc CAPABILITY\r\n")

    assert b"* ENABLED\r\n" in answer
    assert b"IMAP4rev2" not in answer
    assert b"UTF8" not in answer


def test_nothing_is_left_after_unauthenticate(client: MemoryDriver) -> None:
    """ "the server MUST [...] disable any extensions enabled by the client" (RFC 8437 4.1)."""
    client.ask(b"a ENABLE IMAP4rev2 UTF8=ACCEPT\r\nb UNAUTHENTICATE\r\nc LOGIN fred secret\r\n")
    answer = client.ask(b"d SELECT inbox\r\ne STATUS {1+}\r\n& (MESSAGES)\r\n")

    assert b"* 0 RECENT\r\n" in answer
    assert b"LIST" not in answer
    assert b"e BAD" in answer


@pytest.mark.parametrize("enabled", [b"IMAP4rev2", b"UTF8=ACCEPT"])
def test_a_decomposed_name_is_the_composed_one(client: MemoryDriver, enabled: bytes) -> None:
    """In "all IMAP commands that have a mailbox name parameter" (RFC 9051 5.1)."""
    client.ask(b"a ENABLE %s\r\n" % enabled)
    assert b"b OK" in client.ask(b'b CREATE "%s"\r\n' % DECOMPOSED)
    assert b'"/" "%s"\r\n' % COMPOSED in client.ask(b'c LIST "" "%s"\r\n' % DECOMPOSED)
    for command in [
        b'EXAMINE "%s"',
        b'SELECT "%s"',
        b'STATUS "%s" (MESSAGES)',
        b'SUBSCRIBE "%s"',
        b'UNSUBSCRIBE "%s"',
        b'APPEND "%s" {7+}\r\nx: y\r\n\r\n',
        b'COPY 1:* "%s"',
        b'MOVE 1:* "%s"',
        b'RENAME "%s" x',
        b'RENAME x "%s"',
        b'DELETE "%s"',
    ]:
        assert b"d OK" in client.ask(b"d " + command % DECOMPOSED + b"\r\n"), command
