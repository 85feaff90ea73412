"""The tables and how a database is opened."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mailaccess.storage.index.schema import Unusable, connect, create


def test_a_new_database_can_be_opened(tmp_path: Path) -> None:
    """It has its tables, and an identity of its own."""
    create(tmp_path / "one")
    create(tmp_path / "two")

    with (
        closing(connect(tmp_path / "one", writing=True)) as one,
        closing(connect(tmp_path / "two", writing=True)) as two,
    ):
        first = one.execute("SELECT id FROM instance").fetchall()
        second = two.execute("SELECT id FROM instance").fetchall()
        assert len(first) == len(second) == 1
        assert first != second
        assert one.execute("SELECT count(*) FROM message").fetchone() == (0,)


def test_a_new_database_is_whole(tmp_path: Path) -> None:
    """One file, no journal left: it can be renamed into place."""
    create(tmp_path / "one")

    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """What runs on the reactor never takes the write lock."""
    create(tmp_path / "one")

    with closing(connect(tmp_path / "one", writing=False)) as reader, pytest.raises(sqlite3.OperationalError):
        reader.execute("DELETE FROM message")


def test_another_version_is_not_opened(tmp_path: Path) -> None:
    """Rather than to misread its tables."""
    create(tmp_path / "one")
    with closing(sqlite3.connect(tmp_path / "one")) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(Unusable, match="version 99"):
        connect(tmp_path / "one", writing=True)


def test_an_empty_file_is_not_opened(tmp_path: Path) -> None:
    """SQLite would take it for a new database."""
    (tmp_path / "one").touch()

    with pytest.raises(Unusable):
        connect(tmp_path / "one", writing=False)
