"""PARTIAL's ranges: their grammar, and what they cut out of a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import runs
from mailaccess.imap.partial import parse_partial

NUMBERS = st.integers(1, 30)


def test_parse_partial() -> None:
    """ "A range 500:400 is the same as 400:500" (RFC 5267 5), but is answered as it was written."""
    forward, backward = parse_partial(Cursor(b" 500:400")), parse_partial(Cursor(b" -1:-100"))

    assert (forward.text, forward.low, forward.high, forward.last) == (b"500:400", 400, 500, False)
    assert (backward.text, backward.low, backward.high, backward.last) == (b"-1:-100", 1, 100, True)


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"1:2", b" 1", b" 1:", b" 0:1", b" -0:-1", b" 1:-2", b" -1:2", b" 1:*", b" *:1", b" $", b" 1-2"),
        *(b" -1", b" --1:--2", b" 1:4294967296", b" 1:99999999999"),
    ],
)
def test_bad_ranges(text: bytes) -> None:
    """ "This is similar to <seq-range> [...] but cannot contain '*'"; both ends count in one direction."""
    with pytest.raises(Bad):
        parse_partial(Cursor(text))


@given(first=NUMBERS, second=NUMBERS, last=st.booleans(), numbers=st.sets(st.integers(1, 40)))
def test_cut(first: int, second: int, last: bool, numbers: set[int]) -> None:
    """What is cut of a list and what is cut of ranges are the same messages."""
    sign = "-" if last else ""
    partial = parse_partial(Cursor(f" {sign}{first}:{sign}{second}".encode()))
    ordered = sorted(numbers)
    low, high = sorted((first, second))
    counted = [ordered[-index] if last else ordered[index - 1] for index in range(low, min(high, len(ordered)) + 1)]

    assert ordered[partial.of(len(ordered))] == sorted(counted)
    assert [n for a, b in partial.cut(runs(ordered)) for n in range(a, b + 1)] == sorted(counted)
