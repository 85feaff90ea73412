"""NOTIFY beyond its transcripts: what must not be told yet, many folders, limits, failures."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mailaccess.imap.serving import serve
from mailaccess.storage import feed, watch
from mailaccess.storage.index import database
from mailaccess.wire.traps import Call, Gone
from tests.driver import MemoryDriver, UnreadDriver
from tests.world import MESSAGES, PASSWORD, USER, World

ALL = b"(messagenew messageexpunge flagchange)"
TREE = b"(mailboxname subscriptionchange mailboxmetadatachange servermetadatachange)"


@pytest.fixture
def watched(world: World) -> World:
    """The kernel is asked what other programs do."""
    world.hooks["watch"]("")
    return world


@pytest.fixture
def quick() -> Iterator[World]:
    """The same in memory, where what has to be on disk is so at once: for hundreds of folders."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as directory:
        world = World(Path(directory))
        world.hooks["watch"]("")
        yield world
        world.close()


def _client(world: World, asked: bytes = b"") -> MemoryDriver:
    client = world.imap()
    client.ask(f"l LOGIN {USER} {PASSWORD}\r\n".encode())
    if asked:
        assert b"n OK" in client.ask(b"n NOTIFY SET " + asked + b"\r\n")
    return client


def _noticed(world: World, client: MemoryDriver) -> bytes:
    world.hooks["notice"]("")
    return client.output()


def test_numbers_hold_while_a_command_counts_with_them(watched: World) -> None:
    """EXPUNGE "MUST NOT be sent ... while responding to a FETCH, STORE, or SEARCH command" (RFC 3501 7.4.1); between
    two of them, a client that asked for it is told (RFC 5465 5.3)."""
    for name in ("plain", "lf", "dots"):
        watched.deliver(MESSAGES[name], flags="")
    client = watched.imap_in()
    client.ask(b"n NOTIFY SET (selected (messagenew messageexpunge))\r\n")
    watched.files()[0].unlink()

    answer = client.ask(b"a FETCH 2 UID\r\nb SEARCH ALL\r\nc STORE 3 FLAGS.SILENT ()\r\n")
    assert answer == (
        b"* 2 FETCH (UID 2)\r\na OK FETCH completed\r\n* SEARCH 1 2 3\r\n"
        b"b OK SEARCH completed\r\nc OK STORE completed\r\n* 1 EXPUNGE\r\n"
    )


def test_five_hundred_folders(quick: World) -> None:
    """Of one in which something happens is told, and of no other; by one question to the index."""
    for number in range(500):
        quick.deliver(MESSAGES["lf"], f"f{number:03}", flags="S")
    client = _client(quick, b"STATUS (personal " + ALL[:-1] + b" " + TREE[1:] + b")")
    assert client.output() == b""
    _noticed(quick, client)
    for number in (3, 77, 499):
        quick.deliver(MESSAGES["plain"], f"f{number:03}")
        quick.deliver(MESSAGES["plain"], f"f{number:03}")

    told = _noticed(quick, client)
    assert told.count(b"\r\n") == 3
    for number in (3, 77, 499):
        assert b'* STATUS "f%03d" (MESSAGES 3 UIDNEXT 4 UIDVALIDITY ' % number in told
    assert _noticed(quick, client) == b""


def test_sessions_of_one_account_share_what_is_found(watched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, one looks."""
    watched.deliver(MESSAGES["lf"], "misc")
    clients = [_client(watched, b"(personal " + ALL + b")") for _ in range(10)]
    for client in clients:
        _noticed(watched, client)
    asked: list[str] = []
    read = database.Index.read

    def counting(index: database.Index, question: object) -> object:
        asked.append(getattr(question, "__name__", ""))
        return read(index, question)  # type: ignore[arg-type]

    monkeypatch.setattr(database.Index, "read", counting)
    watched.deliver(MESSAGES["lf"], "misc")
    watched.hooks["notice"]("")

    for client in clients:
        assert client.output().startswith(b'* STATUS "misc" (MESSAGES 2 ')
    assert asked.count("sums") <= 2  # a second time after the commit of what was found


def test_too_much_is_refused(watched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "the server MAY refuse the command with a tagged NO [NOTIFICATIONOVERFLOW] response" (3.1); what was asked for
    before still holds."""
    monkeypatch.setattr(feed, "MOST", 2)
    for name in ("a", "b"):
        watched.deliver(MESSAGES["lf"], name)
    client = _client(watched, b"(mailboxes (INBOX a) " + ALL + b")")

    assert client.ask(b"b NOTIFY SET (personal " + ALL + b")\r\n").startswith(b"b NO [NOTIFICATIONOVERFLOW] ")
    watched.deliver(MESSAGES["lf"], "a")
    assert b'* STATUS "a" (MESSAGES 2 ' in _noticed(watched, client)


def test_what_becomes_too_much_ends(watched: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An untagged OK [NOTIFICATIONOVERFLOW], and all is "as if a NOTIFY NONE command had just been received" (5.8)."""
    monkeypatch.setattr(feed, "MOST", 2)
    watched.deliver(MESSAGES["lf"], "a")
    client = _client(watched, b"(personal " + ALL + b") (selected (messagenew messageexpunge))")
    client.ask(b"s SELECT INBOX\r\n")
    watched.deliver(MESSAGES["lf"], "b")

    assert _noticed(watched, client).startswith(b"* OK [NOTIFICATIONOVERFLOW] ")
    watched.deliver(MESSAGES["lf"], "a")
    watched.deliver(MESSAGES["lf"])
    assert _noticed(watched, client) == b""
    assert client.ask(b"a NOOP\r\n") == b"a OK NOOP completed\r\n"


def test_a_client_that_does_not_read_is_told_how_it_ended(quick: World) -> None:
    """ "a careless server might block" (section 9): nothing is piled up for it."""
    for number in range(300):
        quick.deliver(MESSAGES["lf"], "x" * 200 + f"{number:03}", flags="")
    reader = _client(quick, b"(personal " + ALL + b")")
    client = UnreadDriver(lambda channel: serve(channel, quick.imap_settings))
    quick.drivers.append(client)
    client.ask(b"l LOGIN fred secret\r\n")
    client.ask(b"n NOTIFY SET (personal " + ALL + b")\r\n")
    _noticed(quick, reader)
    client.output()
    for _ in range(3):
        for number in range(300):
            quick.deliver(MESSAGES["lf"], "x" * 200 + f"{number:03}", flags="")
        quick.hooks["notice"]("")
    written = sum(map(len, client.sent)) + client.channel.pending
    assert written < 200_000  # less than two times 300 lines
    told = b""
    while data := client.read():
        told += data
    assert told.count(b"(MESSAGES 4 ") == 300


def test_enable_metadata_beside_notify(watched: World) -> None:
    """NOTIFY says what is told: once, or not at all."""
    client, other = _client(watched), _client(watched)
    client.ask(b"e ENABLE METADATA\r\n")
    other.ask(b'a SETMETADATA "" (/shared/comment "1")\r\n')
    assert client.ask(b"a NOOP\r\n").count(b"* METADATA") == 1
    client.ask(b"n NOTIFY SET (personal (servermetadatachange))\r\n")
    other.ask(b'a SETMETADATA "" (/shared/comment "2")\r\n')
    assert _noticed(watched, client).count(b"* METADATA") == 1
    client.ask(b"n NOTIFY NONE\r\n")
    other.ask(b'a SETMETADATA "" (/shared/comment "3")\r\n')
    assert client.ask(b"b NOOP\r\n") == b"b OK NOOP completed\r\n"


def test_a_mailbox_that_another_shares_from_now_on(watched: World) -> None:
    """ "granting ... of the 'l' right to the current user on the affected mailbox MUST be considered mailbox creation"
    (5.4), also if nobody in that account shared anything before."""
    client = _client(watched, b"(subtree Users (mailboxname messagenew messageexpunge))")
    watched.hooks["share"]("ann Tickets fred lr")
    told = _noticed(watched, client) + _noticed(watched, client)
    assert b'* LIST (\\HasNoChildren) "/" "Users/ann/Tickets"\r\n' in told
    watched.hooks["deliver-to"]("ann Tickets plain")
    assert b'* STATUS "Users/ann/Tickets" (MESSAGES 1 ' in _noticed(watched, client)


def test_mail_that_cannot_be_looked_at_ends_nothing(watched: World) -> None:
    """What happened meanwhile is told when it can be."""
    client = _client(watched, b"(personal " + TREE + b")")
    away = watched.maildir.with_name("away")
    (watched.maildir / ".b" / "cur").mkdir(parents=True)
    watched.maildir.rename(away)
    watched.maildir.mkdir()
    _noticed(watched, client)
    assert client.ask(b"a NOOP\r\n").endswith(b"a OK NOOP completed\r\n")
    watched.maildir.rename(watched.maildir.with_name("gone"))
    away.rename(watched.maildir)

    assert b'* LIST (\\HasNoChildren) "/" "b"\r\n' in client.ask(b"b NOOP\r\n") + client.ask(b"c NOOP\r\n")


def test_sessions_without_notify_wait_for_input_as_ever(watched: World) -> None:
    """And are told nothing between commands."""
    client, other = watched.imap_in(), watched.imap_in()
    other.ask(b"a APPEND INBOX {3+}\r\nx\r\n\r\n")
    assert client.output() == b""
    assert type(client.waiting).__name__ == "Input"
    client.ask(b"n NOTIFY NONE\r\n")
    assert type(client.waiting).__name__ == "Input"


def test_lines_that_are_too_long_and_idleness(watched: World) -> None:
    """They end as without NOTIFY."""
    client = _client(watched, b"(personal " + ALL + b")")
    limit = watched.imap_settings.max_line
    client.feed(b"x" * (limit + 10))
    assert client.ask(b"\r\n") == b"* BAD A line may have %d octets\r\n" % limit
    assert b"OK" in client.ask(b"a NOOP\r\n")
    client.time_out()
    assert client.output() == b"* BYE Autologout; idle for too long\r\n"


def test_what_nobody_foresaw_ends_notifications_and_not_the_session(
    watched: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the client told that it has to look for itself."""
    client = _client(watched, b"(personal " + TREE + b")")
    monkeypatch.setattr("mailaccess.imap.notifying.name_changes", lambda *_: 1 // 0)
    watched.deliver(MESSAGES["lf"], "new")

    assert _noticed(watched, client).startswith(b"* OK [NOTIFICATIONOVERFLOW] Internal error")
    assert "ZeroDivisionError" in caplog.text
    assert client.ask(b"a NOOP\r\n") == b"a OK NOOP completed\r\n"


class LeavingDriver(MemoryDriver):
    """Its client hangs up while the nth call from now is in a thread, where it is carried out all the same."""

    calls = -1

    def answer_call(self, work: Call) -> object:
        result = super().answer_call(work)
        self.calls -= 1
        if self.calls == 0:
            raise Gone
        return result


@pytest.mark.parametrize("calls", range(1, 5))
def test_a_client_that_leaves_in_between_leaves_nothing_behind(watched: World, calls: int) -> None:
    """No watch, and nobody who listens."""
    watched.deliver(MESSAGES["lf"], "a")
    watched.hooks["share"]("ann Tickets fred lr")
    client = LeavingDriver(lambda channel: serve(channel, watched.imap_settings))
    client.ask(b"l LOGIN fred secret\r\n")
    client.calls = calls
    client.ask(b"n NOTIFY SET (personal " + ALL + b") (subtree Users " + ALL + b")\r\n")

    assert client.finished
    watcher = watch.current()
    assert watcher is not None
    assert not watcher._paths
