"""`maildirsize`: what Courier, maildrop, Dovecot and Exim write is read, and the other way round."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.storage import maildirsize
from mailaccess.storage.maildirsize import (
    LONGEST,
    SizeFile,
    append,
    limit_line,
    parse_limits,
    read,
    render_limits,
    write,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / maildirsize.FILE


@pytest.mark.parametrize(
    ("line", "limits"),
    [
        ("10000000S,1000C", (10_000_000, 1000)),
        ("1000C,10000000S", (10_000_000, 1000)),
        ("10000000S", (10_000_000, None)),
        ("500C", (None, 500)),
        ("0S", (None, None)),
        ("0S,0C", (None, None)),
        ("", (None, None)),
        (" 5S , 6C ", (5, 6)),
        ("5S,7X,6C", (5, 6)),
        ("5,6C", (None, 6)),
        ("-5S", (None, None)),
        ("9" * 30 + "S", (None, None)),
        ("no quota at all", (None, None)),
    ],
)
def test_limits_of_a_line(line: str, limits: tuple[int | None, int | None]) -> None:
    """What is not understood limits nothing."""
    assert parse_limits(line) == limits


@given(*[st.none() | st.integers(1, 10**18 - 1)] * 2)
def test_limits_are_read_as_they_were_written(octets: int | None, messages: int | None) -> None:
    """Each with its unit."""
    assert parse_limits(render_limits(octets, messages)) == (octets, messages)


def test_nothing_at_all_is_not_told_as_any_number() -> None:
    """0 would mean so."""
    assert render_limits(0, 0) == "1S,1C"
    assert render_limits(None, None) == "0S"


def test_usage_is_the_sum_of_all_changes(file: Path) -> None:
    """As Courier pads them, and as others do not."""
    file.write_bytes(b"10000000S,1000C\n      123456   10\n1000 1\n-400 -1\n           0    0\n")

    assert read(file.parent) == SizeFile("10000000S,1000C", 124056, 10, True)
    assert limit_line(file.parent) == "10000000S,1000C"


@pytest.mark.parametrize(
    "text", [b"", b"1S\n5", b"1S\n5 5", b"1S\nfive 5\n", b"1S\n5\n", b"1S\n1 1 1\n", b"\xff\0\n1 1\n\n"]
)
def test_what_is_damaged_is_not_whole(file: Path, text: bytes) -> None:
    """It is to be written anew."""
    file.write_bytes(text)
    found = read(file.parent)

    assert found is not None
    assert not found.whole


def test_a_long_file_is_to_be_summed_up(file: Path) -> None:
    """However long it is, no more of it is read."""
    file.write_bytes(b"1S\n" + b"1 1\n" * (LONGEST // 4))
    found = read(file.parent)
    assert found is not None
    assert not found.whole

    file.write_bytes(b"1" * 10_000_000)
    assert limit_line(file.parent) == "1" * 256


def test_changes_are_appended_where_there_is_a_file(file: Path) -> None:
    """Nobody makes one by that."""
    append(file.parent, 5, 1)
    assert not file.exists()
    assert read(file.parent) is None
    assert limit_line(file.parent) is None

    write(file.parent, "100S", 10, 2)
    append(file.parent, 5, 1)
    append(file.parent, -7, -1)
    assert file.read_bytes() == b"100S\n10 2\n5 1\n-7 -1\n"
    assert read(file.parent) == SizeFile("100S", 8, 2, True)


def test_something_else_in_its_place_holds_nobody_up(file: Path) -> None:
    """A named pipe that nobody writes to, a directory."""
    os.mkfifo(file)
    assert limit_line(file.parent) == ""
    with pytest.raises(OSError, match="No such device"):
        append(file.parent, 1, 1)
    file.unlink()

    file.mkdir()
    with pytest.raises(IsADirectoryError):
        read(file.parent)
