"""The file of the full-text index: there when it is needed, and whole; nobody's place is taken."""

import sqlite3
from pathlib import Path

import pytest

from mailaccess.storage.text import schema
from mailaccess.storage.text.database import TextFile


@pytest.fixture
def file(tmp_path: Path) -> TextFile:
    return TextFile(tmp_path)


def make(file: TextFile, instance: str = "one") -> None:
    """One is there, and nobody has it open."""
    opened = file.open_writing(instance)
    assert opened is not None
    opened.connection.execute("INSERT INTO mailbox VALUES (1, 2, 3, 4)")
    opened.close()


def test_there_is_none_until_somebody_makes_it(file: TextFile) -> None:
    """Whoever only asks does not."""
    assert file.open("one") is None
    assert file.open_writing("one", create=False) is None
    assert not file.exists()
    make(file)
    opened = file.open("one")
    assert opened is not None
    assert opened.connection.execute("SELECT number FROM mailbox").fetchall() == [(1,)]
    with pytest.raises(sqlite3.OperationalError):
        opened.connection.execute("DELETE FROM mailbox")
    opened.close()
    assert file.size() > 0


def test_that_of_another_index_is_begun_anew(file: TextFile) -> None:
    """The numbers in it are of other mailboxes."""
    make(file)
    assert file.open("two") is None
    assert not file.exists()
    make(file, "two")


@pytest.mark.parametrize("damage", [b"", b"x" * 5000])
def test_what_is_no_database_is_begun_anew(file: TextFile, damage: bytes) -> None:
    """Whatever was written over it."""
    make(file)
    file.path.write_bytes(damage)
    assert file.open("one") is None
    make(file)


def test_one_of_another_version_is_begun_anew(file: TextFile) -> None:
    """As this one was not made by us."""
    make(file)
    connection = sqlite3.connect(file.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert file.open("one") is None
    assert not file.exists()


def test_it_is_not_removed_under_somebody(file: TextFile) -> None:
    """SQLite would remove the journal of what comes in its place."""
    make(file)
    opened = file.open("one")
    assert opened is not None
    assert not file.remove()
    assert file.is_current(opened)
    file.failed(opened, schema.Unusable("for a reason"))
    assert not file.exists()
    assert not file.is_current(opened)
    opened.close()


def test_what_passes_is_no_damage(file: TextFile) -> None:
    """A full disk, or one who is too busy."""
    make(file)
    opened = file.open("one")
    assert opened is not None
    file.failed(opened, sqlite3.OperationalError("database or disk is full"))
    assert file.exists()


def test_where_there_can_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none: no directory, no such thing in SQLite."""
    assert TextFile(tmp_path / "missing").open_writing("one") is None
    monkeypatch.setattr(schema, "TABLES", "CREATE VIRTUAL TABLE x USING none;")
    file = TextFile(tmp_path)
    assert file.open_writing("one") is None
    monkeypatch.undo()
    assert file.open_writing("one") is None, "SQLite does not learn"
