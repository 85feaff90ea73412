"""Questions that only read."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailaccess.storage.disk import FileStamp
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import MailboxRow, Message
from mailaccess.storage.index.schema import connect, create
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.names import Entry
from mailaccess.storage.uidlist import Record


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty database."""
    create(tmp_path / "index")
    with closing(connect(tmp_path / "index", writing=True)) as connection:
        yield connection


def message(uid: int, *, base: str = "", place: str = "cur", modseq: int = 100, keys: tuple[str, ...] = ()) -> Message:
    """A message of 10 octets, dated 5."""
    entry = Entry(base or f"{uid}.host", ":2,S" if place == "cur" else "", place)  # type: ignore[arg-type]
    return Message(uid, entry, (), modseq, 10, None, FileStamp(10, 5 * 10**9, uid), 6, keys)


def fill(connection: sqlite3.Connection, *messages: Message) -> MailboxRow:
    """A mailbox with these messages."""
    transaction = Transaction(connection, "")
    row = transaction.add_mailbox(MailboxRow(0, "", "0" * 32, 1, reserved=1000))
    row.highestmodseq = 100
    transaction.add(row, messages)
    transaction.save()
    return row


def test_everything(connection: sqlite3.Connection) -> None:
    """All messages, ascending by UID, with what a session needs."""
    row = fill(connection, message(1), message(3))
    news = reading.everything(connection, row.id)

    assert news is not None
    assert news.messages == [(1, ":2,S", None, 100, 10, 5, 6), (3, ":2,S", None, 100, 10, 5, 6)]
    assert news.row.uidnext == 4


def test_news_are_what_changed(connection: sqlite3.Connection) -> None:
    """Above a mod-sequence: messages, and the UIDs of what is gone."""
    row = fill(connection, message(1), message(2), message(3))
    transaction = Transaction(connection, "")
    row = transaction.mailbox(row.id)
    transaction.change(row, message(1), message(1)._replace(modseq=row.next_modseq(200)))
    transaction.remove(row, [message(2), message(3)])
    transaction.save()
    news = reading.news(connection, row.id, 100, version=0)

    assert news is not None
    assert [each[0] for each in news.messages] == [1]
    assert news.gone == [(2, 3)]


def test_no_news_where_the_row_is_known(connection: sqlite3.Connection) -> None:
    """Nothing is read but the row."""
    row = fill(connection, message(1))
    stored = reading.mailbox_at(connection, "")

    assert stored is not None
    news = reading.news(connection, row.id, 0 + row.floor, stored.version)
    assert news is not None
    assert news.messages == []


def test_news_below_the_floor_are_not_known(connection: sqlite3.Connection) -> None:
    """What was expunged so long ago nobody can say."""
    row = fill(connection, message(1))
    transaction = Transaction(connection, "")
    transaction.mailbox(row.id).floor = 50
    transaction.save()

    assert reading.news(connection, row.id, 49, version=0) is None
    assert reading.news(connection, row.id, 50, version=0) is not None


def test_an_unknown_mailbox(connection: sqlite3.Connection) -> None:
    """None, not an error."""
    assert reading.everything(connection, 7) is None
    assert reading.news(connection, 7, 1, 0) is None
    assert reading.version(connection, 7) is None
    assert reading.mailbox_at(connection, ".Sent") is None


def test_names_by_directory(connection: sqlite3.Connection) -> None:
    """As they stand on disk, undecodable octets included."""
    row = fill(connection, message(1, place="new"), message(2), message(3, base="caf\udce9"))

    assert reading.names(connection, row.id, "new") == {"1.host"}
    assert reading.names(connection, row.id, "cur") == {"2.host:2,S", "caf\udce9:2,S"}


def test_entries(connection: sqlite3.Connection) -> None:
    """Equal to what a scan gives."""
    row = fill(connection, message(1, place="new"), message(3, base="caf\udce9"))

    assert reading.entries(connection, row.id) == {Entry("1.host", "", "new"), Entry("caf\udce9", ":2,S", "cur")}


def test_uids(connection: sqlite3.Connection) -> None:
    """Of one mailbox alone."""
    row = fill(connection, message(1), message(3))

    assert reading.uids(connection, row.id) == [1, 3]
    assert reading.uids(connection, row.id + 1) == []


def test_records(connection: sqlite3.Connection) -> None:
    """The uidlist's lines, from a UID on."""
    row = fill(connection, message(1), message(2, keys=("Pabc",)), message(3))

    assert list(reading.records(connection, row.id, 2)) == [Record(2, "2.host", ("Pabc",)), Record(3, "3.host", ())]


def test_facts_of_another_version_are_not_found(connection: sqlite3.Connection) -> None:
    """They are made anew."""
    row = fill(connection, message(1), message(2))
    transaction = Transaction(connection, "")
    transaction.save_facts(row, 1, 1, b"old")
    transaction.save_facts(row, 2, 2, b"new")

    assert reading.facts(connection, row.id, [1, 2, 3], version=2) == {2: b"new"}


def test_what_is_asked_after_every_change_does_not_read_the_mailbox_whole(connection: sqlite3.Connection) -> None:
    """Each is answered by an index, whatever SQLite thinks of the sizes of tables."""
    row = fill(connection, message(1))
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    reading.news(connection, row.id, 50, version=0)
    reading.names(connection, row.id, "new")
    reading.count_from(connection, row.id, 1)
    reading.keys_of(connection, row.id, 1, 2)
    connection.set_trace_callback(None)
    plans = [
        step[3]
        for statement in statements
        if statement.startswith("SELECT")
        for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]

    assert [plan for plan in plans if plan.startswith("SCAN") and "instance" not in plan] == []
    assert [plan for plan in plans if "PRIMARY KEY (mailbox=?)" in plan and "message" in plan] == []


@pytest.mark.parametrize("uids", [[1, 2, 3], [3, 1], [1, 900], [2, 900], [], [900, 3, 3]])
def test_the_messages_and_facts_of_some(connection: sqlite3.Connection, uids: list[int]) -> None:
    """Those that are there, however far apart; nobody else's."""
    row = fill(connection, message(1), message(3), message(900))
    transaction = Transaction(connection, "")
    for uid in (1, 3, 900):
        transaction.save_facts(row, uid, 7, b"%d" % uid)
    there = sorted({1, 3, 900}.intersection(uids))

    messages = reading.messages_of(connection, row.id, uids)
    assert [each.uid for each in messages] == there
    files = reading.files_of(connection, row.id, uids)
    assert [(file.uid, file.entry, file.size, file.ending, file.stamp) for file in map(files.get, there) if file] == [
        (each.uid, each.entry, each.size, each.ending, each.stamp) for each in messages
    ]
    assert reading.facts(connection, row.id, sorted(set(uids)), 7) == {uid: b"%d" % uid for uid in there}
    assert reading.facts(connection, row.id, sorted(set(uids)), 8) == {}


@pytest.mark.parametrize("uids", [(2, 3), (2, 900), ()])
def test_places_of_files(connection: sqlite3.Connection, uids: tuple[int, ...]) -> None:
    """Of messages that stand together there may be more than were asked for; of those far apart there are not."""
    row = fill(connection, message(2), message(3, place="new"), message(900))
    places = {
        2: (2, "2.host", ":2,S", "cur", None, 10, 5 * 10**9),
        3: (3, "3.host", "", "new", None, 10, 5 * 10**9),
        900: (900, "900.host", ":2,S", "cur", None, 10, 5 * 10**9),
    }

    assert reading.places_of(connection, row.id, uids) == [places[uid] for uid in uids]
