"""EXPUNGE with mod-sequences (RFC 7162)."""

import re

from tests.world import MESSAGES, World


def test_vanished_instead_of_expunge(world: World) -> None:
    """A client that enabled QRESYNC is told UIDs, and the HIGHESTMODSEQ it then has."""
    for _ in range(4):
        world.deliver(MESSAGES["plain"], flags="")
    client = world.imap()
    client.ask(b"a LOGIN fred secret\r\nb ENABLE QRESYNC\r\nc SELECT INBOX\r\n")
    answer = client.ask(b"d STORE 1,3:4 +FLAGS.SILENT (\\Deleted)\r\ne EXPUNGE\r\n")

    assert b"* VANISHED 1,3:4\r\n" in answer
    assert b" EXPUNGE\r\n" not in answer
    assert re.search(rb"e OK \[HIGHESTMODSEQ \d+\] Expunged\r\n", answer)


def test_a_file_that_is_gone_already_is_no_error(world: World) -> None:
    """Another program was faster: the client is told all the same."""
    world.deliver(MESSAGES["plain"], flags="T")
    client = world.imap_in()
    for file in world.files():
        file.unlink()
    answer = client.ask(b"a EXPUNGE\r\n")

    assert b"* 1 EXPUNGE\r\n" in answer
    assert b"a OK" in answer
