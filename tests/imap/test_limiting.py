"""Which messages of a set are processed."""

from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.limiting import last
from mailaccess.imap.numset import runs


@given(st.sets(st.integers(1, 60), min_size=2), st.data())
def test_the_last_ones(numbers: set[int], data: st.DataObject) -> None:
    """The highest of them, so many, as ranges that ascend."""
    ordered = sorted(numbers)
    count = data.draw(st.integers(1, len(ordered) - 1))

    assert last(runs(ordered), count) == runs(ordered[-count:])
