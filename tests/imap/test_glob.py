"""LIST patterns."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.glob import matcher


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*", "a/b/c", True),
        ("%", "a", True),
        ("%", "a/b", False),
        ("a/%", "a/b", True),
        ("a/%", "a/b/c", False),
        ("a*c", "a/b/c", True),
        ("inbox", "INBOX", True),
        ("inBox/%", "INBOX/x", True),
        ("inboxes", "INBOXES", False),
        ("", "", True),
        ("a.c", "abc", False),
        ("%/%", "a/b", True),
        ("*%", "a/b", True),
    ],
)
def test_match(pattern: str, name: str, expected: bool) -> None:
    """`*` crosses the separator, `%` does not, everything else is itself; INBOX has no case."""
    assert matcher([pattern])(name) is expected


@given(st.text("ab/*%", max_size=12), st.text("ab/", max_size=12))
def test_both_ways_of_matching_agree(pattern: str, name: str) -> None:
    """With many wildcards the pattern is walked, with few a regex is used; a naive regex says the same."""
    regex = "".join(".*" if c == "*" else "[^/]*" if c == "%" else re.escape(c) for c in pattern)

    assert matcher([pattern])(name) == (re.fullmatch(regex, name) is not None)


def test_a_hostile_pattern_costs_little() -> None:
    """Backtracking would take longer than the universe has."""
    pattern = "*a%" * 30 + "b"
    began = time.process_time()

    assert not matcher([pattern])("a" * 200)
    assert time.process_time() - began < 2
