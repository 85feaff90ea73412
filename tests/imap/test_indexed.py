"""SEARCH with the full-text index: the same answers as without, and no file opened that need not be."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mailaccess.imap import indexed
from mailaccess.storage import small
from mailaccess.storage.box import Box
from mailaccess.storage.text import asking
from tests.world import World

BODIES = ["green apple", "red apple", "green pear", "=?utf-8?q?gr=C3=BCn?= apples", "plum"]
PROGRAMS = [
    "BODY apple",
    "TEXT apple",
    "BODY gre",
    "BODY e",
    'TEXT "subject: 7"',
    'BODY ""',
    "NOT BODY apple",
    "OR BODY apple BODY pear",
    "OR SUBJECT 3 BODY pear",
    "OR SUBJECT 3 NOT BODY pear",
    "NOT (BODY green BODY apple)",
    "BODY green BODY apple",
    "FLAGGED BODY apple",
    "OR FLAGGED BODY plum",
    "5:9 TEXT apple",
    "LARGER 60 BODY apple",
    "FUZZY BODY aple",
    "FUZZY SUBJECT 3 BODY apple",
]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is asked about any number of messages."""
    monkeypatch.setattr(indexed, "FEW", 0)
    monkeypatch.setattr(asking, "FEW", 3)


@pytest.fixture
def filled(world: World) -> World:
    """Messages of which the last two are not in the index."""
    for number in range(20):
        deliver(world, number)
    world.imap_in().ask(b"a SEARCH BODY nothing\r\n")
    while world.accounts.fill():
        pass
    for number in (20, 21):
        deliver(world, number)
    return world


def deliver(world: World, number: int) -> None:
    """Its body goes by its number."""
    text = f"Subject: {number}\r\n\r\n{BODIES[number % len(BODIES)]} {number}\r\n"
    world.deliver(text.encode(), flags="F" if number % 3 == 0 else "")


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_same_as_without(filled: World, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the keys around."""
    client = filled.imap_in()
    with_index = client.ask(b"a SEARCH %s\r\n" % program.encode())
    monkeypatch.setattr(indexed, "FEW", 1000)

    assert with_index == client.ask(b"a SEARCH %s\r\n" % program.encode())
    assert b" OK " in with_index


def test_no_file_is_read(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """But those of messages that are not in the index yet, for which it is then wanted."""
    client = filled.imap_in()
    while filled.accounts.fill():
        pass
    read: list[int] = []
    original = small._read

    def noted(box: Box, ends: Mapping[int, int]) -> Iterator[tuple[int, int | None, bytes]]:
        for found in original(box, ends):
            read.append(found[0])
            yield found

    monkeypatch.setattr(small, "_read", noted)
    client.ask(b"a SEARCH OR BODY apple TEXT nothing\r\n")
    assert read == []
    for number in (22, 23):
        deliver(filled, number)
    client.ask(b"a NOOP\r\nb SEARCH BODY apple\r\n")

    assert len(read) == 2
    assert filled.accounts.to_fill


def test_a_file_that_is_gone_or_other(filled: World) -> None:
    """Nobody is told of a message by what was in its file before."""
    client = filled.imap_in()
    apples = [path for path in filled.files() if b"red apple" in path.read_bytes()]
    before = client.ask(b"a SEARCH BODY red\r\n")
    apples[0].write_bytes(b"Subject: changed\r\n\r\nred herring, that is longer\r\n")
    first = client.ask(b'b SEARCH BODY "red apple"\r\n')
    apples[1].unlink()
    second = client.ask(b'c SEARCH BODY "red apple"\r\n')

    numbers = [int(word) for word in before.split(b"\r\n")[0].split()[2:]]
    assert len(numbers) == len(apples) == 5
    assert b"[EXPUNGEISSUED]" in first
    assert len(first.split(b"\r\n")[0].split()[2:]) == 4
    assert len(second.split(b"* SEARCH")[1].split(b"\r\n")[0].split()) == 3


def test_what_another_session_expunged(filled: World) -> None:
    """Messages that are gone are no answer, also not to NOT."""
    client, other = filled.imap_in(), filled.imap_in()
    client.ask(b"a SEARCH BODY apple\r\n")
    other.ask(b"a STORE 1:3 +FLAGS.SILENT (\\Deleted)\r\nb EXPUNGE\r\n")
    answer = client.ask(b"b SEARCH NOT BODY plum\r\n")

    assert b"[EXPUNGEISSUED]" in answer
    assert answer.startswith(b"* SEARCH 4 6 ")


def test_an_index_that_is_damaged(filled: World) -> None:
    """Searching goes on without it."""
    client = filled.imap_in()
    before = client.ask(b"a SEARCH BODY apple\r\n")
    path = filled.maildir / "mailaccess" / "text.sqlite"
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = b"\xa5" * (len(data) - 4096 * 2)
    path.write_bytes(data)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)

    assert client.ask(b"a SEARCH BODY apple\r\n") == before
    assert client.ask(b"a SEARCH BODY apple\r\n") == before
