"""What rights allow, as responses."""

from mailaccess.imap import permissions
from mailaccess.imap.view import View
from mailaccess.storage.acl import Who
from tests.world import World


def lines(world: World, letters: str, *, read_only: bool = False) -> tuple[bytes, bool]:
    """PERMANENTFLAGS as ann is told who has these rights, and whether she may write."""
    fred = world.accounts.access("fred", None)
    fred.change_acl("INBOX", Who("user", "ann"), letters)
    mailbox = world.accounts.access("ann", None).mailbox("Users/fred/INBOX")
    return permissions.flags_lines(View(mailbox, read_only=read_only))[1], permissions.writes(mailbox)


def test_permanent_flags_are_those_that_may_be_changed(world: World) -> None:
    """ "MUST accurately reflect the current user's rights" (RFC 4314 5.1.1)"""
    assert lines(world, "lr") == (b"OK [PERMANENTFLAGS ()] Limited", False)
    assert lines(world, "lrs") == (b"OK [PERMANENTFLAGS (\\Seen)] Limited", False)
    assert lines(world, "lrt") == (b"OK [PERMANENTFLAGS (\\Deleted)] Limited", True)
    assert lines(world, "lrw") == (b"OK [PERMANENTFLAGS (\\Answered \\Draft \\Flagged \\*)] Limited", True)
    assert lines(world, "lri")[1]
    assert lines(world, "lre")[1]
    assert lines(world, "lrswt", read_only=True)[0] == b"OK [PERMANENTFLAGS ()] Read-only mailbox"


def test_no_new_keyword_is_invited_that_would_not_be_taken(world: World) -> None:
    """The client that used up the last one is told at once."""
    for _ in range(10):
        world.deliver(b"Subject: x\r\n\r\n")
    client = world.imap_in()
    for message in range(1, 11):
        keywords = b" ".join(b"k%d" % number for number in range(message * 100, message * 100 + 100))
        answer = client.ask(b"a STORE %d +FLAGS.SILENT (%s)\r\n" % (message, keywords))
        assert (b" \\*)] Limited" in answer) == (message < 10)
    assert b"b NO [LIMIT]" in client.ask(b"b STORE 1 FLAGS (another)\r\n")


def test_no_rights_are_an_empty_string() -> None:
    """An astring has at least one character."""
    assert permissions.rendered(frozenset()) == b'""'
    assert permissions.rendered(frozenset("lr")) == b"lr"
