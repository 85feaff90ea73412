"""Texts told from memory: never another message's, never of a file that is gone, no more than may be."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mailaccess.imap.retold import SHORT, Retold
from tests.driver import MemoryDriver
from tests.world import World

COUNT = 40
ALL = b"f FETCH 1:* (UID BODY.PEEK[] BODY.PEEK[TEXT]<0.3>)\r\n"


@pytest.fixture
def watched(world: World) -> World:
    """INBOX has messages enough for memory to be asked, and the kernel tells of changes."""
    world.hooks["watch"]("")
    for number in range(1, COUNT + 1):
        world.deliver(b"Subject: %d\n\nbody\n" % number, flags="S")
    return world


def reads(client: MemoryDriver, command: bytes = ALL) -> tuple[bytes, int]:
    """The answer, and how often files were opened for it."""
    opened: list[str] = []
    real = os.open

    def noting(path: str, *args: int, **kwargs: int) -> int:
        if "M" in str(path):
            opened.append(str(path))
        return real(path, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", noting)
        answer = client.ask(command)
    return answer, len(opened)


def test_what_was_read_is_told_again_without_a_look_at_files(watched: World) -> None:
    client, other = watched.imap_in(), watched.imap_in()
    first, opened = reads(client)
    assert first.count(b"\r\nSubject: ") == COUNT
    assert opened >= COUNT
    assert reads(client) == (first, 0)
    assert reads(other) == (first, 0)


def _remove(path: Path) -> None:
    path.unlink()


def _change(path: Path) -> None:
    path.write_bytes(b"Subject: 7\n\nBODY\n")


def _replace(path: Path) -> None:
    other = path.with_name("new")
    other.write_bytes(b"Subject: 7\n\nBODY\n")
    other.rename(path)


@pytest.mark.parametrize("foreign", [_remove, _change, _replace])
def test_a_change_of_another_program_is_seen_at_once(watched: World, foreign: Callable[[Path], None]) -> None:
    """Before and after the client is told that the message is gone."""
    client = watched.imap_in()
    reads(client)
    foreign(next(path for path in watched.files() if path.read_bytes().startswith(b"Subject: 7\n")))

    for _ in range(2):
        second, _ = reads(client, b"f FETCH 1:%d (BODY.PEEK[])\r\n" % COUNT)
        assert b"Subject: 7\r\n" not in second
        assert second.count(b" FETCH (BODY[]") == COUNT - 1
        assert b"f NO [EXPUNGEISSUED]" in second
    client.ask(b"n NOOP\r\n")
    third, _ = reads(client, b"g UID FETCH 1:%d (BODY.PEEK[])\r\n" % COUNT)
    assert b"Subject: 7\r\n" not in third
    assert b"g OK" in third


def test_another_flag_is_no_other_text(watched: World) -> None:
    """The file has another name. Once that is known, memory is asked again."""
    client = watched.imap_in()
    first, _ = reads(client)
    path = watched.files()[0]
    path.rename(f"{path}F")
    assert reads(client)[0].count(b" FETCH (UID") == COUNT
    client.ask(b"n NOOP\r\n")
    assert reads(client) == (first, 0)


def test_what_another_session_expunges_is_told_no_more(watched: World) -> None:
    """Its number is the client's until it is told, but its text went with the file."""
    client, other = watched.imap_in(), watched.imap_in()
    reads(client)
    other.ask(b"s STORE 7 +FLAGS.SILENT (\\Deleted)\r\ne EXPUNGE\r\n")
    second, _ = reads(client)
    assert b"Subject: 7\r\n" not in second
    assert b"f NO [EXPUNGEISSUED]" in second


def test_without_a_watch_files_are_read(world: World) -> None:
    """Nothing would tell that one is gone."""
    for number in range(1, COUNT + 1):
        world.deliver(b"Subject: %d\n\nbody\n" % number, flags="S")
    client = world.imap_in()
    first, _ = reads(client)
    again, opened = reads(client)
    assert again == first
    assert opened >= COUNT


def test_the_last_session_leaves_nothing_behind(watched: World) -> None:
    retold = watched.imap_settings.retold
    client, other = watched.imap_in(), watched.imap_in()
    assert retold.octets == 0
    reads(client)
    assert retold.octets > COUNT * 24
    client.ask(b"u UNSELECT\r\n")
    assert retold.octets > COUNT * 24
    other.ask(b"o LOGOUT\r\n")
    assert retold.octets == 0


def test_long_texts_and_single_messages_are_not_kept(world: World) -> None:
    """They would take the room of many, or are not asked for again."""
    world.hooks["watch"]("")
    for _ in range(COUNT):
        world.deliver(b"\n" + b"x" * SHORT, flags="S")
    client = world.imap_in()
    reads(client, b"f FETCH 1 (BODY.PEEK[TEXT]<0.10>)\r\n")
    reads(client, b"f FETCH 1:* (BODY.PEEK[])\r\n")
    assert world.imap_settings.retold.octets == 0


def test_one_command_does_not_take_all_room(watched: World) -> None:
    """Of more than that it keeps the beginning, and finds it when it is given once more."""
    for number in range(1000):
        watched.deliver(b"Subject: %d\n\nbody\n" % number, flags="S")
    watched.imap_settings = replace(watched.imap_settings, retold=Retold(limit=100_000))
    client = watched.imap_in()
    first, _ = reads(client, b"f FETCH 1:* (BODY.PEEK[])\r\n")
    assert 50_000 < watched.imap_settings.retold.octets <= 100_000
    second, opened = reads(client, b"f FETCH 1:* (BODY.PEEK[])\r\n")
    assert second == first
    assert opened < 800
