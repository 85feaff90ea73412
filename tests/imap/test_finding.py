"""How commands that search answer, and what they leave to be told later."""

import pytest

from tests.world import World


def test_a_long_answer_comes_in_pieces(world: World) -> None:
    """And is one line all the same."""
    client = world.imap_in()
    client.ask(b"a APPEND INBOX" + b" {14+}\r\nSubject: a\r\n\r\n" * 300 + b"\r\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mailaccess.imap.finding.NUMBERS_AT_ONCE", 7)
        reply = client.ask(b"b SEARCH ALL\r\n")

    assert reply.splitlines()[0] == b"* SEARCH " + b" ".join(b"%d" % number for number in range(1, 301))


@pytest.mark.parametrize(
    ("program", "expunge_told"),
    [
        (b"UID SEARCH ALL", True),
        (b"UID SEARCH UID 1:*", True),
        (b"UID SEARCH $", True),
        (b"UID SEARCH 1:*", False),
        (b"SEARCH ALL", False),
    ],
)
def test_expunges_wait_while_numbers_are_in_use(world: World, program: bytes, expunge_told: bool) -> None:
    """RFC 3501 7.4.1; of UID SEARCH with message numbers in it, RFC 7162 3.2.10 says the same."""
    for name in "ab":
        world.deliver(b"Subject: %s\r\n\r\n" % name.encode(), flags="")
    client, other = world.imap_in(), world.imap_in()
    other.ask(b"a STORE 1 +FLAGS (\\Deleted)\r\nb EXPUNGE\r\n")

    assert (b"* 1 EXPUNGE" in client.ask(b"a %s\r\n" % program)) is expunge_told
    assert (b"* 1 EXPUNGE" in client.ask(b"b NOOP\r\n")) is not expunge_told


def test_a_message_that_came_and_went_unseen(world: World) -> None:
    """Told of, expunged by another, its file gone: its number stays, and nothing more is known of it."""
    world.deliver(b"Subject: a\r\n\r\n", flags="")
    client, other = world.imap_in(), world.imap_in()
    other.ask(b"a STORE 1 +FLAGS (\\Deleted)\r\nb EXPUNGE\r\n")
    world.deliver(b"Subject: b\r\n\r\n", flags="")
    assert b"* 2 EXISTS" in client.ask(b"a SEARCH ALL\r\n")
    other.ask(b"c NOOP\r\nd STORE 1 +FLAGS (\\Deleted)\r\ne EXPUNGE\r\n")

    reply = client.ask(b"b SEARCH ALL\r\n")

    assert reply.startswith(b"* SEARCH 1\r\n")
    assert b"b OK [EXPUNGEISSUED] " in reply
