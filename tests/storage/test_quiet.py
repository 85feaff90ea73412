"""Whether anything has happened in many directories."""

import time
from pathlib import Path

import pytest

from mailaccess.storage import quiet, watch
from mailaccess.storage.quiet import Quiet
from mailaccess.storage.watch import Watcher


@pytest.fixture
def directories(tmp_path: Path) -> list[str]:
    """Of two mailboxes."""
    for name in ("a", "b"):
        for part in ("cur", "new"):
            (tmp_path / name / part).mkdir(parents=True)
    return [str(tmp_path / name) for name in ("a", "b")]


@pytest.fixture
def listening(directories: list[str], watcher: Watcher) -> Quiet:
    """What has been asked often enough."""
    found = Quiet()
    for _ in range(2):
        found.listen(directories)
    return found


def test_it_lasts_until_something_happens(listening: Quiet, directories: list[str]) -> None:
    """And begins anew when it is asked to."""
    assert listening.lasts()
    (Path(directories[1]) / "cur" / "mail").touch()
    assert not listening.lasts()
    listening.listen(directories)

    assert listening.lasts()


@pytest.mark.parametrize("part", ["", "new", "cur"])
def test_where_it_listens(listening: Quiet, directories: list[str], part: str) -> None:
    """In each directory, and in both of its parts."""
    (Path(directories[0]) / part / "mail").touch()

    assert not listening.lasts()


def test_who_asks_once_costs_no_watch(directories: list[str], watcher: Watcher) -> None:
    """And knows nothing."""
    found = Quiet()
    found.listen(directories)

    assert not found.lasts()


def test_without_a_watcher_nothing_is_known(listening: Quiet, directories: list[str]) -> None:
    """Nor with another one, which has not heard what happened."""
    watch.install(None)
    assert not listening.lasts()
    listening.listen(directories)

    assert not listening.lasts()


def test_directories_come_and_go(listening: Quiet, directories: list[str]) -> None:
    """Only those named last count."""
    listening.listen(directories[:1])
    (Path(directories[1]) / "mail").touch()
    assert listening.lasts()
    listening.end()

    assert not listening.lasts()


def test_a_directory_that_moves_away(listening: Quiet, directories: list[str]) -> None:
    """What comes in its place is not heard."""
    Path(directories[0]).rename(Path(directories[0]).with_name("c"))
    assert not listening.lasts()
    listening.listen(directories)

    assert not listening.lasts()


def test_there_is_a_limit(directories: list[str], watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's watches are for sessions, too."""
    monkeypatch.setattr(quiet, "_limit", lambda: 3)
    monkeypatch.setattr(quiet, "_taken", quiet._Taken())
    found = Quiet()
    for _ in range(2):
        found.listen(directories)
    assert not found.lasts()
    for _ in range(2):
        found.listen(directories[:1])

    assert found.lasts()


def test_rest(listening: Quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the watches back, once nobody has asked in a while; also what nobody holds any more."""
    quiet.rest()
    assert listening.lasts()
    monkeypatch.setattr(quiet, "OFTEN", 0.0)
    quiet.rest()

    assert not listening.lasts()
    assert listening not in quiet._listening


def test_who_goes_on_asking_is_not_left(listening: Quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if nothing happens for long."""
    now = time.monotonic()
    monkeypatch.setattr("mailaccess.storage.quiet.time.monotonic", lambda: now + 500)
    assert listening.lasts()
    monkeypatch.setattr("mailaccess.storage.quiet.time.monotonic", lambda: now + 1000)
    quiet.rest()

    assert listening.lasts()
