"""Changes of info alone."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from mailaccess.storage.disk import FileStamp
from mailaccess.storage.index import infos
from mailaccess.storage.index.infos import Change, File, encoded
from mailaccess.storage.index.rows import MailboxRow, Message
from mailaccess.storage.index.schema import connect, create
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.names import Entry


def message(uid: int, info: str = ":2,", base: str = "") -> Message:
    return Message(uid, Entry(base or f"b{uid}", info, "cur"), (), 5, 9, None, FileStamp(100 + uid, 0, uid), 6, ())


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """To an index with one mailbox, whose UIDs have a gap."""
    create(tmp_path / "index")
    with closing(connect(tmp_path / "index", writing=True)) as connection:
        work = Transaction(connection, "")
        row = work.add_mailbox(MailboxRow(0, "", "0" * 32, 1, reserved=1000))
        work.add(row, [message(1), message(2, ":2,S"), message(3, ":2,ST"), message(900, base="b\udcff")])
        work.save()
        yield connection


def name(file: File, info: str | bytes) -> bytes:
    return encoded(file.base) + encoded(info)


def change(files: Sequence[File], info: str) -> Change:
    """Of files that are alike."""
    renamed = [(name(file, file.info), name(file, info)) for file in files]
    return Change(files[0].info, None, info, None, list(files), renamed)


def test_names_are_spelled_as_the_kernel_does(connection: sqlite3.Connection) -> None:
    """Also those that are no text."""
    plain, strange = infos.files(connection, 1, [1, 900])

    assert (name(plain, ":2,F"), name(strange, ":2,F")) == (b"b1:2,F", b"b\xff:2,F")
    assert name(strange, b":2,\xff") == b"b\xff:2,\xff"


@pytest.mark.parametrize("uids", [[], [1, 2], [3, 1, 1, 4], [1, 900], [2, 899]])
def test_files_are_those_that_are_there(connection: sqlite3.Connection, uids: list[int]) -> None:
    """Ascending, however far apart."""
    assert [file.uid for file in infos.files(connection, 1, uids)] == sorted({1, 2, 3, 900} & set(uids))


def test_changes_are_counted_as_one_by_one(connection: sqlite3.Connection) -> None:
    """The same rows and the same sums."""
    ones = Transaction(connection, "")
    row = ones.mailbox(1)
    connection.execute("SAVEPOINT before")
    modseq = row.next_modseq(ones.now_us)
    for each, info in zip(ones.messages(row, [1, 2, 3]), [":2,S", ":2,T", ":2,T"], strict=True):
        ones.change(row, each, each._replace(entry=each.entry._replace(info=info), modseq=modseq))
    expected = ones.messages_from(row), row, ones.deltas[1].news(), ones.deltas[1].names
    connection.execute("ROLLBACK TO before")

    many = Transaction(connection, "")
    many.now_us = modseq
    row = many.mailbox(1)
    files = many.files(row, [1, 2, 3])
    renames = zip(files, [":2,S", ":2,T", ":2,T"], strict=True)
    many.change_infos(row, [change([file], info) for file, info in renames])

    assert (many.messages_from(row), row, many.deltas[1].news(), many.deltas[1].names) == expected
    assert many.touched == {1}


def test_no_change_is_none(connection: sqlite3.Connection) -> None:
    """And has no mod-sequence."""
    work = Transaction(connection, "")
    row = work.mailbox(1)
    before = row.highestmodseq
    work.change_infos(row, [])

    assert (row.highestmodseq, work.touched) == (before, set())


@pytest.mark.parametrize("uids", [[1, 4], [1, 2, 4], [1, 3, 4], [1, 4, 5]])
def test_files_that_are_alike_are_changed_without_their_neighbours(
    connection: sqlite3.Connection, uids: list[int]
) -> None:
    """Others between them had the same info, have another, are in new/, or have further keywords."""
    work = Transaction(connection, "")
    row = work.mailbox(1)
    connection.execute("UPDATE message SET uid = 4, base = 'b4' WHERE uid = 900")
    connection.execute("UPDATE message SET info = ':2,', place = 'new' WHERE uid = 3")
    columns = "1, 5, 'b5', info, place, '$x', 5, 9, 0, 105, 0, 0, 6, NULL"
    connection.execute(f"INSERT INTO message SELECT {columns} FROM message WHERE uid = 1")
    infos_before = {each.uid: each.entry.info for each in work.messages_from(row)}
    taken = [file for file in work.files(row, uids) if (file.info, file.place, file.extra) == (":2,", "cur", None)]

    work.change_infos(row, [change(taken, ":2,F")])

    expected = infos_before | {file.uid: ":2,F" for file in taken}
    assert {each.uid: each.entry.info for each in work.messages_from(row)} == expected
    assert {each.uid for each in work.messages_from(row) if each.modseq == row.highestmodseq} == {f.uid for f in taken}
