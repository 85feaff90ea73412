"""What a piece of work did, told without asking the index."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailaccess.storage.disk import FileStamp
from mailaccess.storage.index import reading
from mailaccess.storage.index.delta import Delta
from mailaccess.storage.index.rows import MailboxRow, Message
from mailaccess.storage.index.schema import connect, create
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.names import Entry, no_names


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """To an index with one mailbox of three messages."""
    create(tmp_path / "index")
    with closing(connect(tmp_path / "index", writing=True)) as connection:
        first = begin(connection)
        row = first.add_mailbox(MailboxRow(0, "", "0" * 32, 1, reserved=100))
        first.add(row, [message(1, 5), message(2, 6), message(3, 7)])
        row.highestmodseq = 7
        first.save()
        yield connection


def begin(connection: sqlite3.Connection) -> Transaction:
    return Transaction(connection, reading.instance(connection))


def message(uid: int, modseq: int, info: str = ":2,", mtime: int = 0) -> Message:
    return Message(uid, Entry(f"b\udcff{uid}", info, "cur"), ("$x",), modseq, 9, None, FileStamp(9, mtime, uid), 6, ())


def change(work: Transaction) -> Delta:
    """One message is marked, one is moved, one is removed, two come, of which one goes again."""
    row = work.mailbox(1)
    one, two, three = work.messages(row, [1, 2, 3])
    work.change(row, one, one._replace(entry=one.entry._replace(info=":2,F"), modseq=row.next_modseq(work.now_us)))
    work.change(row, two, two._replace(entry=two.entry._replace(where="new")))
    late = [message(4, row.next_modseq(work.now_us), ":2,S", -1_500_000_000), message(5, row.highestmodseq)]
    work.add(row, late)
    work.remove(row, [three, late[1]])
    work.save()
    return work.deltas[1]


def test_it_says_what_the_index_says(connection: sqlite3.Connection) -> None:
    """Who was where it began is where the index is."""
    before = reading.identified(connection, 1)
    delta = change(begin(connection))

    assert before is not None
    assert (delta.instance, delta.before) == (before[0], before[1].version)
    assert delta.news() == reading.news(connection, 1, before[1].highestmodseq, before[1].version)


def test_names(connection: sqlite3.Connection) -> None:
    """As the kernel tells of them."""
    assert change(begin(connection)).names == {
        "new": {b"b\xff2:2,": True},
        "cur": {
            b"b\xff1:2,": False,
            b"b\xff1:2,F": True,
            b"b\xff2:2,": False,
            b"b\xff3:2,": False,
            b"b\xff4:2,S": True,
            b"b\xff5:2,": False,
        },
    }


def test_who_only_looks_changes_nothing(connection: sqlite3.Connection) -> None:
    """And is known to have seen the row as it was."""
    work = begin(connection)
    row = work.mailbox(1)
    work.save()

    delta = work.deltas[1]
    assert (delta.before, delta.messages, delta.gone, delta.names) == (row.version, {}, [], no_names())
