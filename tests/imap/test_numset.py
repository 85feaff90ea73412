"""Sequence sets."""

from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.numset import STAR, render, resolve, runs

numbers = st.lists(st.integers(1, 300), unique=True).map(sorted)


def test_star_is_the_largest_in_either_order() -> None:
    """`9:1`, `*:1` and `559:*` mean what RFC 3501 says they mean."""
    assert resolve(((9, 1),), 20) == [(1, 9)]
    assert resolve(((STAR, 1),), 20) == [(1, 20)]
    assert resolve(((559, STAR),), 20) == [(20, 559)]
    assert resolve(((STAR, STAR),), 20) == [(20, 20)]


def test_overlaps_and_neighbours_are_joined() -> None:
    """A message named twice is named once."""
    assert resolve(((5, 7), (1, 3), (4, 4), (6, 10), (20, 20)), 30) == [(1, 10), (20, 20)]


def test_nothing_in_an_empty_mailbox() -> None:
    """There is nothing for `*` to be."""
    assert resolve(((1, STAR),), 0) == []


def test_render() -> None:
    """Neighbours become ranges; the order is kept."""
    assert render([1, 2, 3, 7, 9, 10]) == b"1:3,7,9:10"
    assert render([5, 4, 6]) == b"5,4,6"
    assert render([]) == b""


@given(numbers)
def test_runs_and_resolve_are_inverse(uids: list[int]) -> None:
    """What is rendered names exactly what was given."""
    ranges = runs(uids)

    assert [n for low, high in ranges for n in range(low, high + 1)] == uids
    assert resolve(tuple(ranges), 300) == ranges
