"""One account's index: its file and connections, lost and corrupt files."""

import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailaccess.storage import disk
from mailaccess.storage.errors import Unavailable
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import BROKEN, FILE, Index
from mailaccess.storage.index.rows import MailboxRow
from mailaccess.storage.index.transaction import Forgotten, Transaction


class Watched(Index):
    """An index, and what it told."""

    def __init__(self, directory: Path) -> None:
        self.told: list[set[int]] = []
        self.uses = 0
        super().__init__(directory, lambda _, touched, __: self.told.append(touched), self._used)

    def _used(self, _index: Index) -> None:
        self.uses += 1


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Watched]:
    """An index that is not there yet."""
    index = Watched(tmp_path / "index")
    yield index
    index.close()


def enter(directory: str) -> "Enter":
    return Enter(directory)


class Enter:
    """Enters a mailbox."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def __call__(self, transaction: Transaction) -> int:
        row = transaction.add_mailbox(MailboxRow(0, self.directory, self.directory or "inbox", 1))
        transaction.touched.add(row.id)
        return row.id


def directories(index: Index) -> list[str | None]:
    """Those of all mailboxes."""
    return [row.directory for row in index.read(reading.mailboxes)]


def test_it_is_made_when_first_asked(index: Watched) -> None:
    """Nobody else may look into it."""
    assert directories(index) == []
    assert index.directory.stat().st_mode & 0o077 == 0


def test_what_was_written_can_be_read(index: Watched) -> None:
    """By this process and by others."""
    index.write(enter(""))
    other = Index(index.directory, lambda *_: None)

    assert directories(index) == directories(other) == [""]
    assert index.told == [{1}]
    other.close()


def test_reading_apart_sees_one_state(index: Watched) -> None:
    """However much is written meanwhile."""
    index.write(enter(""))

    def ask(connection: sqlite3.Connection) -> tuple[int, int]:
        before = len(reading.mailboxes(connection))
        index.write(enter(".Sent"))
        return before, len(reading.mailboxes(connection))

    assert index.read_apart(ask) == (1, 1)
    assert len(directories(index)) == 2


def test_a_reader_does_not_wait_for_a_writer(index: Watched) -> None:
    """It reads what was committed last, on the reactor."""
    index.write(enter(""))

    def write(transaction: Transaction) -> list[str | None]:
        enter(".Sent")(transaction)
        return directories(index)

    assert index.write(write) == [""]


def open_files() -> int:
    """How many this process has."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_connections_can_be_released(index: Watched) -> None:
    """They are opened again when needed."""
    index.write(enter(""))
    before = open_files()

    assert index.release()
    assert open_files() < before
    assert directories(index) == [""]


def test_connections_in_use_are_not_released(index: Watched) -> None:
    """Neither while something is written nor while something is read."""
    refused = [index.write(lambda _: index.release()), index.read(lambda _: index.release())]

    assert refused == [False, False]


def test_use_is_told(index: Watched) -> None:
    """By whoever may open connections and can wait; a question on the reactor cannot."""
    index.write(enter(""))
    index.read_apart(reading.mailboxes)
    index.verify()
    assert index.uses == 3

    index.read(reading.mailboxes)
    assert index.uses == 3


def test_a_removed_index_is_made_anew(index: Watched) -> None:
    """It is another instance, which knows nothing, and the wrong one is not written to."""
    index.write(enter(""))
    instance = index.instance()
    shutil.rmtree(index.directory)
    index.verify()

    assert directories(index) == []
    assert index.instance() != instance
    assert index.write(lambda transaction: transaction.instance) == index.instance()


def test_a_file_removed_alone_does_not_get_the_old_journal(index: Watched) -> None:
    """SQLite would replay the WAL of the old file into the new one."""
    index.write(enter(""))
    (index.directory / FILE).unlink()
    assert (index.directory / f"{FILE}-wal").exists()
    index.verify()

    assert directories(index) == []
    assert index.is_sound()


def test_an_earlier_state_is_set_aside(index: Watched) -> None:
    """Put in its place while it is in use, it does not know what was done since."""
    index.write(enter(""))
    earlier = index.directory / "copy"
    with closing(sqlite3.connect(index.directory / FILE)) as source, closing(sqlite3.connect(earlier)) as target:
        source.backup(target)
    index.write(enter(".Work"))
    instance = index.instance()
    for suffix in ("-wal", "-shm"):
        (index.directory / f"{FILE}{suffix}").unlink()
    earlier.replace(index.directory / FILE)
    index.verify()
    with pytest.raises(Forgotten):
        index.write(enter(".Other"))

    assert (index.directory / BROKEN).exists()
    assert directories(index) == []
    assert index.instance() != instance


@pytest.mark.parametrize("first", ["read", "read_apart", "write"])
def test_a_corrupt_index_is_set_aside(tmp_path: Path, first: str, caplog: pytest.LogCaptureFixture) -> None:
    """With a warning, once; then a new one serves."""
    index = Index(tmp_path, lambda *_: None)
    index.write(enter(""))
    index.close()
    (tmp_path / FILE).write_bytes(b"this is no database" * 1000)
    work = enter("") if first == "write" else reading.mailboxes
    with pytest.raises(Forgotten), caplog.at_level(logging.WARNING):
        getattr(index, first)(work)

    assert "set aside" in caplog.text
    assert (tmp_path / BROKEN).read_bytes().startswith(b"this is no database")
    assert directories(index) == []
    index.write(enter(""))
    assert directories(index) == [""]
    index.close()


@pytest.mark.parametrize("first", ["read", "read_apart", "write"])
def test_an_index_whose_journal_was_cut_short_is_set_aside(index: Watched, first: str) -> None:
    """Nobody could read what was in it, as long as one process had it open."""
    other = Index(index.directory, lambda *_: None)
    for name in range(60):
        index.write(enter(f".{name}"))
    assert len(directories(other)) == 60
    index.release()
    os.truncate(index.directory / f"{FILE}-wal", 0)
    work = enter("") if first == "write" else reading.mailboxes
    with pytest.raises(Forgotten):
        getattr(index, first)(work)
    index.write(enter(".New"))
    other.verify()

    assert directories(index) == directories(other) == [".New"]
    other.close()


@pytest.mark.parametrize("removed", [("-wal", "-shm"), ("-wal",), ("-shm",)])
@pytest.mark.parametrize("first", ["verify", "read_apart", "write"])
def test_an_index_whose_journal_was_removed_is_set_aside(index: Watched, first: str, removed: tuple[str, ...]) -> None:
    """Another process would see what was before, and write without seeing us."""
    index.write(enter(""))
    instance = index.instance()
    for suffix in removed:
        (index.directory / f"{FILE}{suffix}").unlink()
    if first == "verify":
        index.verify()
    else:
        with pytest.raises(Forgotten):
            getattr(index, first)(enter(".a") if first == "write" else reading.mailboxes)
    index.verify()

    assert (index.directory / BROKEN).exists()
    assert directories(index) == []
    assert index.write(lambda transaction: transaction.instance) == index.instance() != instance


def test_corruption_inside_is_found_by_looking_through_it(index: Watched) -> None:
    """`check` reads the whole file."""
    for number in range(200):
        index.write(enter(f".{number:0100}"))
    assert index.is_sound()
    index.close()
    data = bytearray((index.directory / FILE).read_bytes())
    data[4096 * 3 + 2000 : 4096 * 4] = bytes(2096)
    (index.directory / FILE).write_bytes(data)

    assert not index.is_sound()
    assert directories(index) == []


def test_corruption_met_by_two_is_set_aside_once(index: Watched) -> None:
    """The second finds the new file and keeps it."""
    index.write(enter(""))
    other = Index(index.directory, lambda *_: None)
    assert directories(other) == [""]
    index.close()
    other.close()
    (index.directory / FILE).write_bytes(b"no database")
    with pytest.raises(Forgotten):
        index.read(reading.mailboxes)
    index.write(enter(".New"))

    assert directories(other) == [".New"]
    other.close()


def test_a_database_of_another_version_is_set_aside(index: Watched) -> None:
    """All it knows can be found again."""
    index.write(enter(""))
    index.close()
    with closing(sqlite3.connect(index.directory / FILE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Forgotten):
        index.read(reading.mailboxes)

    assert directories(index) == []


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """WAL needs memory shared by all who use it: it says which setting helps."""
    monkeypatch.setattr(disk, "_SHARED", {disk_type(tmp_path)})
    index = Index(tmp_path / "index", lambda *_: None)

    with pytest.raises(Unavailable, match=r"storage\.index"):
        index.read(reading.mailboxes)
    with pytest.raises(Unavailable, match=r"storage\.index"):
        index.write(enter(""))


def disk_type(path: Path) -> int:
    """What statfs says of the file system here."""
    return next(kind for kind in _kinds() if _is_kind(path, kind))


def _kinds() -> list[int]:
    return [0xEF53, 0x01021994, 0x794C7630, 0x9123683E, 0x58465342, 0x2FC12FC1]  # ext4, tmpfs, overlay, btrfs, xfs, zfs


def _is_kind(path: Path, kind: int) -> bool:
    known = disk._SHARED
    disk._SHARED = {kind}
    try:
        return disk.is_shared(path)
    finally:
        disk._SHARED = known


def test_two_processes_are_ordered(index: Watched) -> None:
    """Each sees what the other did before."""
    other = Index(index.directory, lambda *_: None)
    index.write(enter(""))

    def count_up(which: Index) -> None:
        for _ in range(50):
            which.write(raise_uidnext, durable=False)

    threads = [threading.Thread(target=count_up, args=(which,)) for which in (index, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    row = index.read(lambda connection: reading.mailbox_at(connection, ""))
    assert row is not None
    assert row.uidnext == 101
    other.close()


def raise_uidnext(transaction: Transaction) -> None:
    transaction.mailbox(1).uidnext += 1


def test_errors_are_fit_for_users(tmp_path: Path) -> None:
    """A directory that cannot be made is no mail for the moment."""
    (tmp_path / "file").touch()
    index = Index(tmp_path / "file" / "index", lambda *_: None)

    with pytest.raises(Unavailable) as caught:
        index.read(reading.mailboxes)
    assert str(tmp_path) not in str(caught.value)


def test_a_directory_that_cannot_be_entered_any_more_is_no_fault_of_ours(index: Watched) -> None:
    """Here there is something else in its place; as with a lost right, the same may be possible later."""
    index.write(enter(""))
    assert directories(index) == [""]
    away = index.directory.with_name("away")
    index.directory.rename(away)
    index.directory.touch()
    with pytest.raises(Unavailable):
        index.verify()
    with pytest.raises(Unavailable):
        index.write(enter(".a"))
    index.directory.unlink()
    away.rename(index.directory)

    index.verify()
    assert directories(index) == [""]
