"""Room that is set aside. What comes of it on a full disk is in tests/storage/test_full_disk.py."""

from pathlib import Path

from mailaccess.storage.index.reserve import Reserve


def test_it_is_there_once_and_given_once(tmp_path: Path) -> None:
    """As a file whose place nothing else can take."""
    reserve = Reserve(tmp_path)
    assert not reserve.give_up()
    reserve.set_aside()
    reserve.set_aside()
    (file,) = tmp_path.iterdir()
    stat = file.stat()
    assert stat.st_blocks * 512 >= stat.st_size == 128 * 1024
    assert reserve.give_up()
    assert not reserve.give_up()

    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    """Nothing can be set aside there, and nothing has to be."""
    Reserve(tmp_path / "gone").set_aside()

    assert not (tmp_path / "gone").exists()
