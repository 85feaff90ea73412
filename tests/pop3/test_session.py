"""POP3's states and rules beyond the transcripts."""

import math
from dataclasses import replace

import pytest

from mailaccess.pop3.session import SEEN_TOGETHER, serve
from mailaccess.storage.errors import Unavailable
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.channel import HIGH_WATER
from tests.driver import MemoryDriver, UnreadDriver
from tests.world import MESSAGES, World


def logged_in(world: World) -> MemoryDriver:
    client = world.pop3()
    client.ask(b"USER fred\r\nPASS secret\r\n")
    return client


def test_retr_sets_seen(world: World) -> None:
    """An IMAP client sees what was read; unless the operator says otherwise."""
    world.deliver(MESSAGES["plain"])
    logged_in(world).ask(b"RETR 1\r\nQUIT\r\n")
    assert b"\\Seen" in world.imap_in().ask(b"a FETCH 1 FLAGS\r\n")

    world.deliver(MESSAGES["plain"])
    world.pop3_settings = replace(world.pop3_settings, mark_seen=False)
    logged_in(world).ask(b"RETR 2\r\nQUIT\r\n")
    assert b"\\Seen" not in world.imap_in().ask(b"a FETCH 2 FLAGS\r\n")


def test_seen_waits_for_a_quiet_moment(world: World) -> None:
    """Who reads one message after the other waits for no disk; a moment later, or when he is gone, all are marked."""
    for _ in range(3):
        world.deliver(MESSAGES["plain"])
    client, other = logged_in(world), world.imap_in()
    for number in (b"1", b"2"):
        client.ask(b"RETR " + number + b"\r\n")
    assert b"\\Seen" not in other.ask(b"a FETCH 1:* FLAGS\r\n")

    client.tick()
    assert other.ask(b"b NOOP\r\n").count(b"\\Seen") == 2

    client.ask(b"RETR 3\r\n")
    client.hang_up()
    assert other.ask(b"c NOOP\r\n").count(b"\\Seen") == 1


def test_many_are_seen_at_once(world: World) -> None:
    """However long a client goes on."""
    world.deliver(MESSAGES["plain"])
    client, other = logged_in(world), world.imap_in()
    for _ in range(SEEN_TOGETHER + 1):
        client.ask(b"RETR 1\r\n")

    assert b"\\Seen" in other.ask(b"a FETCH 1 FLAGS\r\n")


def test_seen_that_cannot_be_set(world: World) -> None:
    """Costs neither an answer nobody waits for, which would pass for the next command's, nor what QUIT removes."""
    for _ in range(2):
        world.deliver(MESSAGES["plain"])
    client = logged_in(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailbox, "store", _unavailable)
        assert client.ask(b"RETR 1\r\n").endswith(b"\r\nNoon?\r\n.\r\n")
        assert client.ask(b"RETR 2\r\nDELE 2\r\nQUIT\r\n").endswith(b"+OK Goodbye; 1 message left\r\n")

    assert len(world.files()) == 1


def _unavailable(*_: object) -> None:
    raise Unavailable("no disk")


def test_a_lost_connection_keeps_everything(world: World) -> None:
    """DELE without QUIT removes nothing, and the lock is given back."""
    world.deliver(MESSAGES["plain"])
    client = logged_in(world)
    client.ask(b"DELE 1\r\n")
    client.hang_up()

    assert len(world.files()) == 1
    assert logged_in(world).ask(b"STAT\r\n").startswith(b"+OK 1 ")


def test_imap_sees_what_pop3_removed(world: World) -> None:
    """And POP3 says when a message went while it looked."""
    for _ in range(3):
        world.deliver(MESSAGES["plain"], flags="")
    imap, pop3 = world.imap_in(), logged_in(world)
    imap.ask(b"a STORE 3 +FLAGS (\\Deleted)\r\nb EXPUNGE\r\n")
    assert pop3.ask(b"RETR 3\r\n").startswith(b"-ERR")
    pop3.ask(b"DELE 1\r\nQUIT\r\n")

    assert b"* 1 EXPUNGE\r\n" in imap.ask(b"c NOOP\r\n")


def test_a_message_that_came_meanwhile_is_not_in_the_maildrop(world: World) -> None:
    """Numbers and their count stay as they were at login."""
    world.deliver(MESSAGES["plain"])
    client = logged_in(world)
    world.deliver(MESSAGES["lf"])

    assert client.ask(b"STAT\r\n").startswith(b"+OK 1 ")


def test_a_line_that_is_too_long(world: World) -> None:
    """Is refused; the session goes on."""
    client = logged_in(world)
    assert client.ask(b"NOOP " + b"x" * 5000 + b"\r\nNOOP\r\n") == (
        b"-ERR A line may have 1024 octets\r\n+OK Nothing done\r\n"
    )


def test_sizes_are_those_of_imap(world: World) -> None:
    """STAT, LIST and RFC822.SIZE agree, for files with either line end; and so does what RETR sends."""
    for name in MESSAGES:
        world.deliver(MESSAGES[name])
    pop3, imap = logged_in(world), world.imap_in()
    listed = [int(line.split()[1]) for line in pop3.ask(b"LIST\r\n").split(b"\r\n")[1:-2]]
    fetched = imap.ask(b"a FETCH 1:* RFC822.SIZE\r\n").split(b"\r\n")[: len(MESSAGES)]

    assert [int(line.rstrip(b")").split()[-1]) for line in fetched] == listed
    assert listed == [len(text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")) for text in MESSAGES.values()]
    for number, size in enumerate(listed, 1):
        body = pop3.ask(b"RETR %d\r\n" % number).partition(b"\r\n")[2].removesuffix(b".\r\n")
        assert len(body.replace(b"\r\n..", b"\r\n.")) == size


def test_login_delay(world: World) -> None:
    """A second session too soon after the first is refused with the code of RFC 2449 8.1.1; the first one is not."""
    world.pop3_settings = replace(world.pop3_settings, login_delay=300)
    first = world.pop3()
    assert b"+OK 0 messages" in first.ask(b"USER fred\r\nPASS secret\r\n")
    first.ask(b"QUIT\r\n")

    assert b"-ERR [LOGIN-DELAY]" in world.pop3().ask(b"USER fred\r\nPASS secret\r\n")


def test_answers_that_nobody_reads_are_not_piled_up(world: World) -> None:
    """However many commands are pipelined, they are taken no faster than their answers."""
    client = UnreadDriver(lambda channel: serve(channel, world.pop3_settings))
    client.feed(b"CAPA\r\n" * 2000)
    answered = 0
    while sent := client.read():
        assert len(sent) < 2 * HIGH_WATER
        answered += sent.count(b"\r\n.\r\n")

    assert answered == 2000


def test_time_before_login_is_bounded(world: World) -> None:
    """As a whole, however lively the client is; afterwards only silence counts."""
    client = world.pop3()
    assert client.channel.lifetime == world.pop3_settings.login_timeout
    client.ask(b"USER fred\r\nPASS secret\r\n")
    assert client.channel.lifetime == math.inf
    assert client.channel.timeout == world.pop3_settings.idle_timeout
