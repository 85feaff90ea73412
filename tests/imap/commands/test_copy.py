"""COPY and MOVE beyond their transcript."""

from tests.world import MESSAGES, World


def test_flags_keywords_and_date_travel(world: World) -> None:
    """A copy has its original's flags and INTERNALDATE; letters of keywords are the target's own."""
    world.deliver(MESSAGES["plain"], flags="S")
    client = world.imap_in()
    client.ask(b"a CREATE foo\r\nb APPEND foo ($Other) {4+}\r\nx: y\r\nc STORE 1 +FLAGS ($Mine)\r\n")
    before = client.ask(b"d FETCH 1 (FLAGS INTERNALDATE)\r\n")
    client.ask(b"e COPY 1 foo\r\nf SELECT foo\r\n")
    after = client.ask(b"g FETCH 2 (FLAGS INTERNALDATE)\r\n")

    assert b"(\\Seen $Mine \\Recent)" in before
    assert b"(\\Seen $Mine \\Recent)" in after
    assert before.split(b"INTERNALDATE")[1].split(b"\r\n")[0] == after.split(b"INTERNALDATE")[1].split(b"\r\n")[0]


def test_copy_into_the_mailbox_itself(world: World) -> None:
    """The copy is a message of its own, with a UID of its own."""
    world.deliver(MESSAGES["plain"], flags="")
    client = world.imap_in()
    answer = client.ask(b"a COPY 1 INBOX\r\n")

    assert b"* 2 EXISTS\r\n" in answer
    assert b" 1 2] Copied" in answer
    assert len(world.files()) == 2
