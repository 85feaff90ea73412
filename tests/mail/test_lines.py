import mmap
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.lines import LineEnding, ending, find, to_wire, wire_size

OCTETS = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"\0"])).map(b"".join)


@given(OCTETS)
def test_only_a_bare_lf_becomes_crlf(data: bytes) -> None:
    """Everything else, bare CRs too, is passed on as it is."""
    assert to_wire(data) == re.sub(rb"(?<!\r)\n", b"\r\n", data)


@given(OCTETS)
def test_wire_size_is_the_size_of_the_wire_form(data: bytes) -> None:
    """The size that is announced is that of the octets that are sent."""
    assert wire_size(data) == len(to_wire(data))


@given(OCTETS, st.integers(1, 5))
def test_wire_form_does_not_depend_on_chunks(data: bytes, step: int) -> None:
    """A CRLF may be cut between its octets."""
    chunks, after_cr = [], False
    for start in range(0, len(data), step):
        chunk = data[start : start + step]
        chunks.append(to_wire(chunk, after_cr=after_cr))
        after_cr = chunk.endswith(b"\r")

    assert b"".join(chunks) == to_wire(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", LineEnding.CRLF),
        (b"no newline", LineEnding.CRLF),
        (b"bare\rcr", LineEnding.CRLF),
        (b"a\r\nb\r\n", LineEnding.CRLF),
        (b"a\nb\n", LineEnding.LF),
        (b"a\r\nb\n", LineEnding.MIXED),
    ],
)
def test_ending(data: bytes, expected: LineEnding) -> None:
    """A message is of one kind only if all its lines are."""
    assert ending(data) is expected


def test_a_mapped_file_counts_as_bytes_do(tmp_path: Path) -> None:
    """A mapped file is looked at in steps; a CRLF across two of them is one line end."""
    data = b"x" * ((1 << 20) - 1) + b"\r\n\n"
    path = tmp_path / "message"
    path.write_bytes(data)

    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert wire_size(mapped) == wire_size(data) == len(data) + 1
        assert ending(mapped) is LineEnding.MIXED


@given(st.binary(max_size=40), st.sampled_from([b"a", b"\n--", b"aa"]), st.integers(0, 40), st.integers(0, 40))
def test_find_in_steps(data: bytes, needle: bytes, start: int, end: int) -> None:
    """Says what one search would say, also where a step's edge cuts the needle."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mailaccess.mail.lines._STEP", 3)
        assert find(data, needle, start, end) == (data.find(needle, start, end) if start < end else -1)
