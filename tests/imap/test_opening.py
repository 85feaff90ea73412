"""A session in a mailbox that is opened for the first time."""

import errno
import os
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mailaccess.storage import first_opening, first_scan
from tests.driver import MemoryDriver
from tests.world import MESSAGES, World

PATIENCE = 20.0
DATE = 1_600_000_000


@pytest.fixture
def full() -> list[int]:
    """Not empty: there is no room on the disk."""
    return []


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, full: list[int]) -> Iterator[threading.Event]:
    """Before this is set, no row of a message is made; three messages are many."""
    rows = threading.Event()
    look_at = first_scan.look_at

    def waiting(*arguments: Any) -> Any:
        assert rows.wait(PATIENCE)
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return look_at(*arguments)

    monkeypatch.setattr(first_opening, "LARGE", 3)
    for module in (first_opening, first_scan):
        monkeypatch.setattr(module, "look_at", waiting)
    yield rows
    rows.set()


@pytest.fixture
def selected(world: World, rows: threading.Event) -> MemoryDriver:
    """A client that has just selected INBOX, with three messages in it."""
    for number, flags in enumerate(("S", "", "FS")):
        path = world.deliver(MESSAGES["plain"], flags=flags)
        os.utime(path, (DATE + number, DATE + number))
    client = world.imap()
    answer = client.ask(b"a LOGIN fred secret\r\nb SELECT INBOX\r\n")
    for part in (b"* 3 EXISTS", b"* 3 RECENT", b"* OK [UNSEEN 2]", b"* OK [UIDNEXT 4]", b"b OK [READ-WRITE]"):
        assert part in answer
    return client


def test_what_is_answered_at_once(selected: MemoryDriver, rows: threading.Event) -> None:
    """Flags and UIDs, and what needs no mailbox."""
    assert selected.ask(b"a FETCH 1:* (UID FLAGS)\r\n") == (
        b"* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))\r\n"
        b"* 2 FETCH (UID 2 FLAGS (\\Recent))\r\n"
        b"* 3 FETCH (UID 3 FLAGS (\\Flagged \\Seen \\Recent))\r\n"
        b"a OK FETCH completed\r\n"
    )
    assert selected.ask(b"b NOOP\r\n") == b"b OK NOOP completed\r\n"
    assert not rows.is_set()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"FETCH 2 INTERNALDATE", rb'\* 2 FETCH \(INTERNALDATE "13-Sep-2020 \d\d:26:41 [+-]\d{4}"\)'),
        (b"FETCH 2 RFC822.SIZE", rb"\* 2 FETCH \(RFC822.SIZE %d\)" % len(MESSAGES["plain"])),
        (b"FETCH 2 BODY[TEXT]", rb"\* 2 FETCH \(BODY\[TEXT\] \{"),
        (b"UID SEARCH SENTSINCE 1-Jan-1990 BEFORE 1-Jan-2021", rb"\* SEARCH 1 2 3"),
        (b"SORT (REVERSE ARRIVAL) UTF-8 ALL", rb"\* SORT 3 2 1"),
        (b"STORE 2 +FLAGS (\\Answered)", rb"\* 2 FETCH \(.*\\Answered"),
        (b"STATUS INBOX (MESSAGES UNSEEN)", rb"STATUS .INBOX. \(MESSAGES 3 UNSEEN 1\)"),
        (b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)", rb"\* 3 FETCH \(UID 3 FLAGS"),
        (b"SELECT INBOX", rb"\* 3 EXISTS"),
    ],
)
def test_what_waits(selected: MemoryDriver, rows: threading.Event, command: bytes, answer: bytes) -> None:
    """Is answered as ever."""
    selected.ask(b"x FETCH 1:* FLAGS\r\n")
    rows.set()

    assert re.search(answer, selected.ask(b"a " + command + b"\r\n"))
    assert re.search(rb'INTERNALDATE "13-Sep-2020', selected.ask(b"b FETCH 1 INTERNALDATE\r\n"))


def test_a_full_disk(selected: MemoryDriver, rows: threading.Event, full: list[int]) -> None:
    """What cannot be had is refused, and once it can it is answered; the UIDs are those that were told."""
    full.append(1)
    rows.set()
    for command in (b"FETCH 1 INTERNALDATE", b"STORE 1 +FLAGS (\\Deleted)", b"SEARCH BEFORE 1-Jan-2021"):
        assert b"a NO " in selected.ask(b"a " + command + b"\r\n")
    full.clear()

    assert b"* SEARCH 1 2 3\r\n" in selected.ask(b"b UID SEARCH BEFORE 1-Jan-2021\r\n")
    assert b"* 1 FETCH (UID 1 FLAGS (" in selected.ask(b"c UID FETCH 1 FLAGS\r\n")
