"""The dictionary of who shares something with whom."""

from pathlib import Path

import pytest

from mailaccess.storage import watch
from mailaccess.storage.acl import Who
from mailaccess.storage.sharers import Sharers

BOB, ANYONE, AUTHENTICATED, TEAM = Who("user", "bob"), Who("anyone"), Who("authenticated"), Who("group", "team")

DOVECOT = (
    "shared/shared-boxes/user/john doe/alice\n1\nshared/shared-boxes/group/team/alice\n1\n"
    "shared/shared-boxes/anyone/carol\n1\nshared/shared-boxes/user/bob/alice\n1\n"
)
"""As Dovecot 2.3 writes it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the dictionary is to be."""
    return tmp_path / "made" / "shared-mailboxes"


def test_nobody_shares_anything_at_first(path: Path) -> None:
    """Nor is a file made for that."""
    assert Sharers(path).of("bob") == set()
    assert not path.parent.exists()


def test_owners_are_found_by_user_and_for_anyone(path: Path) -> None:
    """By other processes too."""
    one, other = Sharers(path), Sharers(path)

    one.set("alice", {BOB})
    one.set("carol", {AUTHENTICATED})
    other.set("dave", {BOB, TEAM})

    for sharers in (one, other):
        assert sharers.of("bob") == {"alice", "carol", "dave"}
        assert sharers.of("eve") == {"carol"}


def test_what_is_no_longer_shared_is_forgotten(path: Path) -> None:
    """Of this owner alone."""
    sharers = Sharers(path)
    sharers.set("alice", {BOB, ANYONE})
    sharers.set("carol", {BOB})

    sharers.set("alice", set())

    assert sharers.of("bob") == {"carol"}
    assert Sharers(path).of("eve") == set()


def test_dovecots_dictionary_is_taken_over(path: Path) -> None:
    """Its groups are not ours to remove."""
    path.parent.mkdir()
    path.write_text(DOVECOT)
    sharers = Sharers(path)

    assert sharers.of("john doe") == {"alice", "carol"}
    sharers.set("alice", {BOB})

    assert sorted(path.read_text().split("\n1\n")) == sorted(
        [
            "",
            "shared/shared-boxes/group/team/alice",
            "shared/shared-boxes/anyone/carol",
            "shared/shared-boxes/user/bob/alice",
        ]
    )


def test_nothing_is_written_where_nothing_changes(path: Path) -> None:
    """A SETACL of further rights, for one."""
    sharers = Sharers(path)
    sharers.set("alice", {BOB, AUTHENTICATED, TEAM, Who("user", "no/body")})
    before = path.stat()

    sharers.set("alice", {AUTHENTICATED, BOB})

    assert path.stat().st_ino == before.st_ino


def test_who_listens_hears_of_changes(path: Path) -> None:
    """And of those only; until he has enough of it."""
    path.parent.mkdir()
    sharers, told = Sharers(path), []
    assert sharers.listen(lambda: told.append("unheard")) is not None  # nobody watches
    watcher = watch.Watcher()
    watch.install(watcher)
    try:
        stop = sharers.listen(lambda: told.append("heard"))
        (path.parent / "other").touch()
        watcher.ready()
        assert told == []
        Sharers(path).set("alice", {BOB})
        watcher.ready()
        assert told == ["heard"]
        stop()
        Sharers(path).set("alice", {TEAM})
        watcher.ready()
        assert told == ["heard"]
    finally:
        watch.install(None)
        watcher.close()
