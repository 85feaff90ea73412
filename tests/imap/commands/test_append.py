"""APPEND beyond its transcript: large messages, lost connections, full disks."""

from pathlib import Path

import pytest

from mailaccess.imap.streamed import PIECE
from mailaccess.imap.upload import SMALL
from mailaccess.storage.errors import DiskFull
from mailaccess.storage.mailbox import Incoming, Mailbox
from tests.world import World


def test_a_large_message_arrives_whole(world: World) -> None:
    """More than one piece is written, and what is fetched is what was sent."""
    client = world.imap_in()
    text = b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * (3 * PIECE // 18)
    client.feed(b"a APPEND INBOX {%d+}\r\n" % len(text))
    for start in range(0, len(text), 70_001):
        client.feed(text[start : start + 70_001])
    assert b"a OK [APPENDUID" in client.ask(b"\r\n")

    assert client.ask(b"b FETCH 1 BODY.PEEK[]\r\n").count(text) == 1


def test_a_connection_lost_inside_a_literal_leaves_nothing(world: World) -> None:
    """No message, and no file in tmp/."""
    client = world.imap_in()
    client.feed(b"a APPEND INBOX {1000+}\r\nSubject: half")
    client.hang_up()

    assert world.files() == []
    assert list((world.maildir / "tmp").iterdir()) == []


def test_multiappend_is_all_or_nothing(world: World) -> None:
    """A second message that is refused takes the first with it (RFC 3502)."""
    client = world.imap_in()
    answer = client.ask(b"a APPEND INBOX {4+}\r\nx: y (\\Nonsense) {4+}\r\nx: z\r\nb NOOP\r\n")

    assert b"a BAD" in answer
    assert answer.endswith(b"b OK NOOP completed\r\n")
    assert world.files() == []
    assert list((world.maildir / "tmp").iterdir()) == []


@pytest.mark.parametrize("size", [10, 2 * SMALL])
def test_a_message_that_cannot_even_be_begun_is_never_taken_for_commands(world: World, size: int) -> None:
    """A literal that needs no invitation is on its way when storage refuses it."""
    client = world.imap_in()
    text = b"x LOGOUT\r\n" * (size // 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailbox, "incoming", _no_space)
        answer = client.ask(b"a APPEND INBOX {%d+}\r\n%s {%d+}\r\n%s\r\n" % (2 * (len(text), text)))
    assert answer == b"a NO [OVERQUOTA] no space\r\n"

    assert client.ask(b"b NOOP\r\n") == b"b OK NOOP completed\r\n"


def test_a_bad_name_in_a_literal_takes_the_message_with_it(world: World) -> None:
    """One answer, and what follows is a command again."""
    client = world.imap_in()
    answer = client.ask(b"a APPEND {2+}\r\n\xff\xfe {10+}\r\nx LOGOUT\r\n\r\nb NOOP\r\n")

    assert answer.startswith(b"a BAD The mailbox name")
    assert answer.endswith(b"\r\nb OK NOOP completed\r\n")
    assert answer.count(b"\r\n") == 2


def test_many_messages_at_once_need_few_descriptors(world: World) -> None:
    """They are all users' descriptors."""
    client = world.imap_in()
    opened = []

    def counted(incoming: Incoming, data: bytes) -> None:
        opened.append(len(list(Path("/proc/self/fd").iterdir())))
        write(incoming, data)

    write = Incoming.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Incoming, "write", counted)
        answer = client.ask(
            b"a APPEND INBOX" + b" {4+}\r\nx: y" * 100 + b" {65537+}\r\n%65537d" % 0 + b" {65537+}\r\n%65537d\r\n" % 0
        )

    assert b"a OK [APPENDUID" in answer
    assert len(opened) > 100
    assert max(opened) - min(opened) <= 2


def test_a_command_cannot_say_without_end(world: World) -> None:
    """What it says of its messages is held until the last is there."""
    client = world.imap_in()
    flags = b" (%s)" % b" ".join(b"k%02d%s" % (number, b"x" * 200) for number in range(100))
    answer = client.ask(b"a APPEND INBOX" + (flags + b" {4+}\r\nx: y") * 100 + b"\r\nb NOOP\r\n")

    assert answer == b"a NO [LIMIT] That much is not taken in one command\r\nb OK NOOP completed\r\n"


def test_keywords_are_limited(world: World) -> None:
    """The message is refused before it is sent, or with it."""
    client = world.imap_in()
    many = b" ".join(b"k%d" % number for number in range(101))
    assert client.ask(b"a APPEND INBOX (%s) {4}\r\n" % many).startswith(b"a NO [LIMIT] a message has at most 100")
    answer = client.ask(b"b APPEND INBOX (%s) {10+}\r\nx LOGOUT\r\n\r\nc NOOP\r\n" % (b"k" * 256))

    assert answer == b"b NO [LIMIT] a keyword has at most 255 characters\r\nc OK NOOP completed\r\n"


def _no_space(*_: object) -> None:
    raise DiskFull("no space")


APPEND = b"a APPEND INBOX {4+}\r\nx: y\r\n"


def test_what_a_session_appends_to_its_mailbox_is_recent_there_alone(world: World) -> None:
    """It is the first to hear of it. What others append between is theirs."""
    one, other = world.imap_in(), world.imap_in()
    assert b"* 1 EXISTS\r\n* 1 RECENT\r\n" in one.ask(APPEND)
    assert b"* 2 EXISTS\r\n* 1 RECENT\r\n" in other.ask(APPEND)
    assert b"* 3 EXISTS\r\n* 2 RECENT\r\n" in one.ask(APPEND)

    for client, recent in ((one, b"1 3"), (other, b"2")):
        assert b"* SEARCH %s\r\n" % recent in client.ask(b"b SEARCH RECENT\r\n")
    third = world.imap().ask(b"a LOGIN fred secret\r\nb STATUS INBOX (RECENT)\r\n")
    assert b"RECENT 0" in third


def test_what_came_before_is_claimed_with_it(world: World) -> None:
    """New mail that nobody has heard of is for whoever hears of the next."""
    client = world.imap_in()
    world.deliver(b"a: b\n\n")
    assert b"* 2 EXISTS\r\n* 2 RECENT\r\n" in client.ask(APPEND)

    assert b"* SEARCH 1 2\r\n" in client.ask(b"b SEARCH RECENT\r\n")


@pytest.mark.parametrize("command", [b"EXAMINE INBOX", b"SELECT Elsewhere", b"UNSELECT"])
def test_who_is_not_told_of_it_does_not_claim_it(world: World, command: bytes) -> None:
    """As who only looks, or has another mailbox open, or none."""
    client = world.imap_in()
    client.ask(b"a CREATE Elsewhere\r\nb %s\r\n" % command)
    client.ask(APPEND)

    assert b"RECENT 1" in client.ask(b"c STATUS INBOX (RECENT)\r\n")


def test_a_message_for_a_mailbox_that_is_not_there_is_taken_and_refused(world: World) -> None:
    """A small one that needs no invitation is read before anybody looks; the next is not invited in vain."""
    client = world.imap_in()
    refused = b"a NO [TRYCREATE] there is no mailbox Gone\r\n"
    assert client.ask(APPEND.replace(b"INBOX", b"Gone")) == refused
    assert client.ask(b"a APPEND Gone {4+}\r\nx: y {4}\r\n") == refused
    assert client.ask(b"a APPEND Gone {4}\r\n") == refused

    assert list((world.maildir / "tmp").iterdir()) == []


def test_a_mailbox_renamed_by_another_process(world: World) -> None:
    """What is bound for its old name is refused, though the process has it in memory; for its new name it arrives."""
    client = world.imap_in()
    client.ask(b"a CREATE Work\r\nb SELECT Work\r\nc UNSELECT\r\n")
    (world.maildir / ".Work").rename(world.maildir / ".Play")
    append = b"c APPEND %s {4+}\r\nx: y\r\n"

    assert b"c NO [TRYCREATE]" in client.ask(append % b"Work")
    assert b"c OK [APPENDUID" in client.ask(append % b"Play")
    assert len(world.files("Play")) == 1
