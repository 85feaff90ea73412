"""SELECT with QRESYNC (RFC 7162 3.2.5)."""

import re

import pytest

from mailaccess.imap.commands.select import Resync, parse_select
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.wire.traps import Call
from tests.driver import MemoryDriver
from tests.world import MESSAGES, World


def test_parse_select() -> None:
    """The parameter's four parts, of which two are optional."""
    assert parse_select(Cursor(b"x"))[1].resync is None
    assert parse_select(Cursor(b"x (QRESYNC (67890007 9006))"))[1].resync == Resync(67890007, 9006, None, (), ())
    full = parse_select(Cursor(b"x (CONDSTORE QRESYNC (1 2 41:211,214 (5,9 15,22)))"))[1]
    assert full.condstore
    assert full.resync == Resync(1, 2, ((41, 211), (214, 214)), ((5, 5), (9, 9)), ((15, 15), (22, 22)))
    assert parse_select(Cursor(b"x (QRESYNC (1 2 (5 15)))"))[1].resync == Resync(1, 2, None, ((5, 5),), ((15, 15),))
    for bad in (b"x ()", b"x (QRESYNC)", b"x (QRESYNC (0 1))", b"x (QRESYNC (1 2 3:*))", b"x (QRESYNC (1 2 3 4))"):
        with pytest.raises(Bad):
            parse_select(Cursor(bad))


def resynced(client: MemoryDriver, parameter: str) -> list[str]:
    """What SELECT tells of changes."""
    lines = client.ask(f"q SELECT INBOX (QRESYNC ({parameter}))\r\n".encode()).decode().split("\r\n")
    assert lines[-2].startswith("q OK [READ-WRITE]")
    return [line for line in lines if "VANISHED" in line or "FETCH" in line]


def test_only_what_changed_is_told(world: World) -> None:
    """Flags changed and messages gone since; within the UIDs the client says it knows."""
    for _ in range(6):
        world.deliver(MESSAGES["plain"], flags="")
    client = world.imap()
    opened = client.ask(b"a LOGIN fred secret\r\nb ENABLE QRESYNC\r\nc SELECT INBOX\r\n")
    validity, modseq = (re.search(rb"%b (\d+)" % name, opened) for name in (b"UIDVALIDITY", b"HIGHESTMODSEQ"))
    assert validity
    assert modseq
    known = f"{int(validity[1])} {int(modseq[1])}"
    client.ask(b"d STORE 2 +FLAGS (\\Deleted)\r\ne EXPUNGE\r\nf STORE 3 +FLAGS (\\Flagged)\r\ng UNSELECT\r\n")

    told = resynced(client, known)
    assert told[0] == "* VANISHED (EARLIER) 2"
    assert re.fullmatch(r"\* 3 FETCH \(UID 4 FLAGS \(\\Flagged(?: \\Recent)?\) MODSEQ \(\d+\)\)", told[1])
    assert len(told) == 2
    assert resynced(client, known + " 5:6") == []
    assert resynced(client, known + " 1:3") == ["* VANISHED (EARLIER) 2"]
    # A client whose third message was UID 4 knows of every expunge up to there.
    assert resynced(client, known + " 1:3 (3 4)") == []
    # Another UIDVALIDITY: "the server MUST ignore the remaining parameters"
    assert resynced(client, f"{int(validity[1]) + 1} {int(modseq[1])}") == []


def test_closed_is_said_to_all(world: World) -> None:
    """[CLOSED] parts what was said of the mailbox before, "whether or not a CONDSTORE enabling command was issued"."""
    client = world.imap_in()
    assert client.ask(b"a EXAMINE INBOX\r\n").startswith(b"* OK [CLOSED]")
    assert client.ask(b"b SELECT absent\r\n").startswith(b"* OK [CLOSED]")
    assert b"[CLOSED]" not in client.ask(b"c SELECT INBOX\r\n")


def test_recent_is_claimed_once(world: World) -> None:
    """The first session that may write sees \\Recent; the next does not; EXAMINE takes nothing away."""
    world.deliver(MESSAGES["plain"])
    first = world.imap()
    first.output()
    examined = first.ask(b"a LOGIN fred secret\r\nb EXAMINE INBOX\r\n")
    selected = first.ask(b"c SELECT INBOX\r\n")
    again = world.imap().ask(b"a LOGIN fred secret\r\nb SELECT INBOX\r\n")

    assert b"* 1 RECENT" in examined
    assert b"* 1 RECENT" in selected
    assert b"* 0 RECENT" in again


class TestAgain:
    """A mailbox that was open a moment ago, in which nothing has happened, is opened without a thread."""

    @pytest.fixture
    def calls(self, world: World, monkeypatch: pytest.MonkeyPatch) -> list[Call]:
        """What is handed to threads."""
        world.hooks["watch"]("")
        made: list[Call] = []
        answer = MemoryDriver.answer_call

        def noted(driver: MemoryDriver, work: Call) -> object:
            made.append(work)
            return answer(driver, work)

        monkeypatch.setattr(MemoryDriver, "answer_call", noted)
        return made

    def test_no_thread_is_asked(self, world: World, calls: list[Call]) -> None:
        """By the same session or by another; and the answer is the same."""
        world.deliver(MESSAGES["plain"], flags="")
        client = world.imap_in()
        answers = [client.ask(b"s SELECT INBOX\r\n") for _ in range(3)]
        calls.clear()
        assert client.ask(b"s SELECT INBOX\r\n") == answers[-1]
        client.ask(b"u UNSELECT\r\n")
        assert client.ask(b"s EXAMINE INBOX\r\n").endswith(b"s OK [READ-ONLY] EXAMINE completed\r\n")

        assert calls == []

    def test_what_happened_meanwhile_is_told(self, world: World, calls: list[Call]) -> None:
        """By another program, between two commands, also while nobody had it open."""
        world.deliver(MESSAGES["plain"], flags="")
        client = world.imap_in()
        for _ in range(3):
            client.ask(b"s SELECT INBOX\r\n")
        world.deliver(MESSAGES["plain"])
        told = client.ask(b"s SELECT INBOX\r\n")
        assert b"* 2 EXISTS\r\n* 1 RECENT\r\n" in told
        client.ask(b"u UNSELECT\r\n")
        world.deliver(MESSAGES["plain"])

        assert b"* 3 EXISTS\r\n* 1 RECENT\r\n" in client.ask(b"s SELECT INBOX\r\n")
        assert not list((world.maildir / "new").iterdir())

    def test_others_have_theirs(self, world: World, calls: list[Call]) -> None:
        """Names of other users' mailboxes lead elsewhere."""
        client = world.imap_in()
        client.ask(b"s SELECT INBOX\r\n")

        assert client.ask(b"s SELECT Users/nobody/INBOX\r\n").endswith(b"there is no mailbox Users/nobody/INBOX\r\n")
