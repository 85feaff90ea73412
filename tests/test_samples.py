"""The sample mail is as varied as it is meant to be. The standard library's parser is the judge, not our own."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from mailaccess.cli.samples import SAMPLES

FILES = sorted(path for path in SAMPLES.rglob("*") if path.parent.name in {"cur", "new"})
MESSAGES: list[Message] = [message_from_bytes(path.read_bytes()) for path in FILES]


def parts() -> Iterator[Message]:
    for message in MESSAGES:
        yield from message.walk()


def letters(directory: Path) -> set[str]:
    return {letter for path in directory.glob("cur/*") for letter in path.name.partition(":2,")[2]}


def test_there_are_enough() -> None:
    """At least thirty, spread over the mailboxes people have, some not looked at yet."""
    folders = {path.parent.parent.relative_to(SAMPLES).as_posix() for path in FILES}

    assert len(FILES) >= 30
    assert folders == {".", ".Sent", ".Drafts", ".Archive.2025", ".Junk"}
    assert len([path for path in FILES if path.parent.name == "new"]) >= 2


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain", "text/html", "text/calendar", "multipart/mixed", "multipart/alternative", "multipart/related",
        "multipart/signed", "multipart/report", "multipart/digest", "message/rfc822", "message/delivery-status",
        "image/png", "application/pdf", "application/zip",
    ],
)  # fmt: skip
def test_kinds_of_content(kind: str) -> None:
    """Each kind of content occurs."""
    assert kind in {part.get_content_type() for part in parts()}


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "iso-2022-jp", "koi8-r", "gb2312", "windows-1252"])
def test_charsets(charset: str) -> None:
    """Each charset occurs in a body and in a header's encoded words."""
    words = {
        match.lower() for path in FILES for match in re.findall(r"=\?([\w-]+)\?", path.read_bytes().decode("latin-1"))
    }

    assert charset in words
    assert charset in {str(part.get_content_charset()) for part in parts()}


def test_encoded_words_come_both_ways() -> None:
    """B and Q."""
    ways = {way.lower() for path in FILES for way in re.findall(rb"=\?[\w-]+\?([BQbq])\?", path.read_bytes())}

    assert ways == {b"b", b"q"}


def test_attachments_are_what_they_say() -> None:
    """Small, but real: their first octets are those of their kind."""
    starts = {"image/png": b"\x89PNG", "application/pdf": b"%PDF", "application/zip": b"PK\x03\x04"}
    for part in parts():
        if part.get_content_type() in starts:
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            assert payload.startswith(starts[part.get_content_type()])


def test_a_thread_of_eight() -> None:
    """One discussion on a mailing list, one of them without its references."""
    thread = [message for message in MESSAGES if message["List-Id"]]

    assert len(thread) == 8
    assert len([message for message in thread if message["References"]]) == 6


def test_line_ends_of_every_sort() -> None:
    """CRLF, LF, and both in one file."""
    sorts = {
        (b"\r\n" in data, re.search(rb"(?<!\r)\n", data) is not None) for data in (path.read_bytes() for path in FILES)
    }

    assert sorts == {(True, False), (False, True), (True, True)}


def test_a_huge_header_and_an_empty_body() -> None:
    """The extremes of length."""
    headers = [re.split(rb"\r?\n\r?\n", path.read_bytes(), maxsplit=1) for path in FILES]

    assert max(len(head) for head, _ in headers) > 20_000
    assert min(len(body) for _, body in headers) == 0
    assert max(len(line) for path in FILES for line in path.read_bytes().splitlines()) > 998


@pytest.mark.parametrize("folder", [".", ".Sent", ".Archive.2025", ".Junk"])
def test_keywords_have_names(folder: str) -> None:
    """Every keyword letter in a file's name is in its mailbox's dovecot-keywords."""
    named = (SAMPLES / folder / "dovecot-keywords").read_text().splitlines()

    assert letters(SAMPLES / folder) & set("abcdefghijklmnopqrstuvwxyz") <= {
        chr(ord("a") + int(line.split()[0])) for line in named
    }


def test_every_flag_occurs() -> None:
    """Draft, flagged, passed on, answered, seen, trashed, and keywords."""
    assert {letter for folder in (SAMPLES, *SAMPLES.glob(".*")) for letter in letters(folder)} >= set("DFPRSTabc")


def test_sizes_in_names_are_true() -> None:
    """S= is the file's size and W= that with CRLF line ends, where a name has them."""
    for path in FILES:
        found = re.search(r",S=(\d+),W=(\d+)", path.name)
        if found:
            data = path.read_bytes()
            wire = len(data) + len(re.findall(rb"(?<!\r)\n", data))
            assert (int(found[1]), int(found[2])) == (len(data), wire)


def test_nobody_real_gets_mail() -> None:
    """Every address is in a domain reserved for examples (RFC 2606)."""
    for path in FILES:
        for domain in re.findall(rb"[\w.=-]@([\w-]+(?:\.[\w-]+)+)", path.read_bytes()):
            assert re.search(rb"(^|\.)example(\.(com|net|org))?$", domain), (path.name, domain)
