"""What is told of commands that take long; when, is shown in tests/net."""

import pytest

from mailaccess.imap.progress import Progress
from mailaccess.imap.serving import serve
from tests.driver import HeldDriver
from tests.world import MESSAGES, World


def held(world: World, *commands: bytes) -> HeldDriver:
    """A client that has logged in and given some commands, the last of which is under way."""
    client = HeldDriver(lambda channel: serve(channel, world.imap_settings))
    world.drivers.append(client)
    client.feed(b"l LOGIN fred secret\r\n")
    finish(client, b"l OK")
    for command in commands[:-1]:
        client.feed(command)
        finish(client, command.split()[0])
    client.feed(commands[-1])
    return client


def finish(client: HeldDriver, end: bytes) -> bytes:
    """Lets calls return until a line begins with `end`."""
    answer = client.output()
    while not any(line.startswith(end) for line in answer.splitlines()):
        answer += client.release()
    return answer


def test_the_line() -> None:
    """RFC 9585's forms. No more is done than before the last message; counts are of one command."""
    progress = Progress()
    assert progress.line(1, b"A1") == b'* OK [INPROGRESS ("A1" NIL NIL)] Still at work\r\n'

    progress.expect(1, 1000)
    progress.advance(454)
    assert progress.line(1, b"A1") == b'* OK [INPROGRESS ("A1" 454 1000)] 45% done\r\n'
    progress.advance(546)
    assert progress.line(1, b"a]") == b"* OK [INPROGRESS (NIL 999 1000)] 99% done\r\n"
    progress.expect(1, 1000)
    assert progress.line(1, b'A\\"') == b'* OK [INPROGRESS ("A\\\\\\"" 1000 2000)] 50% done\r\n'

    assert progress.line(2, b"A2") == b'* OK [INPROGRESS ("A2" NIL NIL)] Still at work\r\n'
    progress.expect(2, 10)
    assert progress.line(2, b"A2") == b'* OK [INPROGRESS ("A2" 0 10)] 0% done\r\n'


def test_nothing_before_login_nor_where_it_is_not_offered(world: World) -> None:
    """Its capability says whether it is."""
    client = HeldDriver(lambda channel: serve(channel, world.imap_settings))
    world.drivers.append(client)
    client.feed(b"l LOGIN fred secret\r\n")
    assert client.in_progress() == b""
    assert b" INPROGRESS" in finish(client, b"l OK")

    users = world.root / "users"
    users.write_text(users.read_text() + "plain:{PLAIN}secret::::::imap_without=INPROGRESS\n")
    world.authenticator.backend.reload()
    client = HeldDriver(lambda channel: serve(channel, world.imap_settings))
    world.drivers.append(client)
    client.feed(b"l LOGIN plain secret\r\n")
    finish(client, b"l OK")
    client.feed(b"a SELECT INBOX\r\n")
    assert client.in_progress() == b""


def test_commands_without_counts(world: World) -> None:
    """What one call does is not counted."""
    world.deliver(MESSAGES["plain"])
    client = held(world, b"a SELECT INBOX\r\n")
    assert client.in_progress() == b'* OK [INPROGRESS ("a" NIL NIL)] Still at work\r\n'
    finish(client, b"a OK")

    client.feed(b"b COPY 1 INBOX\r\n")
    assert client.in_progress() == b'* OK [INPROGRESS ("b" NIL NIL)] Still at work\r\n'
    assert b"\r\nb OK [COPYUID" in finish(client, b"b OK")


def test_fetch_counts(world: World) -> None:
    """The messages that it has gone through. In a literal nothing is told."""
    for _ in range(200):
        world.deliver(MESSAGES["plain"], flags="S")
    world.deliver(b"Subject: x\r\n\r\n" + b"line\r\n" * 100_000, flags="S")
    client = held(world, b"a EXAMINE INBOX\r\n", b"b FETCH 1:* (ENVELOPE BODY[])\r\n")
    told = []
    answer = b""
    while b"b OK" not in answer:
        told.append(client.in_progress())
        answer = answer[-100:] + client.release()

    assert told[0] == b'* OK [INPROGRESS ("b" 0 201)] 0% done\r\n'
    assert b'* OK [INPROGRESS ("b" 128 201)] 63% done\r\n' in told
    assert told[-1] == b""


def test_store_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In large pieces; those that are refused are told together."""
    monkeypatch.setattr("mailaccess.imap.commands.store.AT_ONCE", 2)
    for flags in ("S", "S", "S", "S", "S"):
        world.deliver(MESSAGES["plain"], flags=flags)
    client = held(world, b"a SELECT INBOX\r\n", b"b STORE 2,5 +FLAGS (\\Flagged)\r\n")
    finish(client, b"b OK")
    client.feed(b"c UID STORE 1:* (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Flagged)\r\n")

    assert client.in_progress() == b'* OK [INPROGRESS ("c" 0 5)] 0% done\r\n'
    assert b"FETCH" not in client.release()
    assert client.in_progress() == b'* OK [INPROGRESS ("c" 2 5)] 40% done\r\n'
    assert b"c OK [MODIFIED 1:5]" in finish(client, b"c OK")


def test_search_counts(world: World) -> None:
    """The messages that are decided: most of them before any file is read."""
    for number in range(200):
        world.deliver(MESSAGES["plain"], flags="S" if number < 40 else "")
    client = held(world, b"a EXAMINE INBOX\r\n", b"b SEARCH UNSEEN NOT SUBJECT Dinner BODY Noon\r\n")
    told = []
    answer = b""
    while b"b OK" not in answer:
        told.append(int(client.in_progress().split()[4]))
        answer = answer[-100:] + client.release()

    assert told[0] == 40
    assert told == sorted(told)
    assert told[-1] >= 150


def test_a_literal_of_urlfetch(world: World) -> None:
    """Is not broken either."""
    world.deliver(b"Subject: x\r\n\r\n" + b"line\r\n" * 100_000, flags="S")
    client = held(world, b'b GENURLAUTH "imap://fred@mail.example.org/INBOX/;UID=1;URLAUTH=anonymous" INTERNAL\r\n')
    url = finish(client, b"b OK").split(b'"')[1]
    client.feed(b'c URLFETCH "%s"\r\n' % url)
    told = []
    answer = b""
    while b"c OK" not in answer:
        told.append(client.in_progress())
        answer = answer[-100:] + client.release()

    assert told[0].startswith(b"* OK [INPROGRESS")
    assert told[-1] == b""
