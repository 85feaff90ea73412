"""Annotations: kept whole, of one place and owner, by any process."""

from pathlib import Path

import pytest

from mailaccess.storage.accounts import Accounts
from mailaccess.storage.acl import Who
from mailaccess.storage.errors import TooManyAnnotations, Unavailable
from mailaccess.storage.metadata import (
    MAX_ENTRIES,
    MAX_FILE,
    MAX_VALUE,
    SHARED,
    Annotations,
    Metadata,
)
from tests.storage.post import settings


def test_another_process_sees_what_was_set(tmp_path: Path) -> None:
    """Also octets that are no text."""
    here, there = Metadata(tmp_path), Metadata(tmp_path)
    there.places()
    here.change("1", {SHARED: {"/comment": b"\0\xff"}, "fred": {"/comment": b"mine"}})

    assert there.places() == {"1": {SHARED: {"/comment": b"\0\xff"}, "fred": {"/comment": b"mine"}}}
    assert here.stamp() == there.stamp() != None  # noqa: E711


def test_case_does_not_matter_in_a_name(tmp_path: Path) -> None:
    """The last spelling stays."""
    annotations = Annotations(Metadata(tmp_path), "1")
    annotations.change({SHARED: {"/comment": b"1"}})
    annotations.change({SHARED: {"/Comment": b"2"}})
    assert annotations.entries(SHARED) == {"/Comment": b"2"}

    annotations.change({SHARED: {"/COMMENT": None}})
    assert annotations.entries(SHARED) == {}


def test_too_many_change_nothing(tmp_path: Path) -> None:
    """Neither of one owner nor together."""
    metadata = Metadata(tmp_path)
    with pytest.raises(TooManyAnnotations):
        metadata.change("1", {SHARED: {f"/{number}": b"" for number in range(MAX_ENTRIES + 1)}})
    for place in range(MAX_FILE // MAX_VALUE // 50):
        metadata.change(str(place), {SHARED: {f"/{number}": b"x" * MAX_VALUE for number in range(49)}})
    with pytest.raises(TooManyAnnotations):
        metadata.change("more", {SHARED: {f"/{number}": b"x" * MAX_VALUE for number in range(49)}})

    assert "more" not in metadata.places()


def test_a_mailbox_that_is_gone_and_one_that_is_copied(tmp_path: Path) -> None:
    """They lose and gain all their entries."""
    metadata = Metadata(tmp_path)
    metadata.forget("1")
    metadata.change("1", {SHARED: {"/comment": b"x"}})
    metadata.copy("1", "2")
    metadata.forget("1")

    assert metadata.places() == {"2": {SHARED: {"/comment": b"x"}}}


@pytest.mark.parametrize("text", ["{", "[]", '{"": []}', '{"": {"": {"/x": 1}}}', '{"": {"": {"/x": "\\u1234"}}}'])
def test_a_damaged_file_is_not_overwritten(tmp_path: Path, text: str) -> None:
    """Somebody has to look at it."""
    file = tmp_path / "mailaccess-metadata"
    file.write_text(text)
    metadata = Metadata(tmp_path)
    with pytest.raises(Unavailable):
        metadata.places()
    with pytest.raises(Unavailable):
        metadata.change("", {SHARED: {"/comment": b"x"}})

    assert file.read_text() == text


def test_what_the_system_refuses(tmp_path: Path) -> None:
    """It is an error of storage, which clients are told of."""
    with pytest.raises(Unavailable):
        Annotations(Metadata(tmp_path / "removed"), "1").change({SHARED: {"/comment": b"x"}})


def test_an_empty_mailbox_keeps_what_was_set_without_the_index(tmp_path: Path) -> None:
    """Its annotations stand under its GUID, which a client was told as MAILBOXID; so do special use and rights."""
    accounts = Accounts(settings(tmp_path))
    account = accounts.open("fred", None)
    account.create("Empty", frozenset(["\\Junk"]))
    account.annotations("Empty").change({SHARED: {"/comment": b"x"}})
    account.acls.change("Empty", Who("user", "ann"), "lr", "fred")
    account.create("Never asked for")
    account.annotations(None).change({"fred": {"/comment": b"y"}})
    known = {name: account.guid(name) for name in ("Empty", "INBOX")}
    accounts.close()
    for path in account.index_path.glob("index.sqlite*"):
        path.unlink()
    again = Accounts(settings(tmp_path)).open("fred", None)

    assert {name: again.guid(name) for name in known} == known
    assert again.annotations("Empty").entries(SHARED) == {"/comment": b"x"}
    assert again.annotations(None).entries("fred") == {"/comment": b"y"}
    assert again.acls.of("Empty") == account.acls.of("Empty")
    assert {"\\Junk"} in [entry.special_use for entry in again.mailboxes() if entry.name == "Empty"]
