"""OLDNAME, beyond the transcripts."""

import pytest

from tests.driver import MemoryDriver
from tests.world import World

DECOMPOSED = "Cafe\u0301".encode()


@pytest.fixture
def client(world: World) -> MemoryDriver:
    """One that has logged in."""
    driver = world.imap()
    driver.ask(b"l LOGIN fred secret\r\n")
    return driver


def test_oldname_is_for_imap4rev2_only(client: MemoryDriver) -> None:
    """Others were never told of it."""
    client.ask(b"a ENABLE UTF8=ACCEPT\r\n")
    assert b"LIST" not in client.ask(b'b CREATE "%s"\r\nc SELECT "%s"\r\nd DELETE "%s"\r\n' % ((DECOMPOSED,) * 3))


def test_a_mailbox_that_could_not_be_made_is_not_told_of(client: MemoryDriver) -> None:
    client.ask(b"a ENABLE IMAP4rev2\r\n")
    for command in [b"CREATE inbox", b"DELETE inbox/none", b"RENAME inbox/none x", b"SELECT inbox/none"]:
        answer = client.ask(b"b " + command + b"\r\n")
        assert b"b NO" in answer
        assert b"LIST" not in answer
