"""What one piece of work reads and changes."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailaccess.mail.lines import LineEnding
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import MailboxRow, Message
from mailaccess.storage.index.schema import connect, create
from mailaccess.storage.index.transaction import Forgotten, Transaction, ranges
from mailaccess.storage.names import Entry


@pytest.fixture
def transaction(tmp_path: Path) -> Iterator[Transaction]:
    """One on an empty database."""
    create(tmp_path / "index")
    with closing(connect(tmp_path / "index", writing=True)) as connection:
        yield Transaction(connection, "")


@pytest.fixture
def row(transaction: Transaction) -> MailboxRow:
    """An empty mailbox with 100 UIDs reserved."""
    return transaction.add_mailbox(MailboxRow(0, "", "0" * 32, 1, reserved=101))


def message(uid: int, letters: str = "", size: int | None = 10) -> Message:
    """A message in cur/."""
    return Message(uid, Entry(f"{uid}.host", f":2,{letters}", "cur"), (), 5, size, None, FileStamp(9, 9, uid), 6, ())


def test_rows_are_saved_at_the_end(transaction: Transaction, row: MailboxRow) -> None:
    """Who asks twice gets the same row; its version tells readers that it changed."""
    transaction.mailbox(row.id).first_recent = 7
    assert transaction.mailbox(row.id) is row
    transaction.save()

    again = Transaction(transaction.connection, "").mailbox(row.id)
    assert (again.first_recent, again.version) == (7, 1)


def test_an_unchanged_row_is_not_written(transaction: Transaction, row: MailboxRow) -> None:
    """So that nobody takes it for news."""
    transaction.mailbox(row.id)
    transaction.save()

    assert Transaction(transaction.connection, "").mailbox(row.id).version == 0


def test_an_unknown_mailbox_is_forgotten(transaction: Transaction) -> None:
    """It may have been deleted, or the index may be another one."""
    with pytest.raises(Forgotten):
        transaction.mailbox(99)


def test_adding_counts_and_raises_the_next_uid(transaction: Transaction, row: MailboxRow) -> None:
    """UIDs may have gaps, as a uidlist that is taken over has."""
    transaction.add(row, [message(3, "S"), message(7, "T", None)])

    assert (row.uidnext, row.messages, row.unseen, row.deleted, row.unsized, row.size) == (8, 2, 1, 1, 1, 10)
    assert transaction.touched == {row.id}


@pytest.mark.parametrize("uid", [1, 101])
def test_a_uid_must_be_new_and_reserved(transaction: Transaction, row: MailboxRow, uid: int) -> None:
    """Below the next one it might name two messages, above what is reserved it might after a crash."""
    transaction.add(row, [message(2)])

    with pytest.raises(AssertionError, match="is not in"):
        transaction.add(row, [message(uid)])


def test_two_messages_cannot_share_a_base(transaction: Transaction, row: MailboxRow) -> None:
    """A file is one message."""
    transaction.add(row, [message(1)])

    with pytest.raises(sqlite3.IntegrityError):
        transaction.add(row, [message(2)._replace(entry=message(1).entry)])


def test_a_change_is_told_only_with_a_new_mod_sequence(transaction: Transaction, row: MailboxRow) -> None:
    """A file's move from new/ to cur/ is nobody's business."""
    transaction.add(row, [message(1)])
    transaction.touched.clear()
    transaction.change(row, message(1), message(1, "S"))
    assert transaction.touched == set()
    assert row.unseen == 0

    transaction.change(row, message(1, "S"), message(1)._replace(modseq=6))
    assert transaction.touched == {row.id}
    assert row.unseen == 1


def test_what_is_measured_is_told_to_nobody(transaction: Transaction, row: MailboxRow) -> None:
    """It was so all the time. What is known already stays; who is not there is not entered."""
    transaction.add(row, [message(1, size=None), message(2), message(3, size=None)])
    transaction.touched.clear()
    measured = dict.fromkeys((2, 3, 4), (20, LineEnding.LF))
    assert transaction.measure(row, measured) == [2, 3]

    found = transaction.messages(row, [1, 2, 3])
    assert [(one.size, one.ending) for one in found] == [(None, None), (10, None), (20, LineEnding.LF)]
    assert (row.unsized, row.size) == (1, 30)
    assert transaction.touched == set()


def test_removing_leaves_ranges(transaction: Transaction, row: MailboxRow) -> None:
    """Under one mod-sequence; facts stay until they are left facts."""
    transaction.add(row, [message(uid) for uid in range(1, 6)])
    transaction.save_facts(row, 2, 1, b"facts")
    before = row.highestmodseq
    transaction.remove(row, [message(1), message(2), message(4)])

    assert reading.gone_since(transaction.connection, row.id, before) == [(1, 2), (4, 4)]
    assert (row.messages, row.highestmodseq > before) == (2, True)
    assert reading.facts(transaction.connection, row.id, [2], 1) == {2: b"facts"}
    assert reading.left_facts(transaction.connection, row.highestmodseq) == []
    left = reading.left_facts(transaction.connection, row.highestmodseq + 1)
    transaction.drop_facts(left)
    assert reading.facts(transaction.connection, row.id, [2], 1) == {}


def test_forgetting_old_expunges(transaction: Transaction, row: MailboxRow) -> None:
    """Those below a mod-sequence, and all but the newest so many; the floor is the highest that is gone."""
    for uid in range(1, 7):
        transaction.now_us = uid * 10
        transaction.add(row, [message(uid)])
        transaction.remove(row, [message(uid)])

    assert transaction.forget_expunges(row.id, before=25, most=100) == 20
    assert transaction.forget_expunges(row.id, before=0, most=3) == 30
    assert transaction.forget_expunges(row.id, before=0, most=3) == 0
    assert reading.gone_since(transaction.connection, row.id, 30) == [(4, 4), (5, 5), (6, 6)]


def test_a_mailbox_can_be_forgotten(transaction: Transaction, row: MailboxRow) -> None:
    """With messages, expunges and facts; another mailbox keeps its own."""
    other = transaction.add_mailbox(MailboxRow(0, ".Sent", "1" * 32, 1, reserved=101))
    for each in (row, other):
        transaction.add(each, [message(1), message(2)])
        transaction.remove(each, [message(1)])
        transaction.save_facts(each, 2, 1, b"facts")
    transaction.forget_mailbox(row.id)
    transaction.save()

    count = {
        table: transaction.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("mailbox", "message", "gone", "facts")
    }
    assert count == {"mailbox": 1, "message": 1, "gone": 1, "facts": 1}


def test_a_directory_can_change_hands(transaction: Transaction, row: MailboxRow) -> None:
    """One mailbox leaves it, another takes it."""
    other = transaction.add_mailbox(MailboxRow(0, ".Sent", "1" * 32, 1))
    transaction.set_directory(row, None)
    transaction.set_directory(other, "")
    transaction.save()

    found = Transaction(transaction.connection, "").find_mailbox(directory="")
    assert found is not None
    assert found.guid == "1" * 32


def test_letters_in_use(transaction: Transaction, row: MailboxRow) -> None:
    """Of all messages, unknown letters too."""
    transaction.add(row, [message(1, "Sa"), message(2, "Pa")])

    assert transaction.letters(row) == {"S", "P", "a"}


def test_undoing_goes_backwards_and_goes_on(transaction: Transaction) -> None:
    """What cannot be taken back does not keep the rest from it."""
    undone: list[int] = []

    def fail() -> None:
        raise OSError("disk on fire")

    transaction.on_failure(lambda: undone.append(1))
    transaction.on_failure(fail)
    transaction.on_failure(lambda: undone.append(3))
    transaction.undo()

    assert undone == [3, 1]


def test_ranges() -> None:
    """Ascending numbers, as first to last."""
    assert ranges([1, 2, 3, 5, 7, 8]) == [(1, 3), (5, 5), (7, 8)]
    assert ranges([]) == []
