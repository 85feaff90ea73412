"""The keys of authorized URLs, beside the mail."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailaccess.storage import access_keys
from mailaccess.storage.access_keys import FILE, access_key, known_key, reset_keys
from mailaccess.storage.errors import LimitReached, StorageError

ONE, OTHER = "1" * 32, "2" * 32


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """It is long, another for each mailbox, and stays."""
    assert known_key(tmp_path, ONE) is None
    key = access_key(tmp_path, ONE)

    assert len(key) >= 16
    assert access_key(tmp_path, ONE) == known_key(tmp_path, ONE) == key
    assert access_key(tmp_path, OTHER) != key
    assert known_key(tmp_path, ONE) == key


def test_nobody_else_reads_them(tmp_path: Path) -> None:
    """Not even where the file was opened to others before."""
    access_key(tmp_path, ONE)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / FILE).chmod(0o644)
    access_key(tmp_path, OTHER)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_one_key_is_reset(tmp_path: Path) -> None:
    """The others stay. One that was never made is made."""
    key, other = access_key(tmp_path, ONE), access_key(tmp_path, OTHER)
    reset_keys(tmp_path, ONE)
    reset_keys(tmp_path, "3" * 32)

    assert known_key(tmp_path, ONE) not in (None, key)
    assert known_key(tmp_path, OTHER) == other
    assert known_key(tmp_path, "3" * 32) is not None


def test_all_keys_are_removed(tmp_path: Path) -> None:
    """If there are any."""
    reset_keys(tmp_path)
    assert not (tmp_path / FILE).exists()
    access_key(tmp_path, ONE)
    access_key(tmp_path, OTHER)
    reset_keys(tmp_path)

    assert known_key(tmp_path, ONE) is known_key(tmp_path, OTHER) is None


def test_a_damaged_file_costs_only_what_is_damaged(tmp_path: Path) -> None:
    """Whatever stands in it."""
    key = access_key(tmp_path, ONE)
    text = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(b"\xff\0garbage\n" + text + b"1111 2222\n")

    assert known_key(tmp_path, ONE) == key


def test_several_ask_at_once(tmp_path: Path) -> None:
    """They all get the same."""
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: access_key(tmp_path, ONE), range(16)))
    assert len(keys) == 1


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """It is storage's to say so."""
    assert known_key(tmp_path / "nobody", ONE) is None
    with pytest.raises(StorageError):
        access_key(tmp_path / "nobody", ONE)


def test_there_is_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mailboxes come and go, and their keys would stay."""
    monkeypatch.setattr(access_keys, "MOST", 2)
    key = access_key(tmp_path, ONE)
    access_key(tmp_path, OTHER)
    with pytest.raises(LimitReached):
        access_key(tmp_path, "3" * 32)
    assert access_key(tmp_path, ONE) == key
    reset_keys(tmp_path)
    access_key(tmp_path, "3" * 32)
