"""The tables of the full-text index."""

import sqlite3
from pathlib import Path

import pytest

from mailaccess.storage.text import schema


def test_it_says_whose_it_is(tmp_path: Path) -> None:
    """And lets in nobody else."""
    path = tmp_path / "a file%20.sqlite"
    schema.create(path, "one")
    schema.connect(path, "one", writing=True).close()
    with pytest.raises(schema.Unusable):
        schema.connect(path, "two", writing=False)


def test_what_goes_with_its_text_leaves_no_trace(tmp_path: Path) -> None:
    """In the table of trigrams, which does not keep the texts."""
    path = tmp_path / "text.sqlite"
    schema.create(path, "one")
    connection = schema.connect(path, "one", writing=True)
    for number, text in ((1, "ABCD"), (2, "BCDE")):
        connection.execute("INSERT INTO trigram (rowid, text) VALUES (?, ?)", (number, text))
    connection.execute("INSERT INTO trigram (trigram, rowid, text) VALUES ('delete', 1, 'ABCD')")

    ask = "SELECT rowid FROM trigram WHERE trigram MATCH ?"
    assert connection.execute(ask, ('"BCD"',)).fetchall() == [(2,)]
    assert connection.execute(ask, ('"ABC"',)).fetchall() == []
    assert connection.execute(ask, ('"bcd"',)).fetchall() == [], "texts are folded already"
    connection.close()


def test_damage(tmp_path: Path) -> None:
    """What is told from what will pass."""
    (tmp_path / "x").write_bytes(b"x" * 5000)
    with pytest.raises(sqlite3.DatabaseError) as raised:
        schema.connect(tmp_path / "x", "one", writing=True)
    assert schema.is_damaged(raised.value)
    assert not schema.is_damaged(sqlite3.OperationalError("unable to open database file"))
