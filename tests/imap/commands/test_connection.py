"""Every way of asking for the capabilities, and ID's grammar; the rest is in the transcripts."""

import re

import pytest

from mailaccess.imap.commands.connection import MAX_ID_PAIRS, parse_id
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.wire.channel import Peer
from tests.driver import MemoryDriver
from tests.world import World

PEERS = {
    "plain": lambda: Peer("127.0.0.1", loopback=True),
    "TLS to be had": lambda: Peer("192.0.2.1", tls_available=True),
    "TLS": lambda: Peer("192.0.2.1", tls=True),
}


def code(answer: bytes) -> bytes:
    """The capabilities in an OK's response code."""
    found = re.search(rb" OK \[CAPABILITY ([^]]*)\]", answer)
    assert found
    return found[1]


def asked(client: MemoryDriver) -> bytes:
    """What CAPABILITY answers; "a single untagged CAPABILITY response" (RFC 9051 6.1.1)."""
    found = re.fullmatch(rb"\* CAPABILITY (.*)\r\nc OK .*\r\n", client.ask(b"c CAPABILITY\r\n"))
    assert found
    return found[1]


@pytest.mark.parametrize("peer", PEERS)
def test_every_way_of_asking_gives_the_same_list(world: World, peer: str) -> None:
    """Greeting, CAPABILITY, LOGIN and AUTHENTICATE; after STARTTLS, SELECT, ENABLE and UNAUTHENTICATE."""
    client = world.imap(PEERS[peer]())
    before = code(client.output())
    assert asked(client) == before
    if peer == "TLS to be had":
        client.ask(b"s STARTTLS\r\n")
        assert asked(client) == code(world.imap(PEERS["TLS"]()).output()) != before
        before = asked(client)

    after = code(client.ask(b"a LOGIN fred secret\r\n"))
    assert asked(client) == after != before
    for command in [b"SELECT INBOX", b"ENABLE IMAP4rev2 UTF8=ACCEPT QRESYNC", b"CLOSE", b"NOOP"]:
        client.ask(b"x %s\r\n" % command)
        assert asked(client) == after

    client.ask(b"u UNAUTHENTICATE\r\n")
    assert asked(client) == before
    assert code(client.ask(b"a AUTHENTICATE PLAIN AGZyZWQAc2VjcmV0\r\n")) == asked(client) == after


def test_what_an_account_is_not_offered_no_way_of_asking_shows(world: World) -> None:
    """But whoever is not logged in is nobody yet."""
    client = world.imap()
    before = code(client.output())
    after = code(client.ask(b"a LOGIN choosy secret\r\n"))
    assert asked(client) == after
    assert not {b"QRESYNC", b"MOVE"} & set(after.split())
    client.ask(b"u UNAUTHENTICATE\r\n")
    assert asked(client) == before


def test_compress_is_announced_until_it_is_active(world: World) -> None:
    """Once is enough (RFC 4978 3)."""
    client = world.imap()
    client.output()
    after = code(client.ask(b"a LOGIN fred secret\r\n")).split()
    client.ask(b"b COMPRESS DEFLATE\r\n")
    assert asked(client).split() == [name for name in after if name != b"COMPRESS=DEFLATE"]


def test_parse_id() -> None:
    """A list of pairs, an empty one, or NIL."""
    assert parse_id(Cursor(b'("name" "x" "os" NIL)')) == ([(b"name", b"x"), (b"os", None)],)
    assert parse_id(Cursor(b"NIL")) == parse_id(Cursor(b"()")) == ([],)


def test_parse_id_is_bounded() -> None:
    """ "Implementations MUST NOT send more than 30 field-value pairs" (RFC 2971 3.3)."""
    with pytest.raises(Bad):
        parse_id(Cursor(b"(" + b" ".join([b'"a" "b"'] * (MAX_ID_PAIRS + 1)) + b")"))
