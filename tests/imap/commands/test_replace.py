"""REPLACE beyond its transcript: which number is taken, large messages, lost connections, failures of storage."""

import pytest

from mailaccess.imap.commands.replace import parse_number
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import STAR
from mailaccess.storage import replacing
from mailaccess.storage.errors import DiskFull, OverQuota
from mailaccess.storage.mailbox import Incoming
from tests.driver import MemoryDriver
from tests.world import World


@pytest.fixture
def client(world: World) -> MemoryDriver:
    """With one message in INBOX."""
    world.deliver(b"Subject: old\r\n\r\n")
    return world.imap_in()


def test_one_number() -> None:
    """Or the last there is."""
    assert parse_number(Cursor(b"12 ")) == ((12, 12),)
    assert parse_number(Cursor(b"* ")) == ((STAR, STAR),)
    for text in (b"0", b"", b"$", b"x"):
        with pytest.raises(Bad):
            parse_number(Cursor(text))


def test_a_large_message_arrives_whole(world: World, client: MemoryDriver) -> None:
    """In pieces, as with APPEND."""
    text = b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 50_000
    client.feed(b"a REPLACE 1 INBOX {%d+}\r\n" % len(text))
    for start in range(0, len(text), 70_001):
        client.feed(text[start : start + 70_001])
    assert b"* 1 EXPUNGE\r\n* 1 EXISTS\r\n" in client.ask(b"\r\n")

    [path] = world.files()
    assert path.read_bytes() == text


def test_a_connection_lost_inside_the_literal_leaves_the_old_message(world: World, client: MemoryDriver) -> None:
    """And no file in tmp/."""
    client.feed(b"a REPLACE 1 INBOX {100000+}\r\nSubject: half")
    client.hang_up()

    [path] = world.files()
    assert path.read_bytes() == b"Subject: old\r\n\r\n"
    assert list((world.maildir / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("refused", "place", "name"), [(DiskFull("no space"), Incoming, "write"), (OverQuota("enough"), replacing, "add")]
)
def test_what_storage_refuses_changes_nothing(
    world: World, client: MemoryDriver, refused: Exception, place: object, name: str
) -> None:
    """The old message stays, and the session goes on."""

    def refuse(*_: object) -> None:
        raise refused

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, name, refuse)
        answer = client.ask(b"a REPLACE 1 INBOX {10+}\r\nx LOGOUT\r\n\r\nb NOOP\r\n")

    assert answer.startswith(b"a NO [OVERQUOTA] ")
    assert answer.endswith(b"\r\nb OK NOOP completed\r\n")
    assert len(world.files()) == 1
    assert list((world.maildir / "tmp").iterdir()) == []


def test_the_old_message_goes_while_the_new_one_arrives(world: World, client: MemoryDriver) -> None:
    """Another client has expunged it: NO, and the new one is not stored."""
    client.feed(b"a REPLACE 1 INBOX {14+}\r\nSubject:")
    world.imap_in().ask(b"a UID STORE 1 +FLAGS (\\Deleted)\r\nb EXPUNGE\r\n")
    answer = client.ask(b" n\r\n\r\n\r\n")

    assert b"a NO [EXPUNGEISSUED]" in answer
    assert world.files() == []
