"""UIDVALIDITY only ever grows."""

import multiprocessing
from pathlib import Path

import pytest

from mailaccess.storage.errors import Unavailable
from mailaccess.storage.uidvalidity import next_uidvalidity

NOW = 0x6B041130


def files(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def test_the_first_is_the_time(tmp_path: Path) -> None:
    """And leaves Dovecot's two files."""
    assert next_uidvalidity(tmp_path, NOW) == NOW

    assert files(tmp_path) == ["dovecot-uidvalidity", "dovecot-uidvalidity.6b041130"]
    assert (tmp_path / "dovecot-uidvalidity").read_text() == "6b041130"


def test_each_is_above_the_last(tmp_path: Path) -> None:
    """Even when the clock went back."""
    values = [next_uidvalidity(tmp_path, now) for now in (NOW, NOW, NOW - 5000, NOW + 9)]

    assert values == [NOW, NOW + 1, NOW + 2, NOW + 9]
    assert files(tmp_path) == ["dovecot-uidvalidity", "dovecot-uidvalidity.6b041139"]


def test_several_at_once(tmp_path: Path) -> None:
    """The last of them is told."""
    assert next_uidvalidity(tmp_path, NOW, number=3) == NOW + 2
    assert next_uidvalidity(tmp_path, NOW, NOW + 9, number=2) == NOW + 11

    assert next_uidvalidity(tmp_path, NOW) == NOW + 12


@pytest.mark.parametrize(
    "existing",
    [
        {"dovecot-uidvalidity": "6b041140"},
        {"dovecot-uidvalidity.6b041140": ""},
        {"dovecot-uidvalidity": "6b041140", "dovecot-uidvalidity.00000005": ""},
        {"dovecot-uidvalidity": "rubbish", "dovecot-uidvalidity.6b041140": "", "dovecot-uidvalidity.6b041139": ""},
    ],
)
def test_dovecots_files_count_whichever_is_ahead(tmp_path: Path, existing: dict[str, str]) -> None:
    """A crash may have left either behind."""
    for name, text in existing.items():
        (tmp_path / name).write_text(text)

    assert next_uidvalidity(tmp_path, NOW) == 0x6B041141


def test_the_callers_floor_counts(tmp_path: Path) -> None:
    """Mailboxes may have higher ones than the files know."""
    assert next_uidvalidity(tmp_path, NOW, floor=NOW + 100) == NOW + 101


def test_the_last_one_is_not_passed(tmp_path: Path) -> None:
    """32 bits are what there is."""
    (tmp_path / "dovecot-uidvalidity").write_text("ffffffff")

    with pytest.raises(Unavailable):
        next_uidvalidity(tmp_path, NOW)


def take(root: Path, results: "multiprocessing.Queue[int]") -> None:
    for _ in range(20):
        results.put(next_uidvalidity(root, NOW))


def test_two_processes_never_get_the_same(tmp_path: Path) -> None:
    """Renaming the marker decides."""
    spawn = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[int] = spawn.Queue()
    workers = [spawn.Process(target=take, args=(tmp_path, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    values = [results.get(timeout=60) for _ in range(40)]
    for worker in workers:
        worker.join()
    results.close()
    results.join_thread()

    assert len(set(values)) == 40
