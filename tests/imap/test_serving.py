"""Commands one after the other: states, limits, errors."""

import math
from pathlib import Path

import pytest

from mailaccess.imap.commands import optional_capabilities
from mailaccess.imap.registry import BASE, COMMANDS, State
from mailaccess.imap.serving import serve
from mailaccess.storage.account import Account
from mailaccess.wire.channel import HIGH_WATER
from tests.driver import UnreadDriver
from tests.world import World


@pytest.mark.parametrize("state", list(State))
def test_every_command_in_every_state(state: State, world: World) -> None:
    """A command given in a state it has no business in is BAD, and the session lives."""
    for spec in COMMANDS:
        if spec.when & state:
            continue
        client = world.imap()
        if state is not State.NOT_AUTHENTICATED:
            client.ask(b"l LOGIN fred secret\r\n")
        if state is State.SELECTED:
            client.ask(b"s SELECT INBOX\r\n")
        client.output()
        assert client.ask(b"a %s 1 x\r\n" % spec.name).startswith(b"a BAD"), spec.name
        assert client.ask(b"b NOOP\r\n") == b"b OK NOOP completed\r\n"
        client.hang_up()


def test_what_is_not_offered_takes_no_command_of_the_base_away(tmp_path: Path) -> None:
    """SELECT and LIST also bear extensions; whoever is not offered these can still use a mailbox."""
    world = World(tmp_path, without=frozenset(name.encode() for name in optional_capabilities()))
    for spec in COMMANDS:
        if not spec.when & State.AUTHENTICATED:
            continue
        client = world.imap()
        client.ask(b"l LOGIN fred secret\r\n")
        unknown = client.ask(b"a %s\r\n" % spec.name) == b"a BAD Unknown command\r\n"
        assert unknown == (bool(spec.capability) and BASE not in spec.rfc), spec.name
        client.hang_up()
    world.close()


def test_a_line_that_is_too_long(world: World) -> None:
    """Is read to its end and refused, under its tag if it has one; the next one is a command again."""
    client = world.imap_in()
    limit = world.imap_settings.max_line

    bad = b" BAD A line may have %d octets\r\n" % limit
    for start, tag in ((b"a NOOP ", b"a"), (b"(a NOOP ", b"*"), (b"", b"*")):
        answer = client.ask(start + b"x" * (2 * limit) + b"\r\nb NOOP\r\n")
        assert answer == tag + bad + b"b OK NOOP completed\r\n"


def test_what_a_client_sent_is_not_sent_back_at_length(world: World) -> None:
    """Nor can it make the text more than one line."""
    client = world.imap_in()
    assert len(client.ask(b"a SEARCH " + b"x" * 60_000 + b"\r\n")) < 1000
    assert len(client.ask(b"b FETCH 1 " + b"x" * 60_000 + b"\r\n")) < 1000
    assert len(client.ask(b"c SELECT " + b"x" * 60_000 + b"\r\n")) < 1000


def test_a_response_that_is_too_long(world: World) -> None:
    """A SASL response has a limit of its own, which is told."""
    client = world.imap()
    client.ask(b"a AUTHENTICATE PLAIN\r\n")
    assert client.ask(b"A" * 20_000 + b"\r\n") == b"a BAD A response may have 12288 octets\r\n"
    assert client.ask(b"b NOOP\r\n") == b"b OK NOOP completed\r\n"


def test_the_literal_of_a_line_that_is_too_long(world: World) -> None:
    """ "MUST check the end of every received line" (RFC 7888 3): its octets are never taken for a command."""
    client = world.imap_in()
    long = b"x" * world.imap_settings.max_line
    for start in (b"a NOOP ", b"(", b"a CREATE {1+}\r\ny", b"a SHINY {1+}\r\ny", b"a APPEND INBOX {1+}\r\ny"):
        answer = client.ask(start + long + b" {10+}\r\nb LOGOUT\r\n {1+}\r\nz\r\nc NOOP\r\n")
        assert b"BAD" in answer
        assert answer.endswith(b"\r\nc OK NOOP completed\r\n")


def test_our_own_fault_is_logged_and_survived(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """NO [SERVERBUG], a traceback for the operator, and the session goes on."""
    client = world.imap_in()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Account, "create", lambda *_: 1 // 0)
        answer = client.ask(b"a CREATE x\r\n")

    assert answer.startswith(b"a NO [SERVERBUG]")
    assert "ZeroDivisionError" in caplog.text
    assert client.ask(b"b NOOP\r\n") == b"b OK NOOP completed\r\n"


def test_pipelined_commands_are_answered_in_order(world: World) -> None:
    """Apple Mail relies on it."""
    client = world.imap_in()
    answer = client.ask(b"".join(b"t%d NOOP\r\n" % number for number in range(50)))

    assert [line.split(b" ")[0] for line in answer.splitlines()] == [b"t%d" % number for number in range(50)]


def test_answers_that_nobody_reads_are_not_piled_up(world: World) -> None:
    """However many commands are pipelined, they are taken no faster than their answers."""
    client = UnreadDriver(lambda channel: serve(channel, world.imap_settings))
    client.feed(b"a CAPABILITY\r\n" * 2000)
    answered = 0
    while sent := client.read():
        assert len(sent) < 2 * HIGH_WATER
        answered += sent.count(b"a OK")

    assert answered == 2000


def test_time_before_login_is_bounded(world: World) -> None:
    """As a whole, however lively the client is; afterwards only silence counts."""
    client = world.imap()
    assert client.channel.lifetime == world.imap_settings.login_timeout
    client.ask(b"a LOGIN fred secret\r\n")
    assert client.channel.lifetime == math.inf
    assert client.channel.timeout == world.imap_settings.idle_timeout
