"""STATUS: with mod-sequences; the rest is in the transcripts."""

import re

from tests.world import MESSAGES, World


def test_highestmodseq_enables_condstore(world: World) -> None:
    """ "a STATUS (HIGHESTMODSEQ) command" is a CONDSTORE enabling command (RFC 7162 3.1)."""
    world.deliver(MESSAGES["plain"], flags="")
    client = world.imap()
    client.ask(b"a LOGIN fred secret\r\n")

    assert re.search(rb"\(HIGHESTMODSEQ [1-9]\d*\)", client.ask(b"b STATUS INBOX (HIGHESTMODSEQ)\r\n"))
    client.ask(b"c SELECT INBOX\r\n")
    assert b"MODSEQ (" in client.ask(b"d STORE 1 +FLAGS (\\Seen)\r\n")
