"""The ledger's file."""

import sqlite3
import threading
from pathlib import Path

import pytest

from mailaccess.auth.store import open_store, transaction


def test_file_is_private(tmp_path: Path) -> None:
    """It names users."""
    open_store(tmp_path / "ledger").close()

    assert (tmp_path / "ledger").stat().st_mode & 0o777 == 0o600


def test_what_is_written_is_there_for_the_next(tmp_path: Path) -> None:
    """It outlives the process."""
    db = open_store(tmp_path / "ledger")
    with transaction(db):
        db.execute("INSERT INTO known VALUES (x'00', 1.0)")
    db.close()

    db = open_store(tmp_path / "ledger")
    assert db.execute("SELECT at FROM known").fetchall() == [(1.0,)]
    db.close()


def test_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    """And the next one works."""
    db = open_store(tmp_path / "ledger")
    with pytest.raises(sqlite3.IntegrityError), transaction(db):
        db.execute("INSERT INTO known VALUES (x'00', 1.0), (x'02', NULL)")
    with transaction(db):
        db.execute("INSERT INTO known VALUES (x'01', 1.0)")

    assert db.execute("SELECT who FROM known").fetchall() == [(b"\1",)]
    db.close()


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    """It holds nothing worth a server that does not start."""
    (tmp_path / "ledger").write_bytes(content)
    db = open_store(tmp_path / "ledger")

    assert db.execute("SELECT count(*) FROM session").fetchone() == (0,)
    db.close()


def test_damage_further_in_is_found_too(tmp_path: Path) -> None:
    """A power cut may leave the first page whole."""
    path = tmp_path / "ledger"
    db = open_store(path)
    with transaction(db):
        db.executemany("INSERT INTO known VALUES (?, 1.0)", [(b"%16d" % number,) for number in range(2000)])
    db.close()
    content = bytearray(path.read_bytes())
    content[-8192:] = b"\xff" * 8192
    path.write_bytes(content)

    db = open_store(path)
    assert db.execute("SELECT count(*) FROM known").fetchone() == (0,)
    db.close()


def test_no_such_folder_is_an_error(tmp_path: Path) -> None:
    """Named, since that is a mistake in the configuration."""
    with pytest.raises(FileNotFoundError, match="missing"):
        open_store(tmp_path / "missing" / "ledger")


def test_workers_that_start_together_all_open_it(tmp_path: Path) -> None:
    """The change to WAL is not waited for by SQLite itself."""
    opened: list[sqlite3.Connection] = []
    workers = [threading.Thread(target=lambda: opened.append(open_store(tmp_path / "ledger"))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(opened) == 8
    for db in opened:
        db.close()
