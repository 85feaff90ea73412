"""Group commit."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mailaccess.storage.index.rows import MailboxRow
from mailaccess.storage.index.schema import connect, create
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.index.writer import Writer


class Desk:
    """A writer on a database, and what it did."""

    def __init__(self, path: Path) -> None:
        create(path)
        self.connection = connect(path, writing=True)
        self.writer = Writer(lambda _, touched, __: self.told.append(set(touched)))
        self.transactions: list[bool] = []  # durable?
        self.told: list[set[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.full = False  # the disk: every commit fails

    @contextmanager
    def begin(self, durable: bool) -> Iterator[tuple[sqlite3.Connection, str]]:
        self.gate.wait(10)
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection, "instance"
            if self.full:
                raise OSError("no space left")
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.transactions.append(durable)

    def guids(self) -> set[str]:
        return {guid for (guid,) in self.connection.execute("SELECT guid FROM mailbox")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty database."""
    desk = Desk(tmp_path / "index")
    with closing(desk.connection):
        yield desk


def enter(guid: str, *, fail: bool = False, undone: list[str] | None = None) -> "Work":
    return Work(guid, fail, undone if undone is not None else [])


class Work:
    """Enters a mailbox, then may fail."""

    def __init__(self, guid: str, fail: bool, undone: list[str]) -> None:
        self.guid, self.fail, self.undone = guid, fail, undone

    def __call__(self, transaction: Transaction) -> str:
        row = transaction.add_mailbox(MailboxRow(0, self.guid, self.guid, 1))
        transaction.touched.add(row.id)
        transaction.on_failure(lambda: self.undone.append(self.guid))
        if self.fail:
            raise ValueError(self.guid)
        return self.guid.upper()


def test_work_returns_its_result_once_committed(desk: Desk) -> None:
    """And those concerned are told."""
    assert desk.writer.run(desk.begin, enter("a"), durable=True) == "A"
    assert desk.guids() == {"a"}
    assert desk.transactions == [True]
    assert desk.told == [{1}]


def test_work_that_fails_leaves_nothing(desk: Desk) -> None:
    """The error is the caller's; files are put back; the next one is not concerned."""
    undone: list[str] = []
    with pytest.raises(ValueError, match="a"):
        desk.writer.run(desk.begin, enter("a", fail=True, undone=undone), durable=True)
    desk.writer.run(desk.begin, enter("b"), durable=False)

    assert undone == ["a"]
    assert desk.guids() == {"b"}


def together(desk: Desk, works: list[Work], *, durable: list[bool]) -> list[object]:
    """Runs all in one transaction: they queue up while a first one is held at its beginning. Results or errors."""
    results: list[object] = [None] * len(works)

    def run(place: int) -> None:
        try:
            results[place] = desk.writer.run(desk.begin, works[place], durable=durable[place])
        except Exception as error:  # noqa: BLE001
            results[place] = error

    leading = desk.writer.pause()
    leading.acquire()
    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    while len(desk.writer._waiting) < len(works):
        pass
    leading.release()
    for thread in threads:
        thread.join()
    return results


def test_those_who_wait_share_one_commit(desk: Desk) -> None:
    """Durable if one of them asks for it."""
    results = together(desk, [enter("a"), enter("b"), enter("c")], durable=[False, True, False])

    assert results == ["A", "B", "C"]
    assert desk.transactions == [True]
    assert desk.told == [{1, 2, 3}]


def test_one_failure_among_many_concerns_nobody_else(desk: Desk) -> None:
    """Each runs in a savepoint of its own."""
    undone: list[str] = []
    works = [enter("a", undone=undone), enter("b", fail=True, undone=undone), enter("c", undone=undone)]
    results = together(desk, works, durable=[True] * 3)

    assert [str(result) for result in results] == ["A", "b", "C"]
    assert desk.guids() == {"a", "c"}
    assert undone == ["b"]


def test_a_failing_commit_concerns_all(desk: Desk) -> None:
    """Everything is put back, and everybody gets the error."""
    undone: list[str] = []
    desk.full = True
    results = together(desk, [enter("a", undone=undone), enter("b", undone=undone)], durable=[True] * 2)

    assert [str(result) for result in results] == ["no space left"] * 2
    assert sorted(undone) == ["a", "b"]
    assert desk.guids() == set()
    assert desk.told == []


def test_a_broken_database_ends_the_transaction(desk: Desk) -> None:
    """An error of SQLite's own is not one piece of work's alone."""

    def ask(transaction: Transaction) -> None:
        transaction.connection.execute("SELECT * FROM nowhere")

    with pytest.raises(sqlite3.OperationalError):
        desk.writer.run(desk.begin, ask, durable=True)
    assert desk.writer.run(desk.begin, enter("a"), durable=True) == "A"


def test_a_broken_rule_is_one_works_own(desk: Desk) -> None:
    """Two mailboxes of one GUID: only the second is refused."""
    results = together(desk, [enter("a"), enter("a"), enter("b")], durable=[True] * 3)

    assert sorted(type(result).__name__ for result in results) == ["IntegrityError", "str", "str"]
    assert desk.guids() == {"a", "b"}


def test_directories_are_synced_before_the_commit(desk: Desk, tmp_path: Path) -> None:
    """One that cannot be is a failure of all who wait for that commit."""

    def work(transaction: Transaction) -> None:
        transaction.sync_before_commit(tmp_path / "nowhere")

    with pytest.raises(FileNotFoundError):
        desk.writer.run(desk.begin, work, durable=True)
    assert desk.transactions == []


def test_trouble_in_telling_is_not_the_writers(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """What is committed is committed."""

    def fail(*_: object) -> None:
        raise RuntimeError("a session is broken")

    desk.writer._committed = fail

    assert desk.writer.run(desk.begin, enter("a"), durable=True) == "A"
    assert "a session is broken" in caplog.text


def test_many_threads(desk: Desk) -> None:
    """Every piece of work is done once."""
    threads = [
        threading.Thread(
            target=lambda n=n: [desk.writer.run(desk.begin, enter(f"{n}-{i}"), durable=False) for i in range(20)]
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert desk.guids() == {f"{n}-{i}" for n in range(8) for i in range(20)}
