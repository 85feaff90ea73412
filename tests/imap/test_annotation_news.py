"""What is told of annotations that others change."""

from tests.world import World


def test_nothing_is_told_of_a_mailbox_that_is_gone(world: World) -> None:
    """Its annotations went with it; but of one that is there and has lost them all, there is something to tell."""
    watching, client = world.imap_in(), world.imap_in()
    client.ask(b"b CREATE kept\r\nc CREATE gone\r\n")
    for name in (b"kept", b"gone"):
        client.ask(b'd SETMETADATA %s (/shared/comment "x")\r\n' % name)
    watching.ask(b"b ENABLE METADATA\r\n")
    client.ask(b"e SETMETADATA kept (/shared/comment NIL)\r\nf DELETE gone\r\n")

    assert watching.ask(b"c NOOP\r\n") == b'* METADATA "kept" /shared/comment\r\nc OK NOOP completed\r\n'
