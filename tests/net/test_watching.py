"""What a reactor does by itself: changes on disk reach those who watch, accounts are cared for, delays are told."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailaccess.net.lanes import Lanes
from mailaccess.net.watching import CARE, LAG_REPORTS, POLL, Lag, Watching
from mailaccess.storage.accounts import Accounts, StorageSettings
from mailaccess.storage.watch import Watcher
from tests.net.stage import Loop, Running


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    made = Accounts(StorageSettings(str(tmp_path / "mail" / "{user}"), None, lambda _: b"", 1))
    yield made
    made.close()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    made = Watcher()
    yield made
    made.close()


class Reactor(Loop):
    """A clock that takes readers."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[object] = []

    def addReader(self, reader: object) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: object) -> None:
        self.readers.remove(reader)


def test_a_change_on_disk_calls_back(tmp_path: Path, watcher: Watcher, accounts: Accounts) -> None:
    """As soon as it happens."""
    happened = threading.Event()
    watcher.add([tmp_path], lambda names: happened.set())
    with Running() as running:
        watching = Watching(running.reactor, Lanes(running.reactor), watcher, accounts)
        running.do(watching.start)
        (tmp_path / "new").touch()
        assert happened.wait(10)
        running.do(watching.stop)


def test_what_the_kernel_does_not_tell_is_polled(tmp_path: Path, watcher: Watcher, accounts: Accounts) -> None:
    """In a thread, since such a disk may be slow; every second."""
    seen: list[str] = []
    watcher.add([tmp_path / "not there yet"], lambda names: seen.append(threading.current_thread().name))
    assert watcher.polling
    reactor = Reactor()
    watching = Watching(reactor, Lanes(reactor), watcher, accounts)
    watching.start()
    (tmp_path / "not there yet").mkdir()
    reactor.advance(POLL)
    reactor.run_posted()

    assert seen == ["storage-0"]
    watching.stop()
    assert reactor.readers == []
    assert reactor.getDelayedCalls() == []


def test_accounts_are_cared_for(watcher: Watcher, accounts: Accounts, tmp_path: Path) -> None:
    """What a crash left of a mailbox half deleted goes, for example."""
    accounts.open("ann", None).mailboxes()
    left = tmp_path / "mail" / "ann" / "mailaccess-trash-x"
    left.mkdir()
    reactor = Reactor()
    watching = Watching(reactor, Lanes(reactor), watcher, accounts)
    watching.start()
    reactor.advance(CARE)
    reactor.run_posted()
    watching.stop()

    assert not left.exists()


def test_a_reactor_that_was_held_up_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """Not more often than people can read."""
    clock = Loop()
    Lag(clock).start()
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            clock.advance(0.1)
        assert caplog.messages == []
        clock.rightNow += 1
        clock.advance(0.2)
        clock.rightNow += 1
        clock.advance(0.2)
        assert len(caplog.messages) == 1
        assert "ms" in caplog.messages[0]
        clock.advance(LAG_REPORTS)
        assert len(caplog.messages) == 2


def test_every_delay_of_the_reactor_is_told_where_everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """So that what holds it up can be found, while others are not bothered."""
    clock = Loop()
    Lag(clock).start()
    with caplog.at_level(logging.DEBUG):
        clock.advance(0.1)
        clock.advance(0.13)
        clock.advance(0.12)

    assert caplog.messages == ["the reactor was late by 30 ms", "the reactor was late by 20 ms"]
