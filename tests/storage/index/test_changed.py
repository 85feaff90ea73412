"""What is told of the messages that came or changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.storage.disk import FileStamp
from mailaccess.storage.index import changed, reading
from mailaccess.storage.index.rows import MailboxRow, Message, NewFile
from mailaccess.storage.index.schema import TABLES, connect, create
from mailaccess.storage.index.transaction import Transaction, ranges
from mailaccess.storage.names import Entry

UIDS = 40


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """To an index with one mailbox of some messages."""
    create(tmp_path / "index")
    with closing(connect(tmp_path / "index", writing=True)) as connection:
        work = Transaction(connection, reading.instance(connection))
        row = work.add_mailbox(MailboxRow(0, "", "0" * 32, 1, reserved=1000, highestmodseq=5))
        work.add(row, [message(uid) for uid in range(1, UIDS + 1)])
        work.save()
        yield connection


def message(uid: int) -> Message:
    return Message(uid, Entry(f"b{uid}", ":2,", "cur"), (), 5, 9, None, FileStamp(9, 0, uid), 6, ())


def change(connection: sqlite3.Connection, *uids: int) -> MailboxRow:
    """One transaction gives these messages a new mod-sequence."""
    work = Transaction(connection, reading.instance(connection))
    row = work.mailbox(1)
    for each in work.messages(row, uids):
        work.change(row, each, each._replace(modseq=row.next_modseq(work.now_us)))
    work.save()
    return row


def row_of(connection: sqlite3.Connection) -> MailboxRow:
    known = reading.identified(connection, 1)
    assert known is not None
    return known[1]


@given(st.lists(st.sets(st.integers(1, UIDS)), max_size=5), st.integers(0, 5))
def test_news_are_what_was_changed_since(transactions: list[set[int]], known: int) -> None:
    """No message is missed, and none told that is as it was; whatever was known."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(TABLES + "INSERT INTO instance VALUES ('x')")
        work = Transaction(connection, "x")
        work.add(
            work.add_mailbox(MailboxRow(0, "", "0" * 32, 1, reserved=1000, highestmodseq=5)),
            [message(uid) for uid in range(1, UIDS + 1)],
        )
        work.save()
        rows = [row_of(connection), *(change(connection, *uids) for uids in transactions)]
        then = rows[min(known, len(rows) - 1)]
        news = reading.news(connection, 1, then.highestmodseq, then.version)

    assert news is not None
    assert [each[0] for each in news.messages] == sorted(set().union(*transactions[known:]))


def test_files_at_first_sight_are_one_range(connection: sqlite3.Connection) -> None:
    """However many they are."""
    before = row_of(connection)
    work = Transaction(connection, "")
    files = [NewFile(f"n{uid}", "", "new", 5, 0, uid, 6) for uid in range(101, 901)]
    work.enter(work.mailbox(1), [(uid, (), file) for uid, file in enumerate(files, 101)], {})
    work.save()

    news = reading.news(connection, 1, before.highestmodseq, before.version)
    assert news is not None
    assert [each[0] for each in news.messages] == list(range(101, 901))
    assert changed.since(connection, row_of(connection), before.version) == [(101, 900)]


def test_what_is_too_long_ago_is_not_told(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the oldest version on that is kept everything is, before that nothing; and the table does not grow."""
    monkeypatch.setattr(changed, "KEPT", 10)
    monkeypatch.setattr(changed, "_PRUNED", 3)
    rows = [change(connection, 1 + number % UIDS) for number in range(35)]
    now = rows[-1]

    told = {then.version: reading.news(connection, 1, then.highestmodseq, then.version) for then in rows}
    assert [version for version, news in told.items() if news is not None] == [
        version for version in told if version >= now.version - 10
    ]
    for then, news in zip(rows, told.values(), strict=True):
        assert news is None or len(news.messages) == now.version - then.version
    assert connection.execute("SELECT count(*) FROM changed").fetchone()[0] <= 10 + 3


def test_many_ranges_are_told_as_few(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows between them are looked at, and are no news."""
    monkeypatch.setattr(changed, "MOST", 3)
    monkeypatch.setattr(changed, "_NEAR", 0)
    before = row_of(connection)
    uids = list(range(1, UIDS, 4))
    change(connection, *uids)

    assert changed.since(connection, row_of(connection), before.version) == [(1, 13), (17, 29), (33, 37)]
    news = reading.news(connection, 1, before.highestmodseq, before.version)
    assert news is not None
    assert [each[0] for each in news.messages] == uids


def test_a_failed_piece_of_work_is_not_told(connection: sqlite3.Connection) -> None:
    """What is rolled back never was."""
    before = row_of(connection)
    connection.execute("SAVEPOINT job")
    change(connection, 3)
    connection.execute("ROLLBACK TO job")

    assert changed.since(connection, row_of(connection), before.version) == []
    assert changed.since(connection, change(connection, 4), before.version) == ranges([4])


def test_a_forgotten_mailbox_leaves_nothing(connection: sqlite3.Connection) -> None:
    """Here, too."""
    Transaction(connection, "").forget_mailbox(1)

    assert connection.execute("SELECT count(*) FROM changed").fetchone() == (0,)
