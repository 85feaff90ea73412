"""A session in a large mailbox that this process has just begun to open."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.index import packing
from mailaccess.storage.mailbox import Action
from mailaccess.storage.opening import THREAD
from tests.driver import MemoryDriver
from tests.storage.post import settle
from tests.world import MESSAGES, World

PATIENCE = 20.0


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Before this is set, no message is known but by number; three messages are many."""
    unpacked, read = threading.Event(), packing.read

    def waiting(*arguments: Any) -> Any:
        assert threading.current_thread().name != THREAD or unpacked.wait(PATIENCE)
        return read(*arguments)

    monkeypatch.setattr("mailaccess.storage.packed._LARGE", 1)
    monkeypatch.setattr("mailaccess.storage.reopening.LARGE", 3)
    monkeypatch.setattr(packing, "read", waiting)
    yield unpacked
    unpacked.set()


@pytest.fixture
def elsewhere(tmp_path: Path, unpacked: threading.Event) -> Iterator[Account]:
    """fred's mail in the process that had it open, with four messages."""
    world = World(tmp_path)
    for flags in ("S", "", "FS", "S"):
        world.deliver(MESSAGES["plain"], flags=flags)
    account = world.accounts.open("fred", None)
    inbox = account.mailbox("INBOX")
    inbox.claim_recent()
    inbox.make_sizes(list(inbox.messages.uids))
    settle(inbox)
    inbox.pack()
    yield account
    world.close()


@pytest.fixture
def selected(elsewhere: Account, world: World) -> MemoryDriver:
    """A client that has just selected INBOX."""
    client = world.imap()
    answer = client.ask(b"a LOGIN fred secret\r\nb SELECT INBOX\r\n")
    for part in (b"* 4 EXISTS", b"* 0 RECENT", b"* OK [UNSEEN 2]", b"* OK [UIDNEXT 5]", b"b OK [READ-WRITE]"):
        assert part in answer
    return client


def test_what_is_answered_at_once(selected: MemoryDriver, unpacked: threading.Event) -> None:
    """What needs no message."""
    for command in (b"NOOP", b"CAPABILITY", b"ENABLE CONDSTORE", b"NAMESPACE", b"UNSELECT"):
        assert b"a OK" in selected.ask(b"a " + command + b"\r\n")
    assert not unpacked.is_set()
    unpacked.set()  # the account is not closed before


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"FETCH 3 (UID FLAGS)", rb"\* 3 FETCH \(UID 3 FLAGS \(\\Flagged \\Seen\)\)"),
        (b"UID FETCH 3:* (FLAGS)", rb"\* 3 FETCH \(UID 3 FLAGS .*\r\n\* 4 FETCH \(UID 4 FLAGS"),
        (b"FETCH 2 RFC822.SIZE", rb"\* 2 FETCH \(RFC822.SIZE %d\)" % len(MESSAGES["plain"])),
        (b"UID SEARCH UNSEEN", rb"\* SEARCH 2"),
        (b"STORE 2 +FLAGS (\\Answered)", rb"\* 2 FETCH \(.*\\Answered"),
        (b"STATUS INBOX (MESSAGES UNSEEN)", rb"STATUS .INBOX. \(MESSAGES 4 UNSEEN 1\)"),
        (b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)", rb"\* 4 FETCH \(UID 4 FLAGS"),
        (b"COPY 1 INBOX", rb"\[COPYUID \d+ 1 5\]"),
        (b"EXAMINE INBOX", rb"\* 4 EXISTS"),
        (b"IDLE\r\nDONE", rb"a OK IDLE"),
    ],
)
def test_what_waits(selected: MemoryDriver, unpacked: threading.Event, command: bytes, answer: bytes) -> None:
    """Is answered as ever."""
    unpacked.set()

    assert re.search(answer, selected.ask(b"a " + command + b"\r\n"), re.DOTALL)
    assert b"* 4 FETCH (FLAGS (\\Seen))" in selected.ask(b"b FETCH 4 FLAGS\r\n")


@pytest.mark.parametrize("by_uid", [b"", b"UID "])
def test_what_others_do_meanwhile(
    selected: MemoryDriver, elsewhere: Account, unpacked: threading.Event, by_uid: bytes
) -> None:
    """The numbers that the client was told stay true until it is told more."""
    inbox = elsewhere.mailbox("INBOX")
    inbox.remove([1])
    inbox.store([2], Action.ADD, frozenset(["$Late"]))
    assert selected.ask(b"a NOOP\r\n") == b"a OK NOOP completed\r\n"
    unpacked.set()

    assert b" FETCH (UID 2 FLAGS ($Late))" in selected.ask(b"b " + by_uid + b"FETCH 2 (UID FLAGS)\r\n")
    told = selected.ask(b"c NOOP\r\nd UID FETCH 1:* (FLAGS)\r\n")
    assert b"* 1 EXPUNGE" in told or by_uid
    assert told.count(b" FETCH (") == 3


def test_a_client_that_comes_again(elsewhere: Account, world: World, unpacked: threading.Event) -> None:
    """QRESYNC is answered from what is known then."""
    inbox = elsewhere.mailbox("INBOX")
    before = inbox.highestmodseq
    inbox.store([2], Action.ADD, frozenset(["$Late"]))
    inbox.remove([1])
    settle(inbox)
    inbox.pack()
    unpacked.set()
    client = world.imap()
    client.ask(b"a LOGIN fred secret\r\nb ENABLE QRESYNC\r\n")

    told = client.ask(b"c SELECT INBOX (QRESYNC (%d %d 1:4))\r\n" % (inbox.uidvalidity, before))
    assert b"* 3 EXISTS" in told
    assert b"* VANISHED (EARLIER) 1\r\n" in told
    assert re.search(rb"\* 1 FETCH \(UID 2 .*\$Late", told)
