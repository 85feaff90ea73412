"""Messages packed in chunks: the same come out, and only what differs is written."""

import json
import sqlite3
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.flags import Flags
from mailaccess.storage.index import packing, schema
from mailaccess.storage.index.packing import RANGE, Columns, Header, chunks_of, header, read, write
from mailaccess.storage.index.rows import facts_id

NO_FLAGS: Flags = frozenset()


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    """An empty index."""
    schema.create(tmp_path / "index")
    return schema.connect(tmp_path / "index", writing=True)


def columns(uids: list[int], flags: list[Flags] | None = None) -> Columns:
    """Messages of these UIDs, everything else made of them."""
    return Columns(
        array("I", uids),
        flags or [NO_FLAGS] * len(uids),
        array("Q", [uid << 20 for uid in uids]),
        array("Q", [(1 << 64) - 1 if uid % 3 == 0 else uid for uid in uids]),
        array("q", [-uid for uid in uids]),
        array("q", [uid + 1 for uid in uids]),
    )


def kept(modseq: int) -> Header:
    return Header(modseq, 3, "[]", {"a": "A"}, 1, {})


numbers = st.lists(st.integers(1, 5 * RANGE), unique=True, max_size=50).map(sorted)


@given(uids=numbers, kinds=st.lists(st.frozensets(st.text(max_size=3), max_size=3), min_size=1))
def test_what_was_packed_comes_out(uids: list[int], kinds: list[Flags]) -> None:
    """All columns, across chunks, with whatever keywords."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE packed (id INTEGER PRIMARY KEY, data BLOB)")
    given_ = columns(uids, [kinds[uid % len(kinds)] for uid in uids])
    write(connection, 7, kept(5), chunks_of(given_))
    found = header(connection, 7)

    assert found is not None
    assert (found.modseq, found.version, found.keywords, found.further, found.unsized) == (5, 3, "[]", {"a": "A"}, 1)
    assert read(connection, 7, found) == given_
    assert header(connection, 8) is None


def test_only_what_differs_is_written(connection: sqlite3.Connection) -> None:
    """A chunk that is the same stays, one without messages goes."""
    everywhere = list(range(1, 4 * RANGE, 100))
    write(connection, 7, kept(5), chunks_of(columns(everywhere)))
    before = connection.total_changes
    left = [uid for uid in everywhere if uid // RANGE != 2]
    write(connection, 7, kept(6), chunks_of(columns([*left, 4 * RANGE])))
    found = header(connection, 7)

    assert connection.total_changes - before == 3  # the new chunk, the removed one, and the header
    assert found is not None
    assert list(read(connection, 7, found).uids) == [*left, 4 * RANGE]


def test_what_is_older_replaces_nothing(connection: sqlite3.Connection) -> None:
    """Two workers may pack the same mailbox."""
    write(connection, 7, kept(5), chunks_of(columns([1, 2])))
    write(connection, 7, kept(4), chunks_of(columns([1])))
    found = header(connection, 7)

    assert found is not None
    assert found.modseq == 5
    assert list(read(connection, 7, found).uids) == [1, 2]


def test_a_header_of_another_version(connection: sqlite3.Connection) -> None:
    """Was without the first unseen message, or has what nobody knows yet."""
    write(connection, 7, kept(5)._replace(unseen=(1, 0, 2)), chunks_of(columns([1, 2])))
    ask, put = "SELECT data FROM packed WHERE id = ?", "UPDATE packed SET data = ? WHERE id = ?"
    key = facts_id(7, 0)
    fields = json.loads(connection.execute(ask, (key,)).fetchone()[0])
    assert fields[-1][-3:] == [1, 0, 2]
    connection.execute(put, (json.dumps([*fields[:-1], fields[-1][:-3]]), key))
    found = header(connection, 7)
    assert found is not None
    assert not found.unseen
    connection.execute(put, (json.dumps([*fields, "more"]), key))

    assert header(connection, 7) is None


def test_another_machine_does_not_read_it(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which may order octets otherwise."""
    write(connection, 7, kept(5), chunks_of(columns([1, 2])))
    monkeypatch.setattr(packing, "_ORDER", ["middle"])

    assert header(connection, 7) is None
