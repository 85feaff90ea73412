"""Subscriptions in each of their formats. Version 2 was seen in a run of Dovecot 2.3 with listescape."""

import multiprocessing
from pathlib import Path

import pytest

from mailaccess.storage.subscriptions import change_subscriptions, read_subscriptions

VERSION_2 = b"V\t2\n\na\tb\nx\\2ey\tz\n\\7etilde\nEntw&APw-rfe\nINBOX\tsub\nINBOX\n"


def test_dovecots_version_2(tmp_path: Path) -> None:
    """Parts joined by tabs, as they stand in directory names."""
    (tmp_path / "subscriptions").write_bytes(VERSION_2)

    assert read_subscriptions(tmp_path) == ["Entwürfe", "INBOX", "INBOX/sub", "a/b", "x.y/z", "~tilde"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"INBOX\nArchive.2026\nEntw&APw-rfe\n", ["Archive/2026", "Entwürfe", "INBOX"]),
        (b"inbox\r\nArchive/2026\r\na.b\r\n", ["Archive/2026", "INBOX", "a.b"]),
    ],
)
def test_dovecots_older_form(tmp_path: Path, text: bytes, names: list[str]) -> None:
    """One name a line with whatever separator the namespace had."""
    (tmp_path / "subscriptions").write_bytes(text)

    assert read_subscriptions(tmp_path) == names


def test_couriers_file_counts_where_there_is_no_other(tmp_path: Path) -> None:
    """Its INBOX prefix goes."""
    (tmp_path / "courierimapsubscribed").write_bytes(b"INBOX\nINBOX.Sent\ninbox.Archive.2026\n")

    assert read_subscriptions(tmp_path) == ["Archive/2026", "INBOX", "Sent"]

    change_subscriptions(tmp_path, add=["New"], remove=["Sent"])

    assert (tmp_path / "subscriptions").read_bytes() == b"V\t2\n\nINBOX\nArchive\t2026\nNew\n"


def test_none(tmp_path: Path) -> None:
    """A new account."""
    assert read_subscriptions(tmp_path) == []


def test_changes_are_written_as_version_2(tmp_path: Path) -> None:
    """Each name once; other lines stay as they are, those we cannot read too."""
    odd = b"\xff\x01n\t\n"
    (tmp_path / "subscriptions").write_bytes(VERSION_2 + odd)

    change_subscriptions(tmp_path, add=["x.y/z", "Größe.v"], remove=["a/b", "not there"])

    assert (tmp_path / "subscriptions").read_bytes() == (
        b"V\t2\n\n\\7etilde\nEntw&APw-rfe\nINBOX\tsub\nINBOX\n" + odd + b"x\\2ey\tz\nGr&APYA3w-e\\2ev\n"
    )


def test_an_older_file_becomes_version_2_on_its_first_change(tmp_path: Path) -> None:
    """With all its names."""
    (tmp_path / "subscriptions").write_bytes(b"a.b\nc\n")

    change_subscriptions(tmp_path, add=["d"])

    assert (tmp_path / "subscriptions").read_bytes() == b"V\t2\n\na\tb\nc\nd\n"


def subscribe_some(root: Path, who: int) -> None:
    for number in range(10):
        change_subscriptions(root, add=[f"{who}/{number}"])


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    """The lock orders them."""
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=subscribe_some, args=(tmp_path, who)) for who in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(read_subscriptions(tmp_path)) == 20
