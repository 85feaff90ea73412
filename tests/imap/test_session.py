"""What a session remembers from one command to the next."""

import pytest

from mailaccess.imap.session import Session
from mailaccess.wire.channel import Channel, Peer
from tests.world import World


@pytest.fixture
def session(world: World) -> Session:
    """One whose client has just connected."""
    return Session(Channel(Peer("127.0.0.1", loopback=True)), world.imap_settings)


def test_what_was_enabled(session: Session) -> None:
    """Until nobody is logged in any more (RFC 8437 4.1)."""
    for name in (b"QRESYNC", b"UIDONLY", b"IMAP4REV2"):
        session.enable(name)
    assert session.qresync
    assert session.uidonly
    assert session.rev2
    assert session.utf8
    assert not session.utf8_accepted
    assert not session.condstore  # which ENABLE implies; that is its own part

    session.log_out()
    assert not session.enabled
    assert [session.qresync, session.uidonly, session.rev2, session.utf8] == [False] * 4


def test_strangers_are_read_less(world: World) -> None:
    """A line of a client that has not logged in, or not any more, may have a sixteenth of what it may have then."""
    client = world.imap()
    long = b"a NOOP " + b"x" * 5000 + b"\r\n"
    assert client.ask(long).endswith(b"a BAD A line may have 4096 octets\r\n")
    client.ask(b"b LOGIN fred secret\r\n")
    assert client.ask(long).startswith(b"a BAD Expected the end of the command")
    client.ask(b"c UNAUTHENTICATE\r\n")
    assert client.ask(long).endswith(b"a BAD A line may have 4096 octets\r\n")


def test_capabilities_go_by_what_can_be_used(session: Session) -> None:
    """What is not offered, or is in use already, is not among them; limits are told with their number."""
    session.state = session.state.SELECTED
    names = session.capabilities().split()
    assert {b"COMPRESS=DEFLATE", b"MOVE", b"APPENDLIMIT=134217728"} <= set(names)

    session.compressed, session.without = True, frozenset([b"MOVE"])
    assert not {b"COMPRESS=DEFLATE", b"MOVE"} & set(session.capabilities().split())
