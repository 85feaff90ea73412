"""Mailbox patterns of LIST: `*` matches anything, `%` anything but the separator (RFC 3501 6.3.8)."""

import re
from collections.abc import Callable, Sequence

_EASY = 3
"""Up to so many wildcards a regex is tried; above, its backtracking could be made to cost seconds."""


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """A predicate: does a mailbox name match any of `patterns`? INBOX matches in any case."""
    tests = [_one(pattern) for pattern in patterns]
    return lambda name: any(test(name) for test in tests)


def _one(pattern: str) -> Callable[[str], bool]:
    pattern = re.sub(r"[*%]*\*[*%]*", "*", re.sub(r"%+", "%", pattern))
    if pattern[:5].casefold() == "inbox" and pattern[5:6] in {"", "/", "*", "%"}:
        pattern = "INBOX" + pattern[5:]
    if pattern.count("*") + pattern.count("%") <= _EASY:
        pieces = (".*" if c == "*" else "[^/]*" if c == "%" else re.escape(c) for c in pattern)
        regex = re.compile("".join(pieces), re.DOTALL)
        return lambda name: regex.fullmatch(name) is not None
    return lambda name: _walk(pattern, name)


def _walk(pattern: str, name: str) -> bool:
    """All positions of the pattern that a growing prefix of the name can have reached: linear in their product."""
    reached = _past_wildcards(pattern, {0})
    for character in name:
        step: set[int] = set()
        for position in reached:
            wanted = pattern[position] if position < len(pattern) else ""
            if wanted == "*" or (wanted == "%" and character != "/"):
                step.add(position)
            elif wanted == character and wanted != "%":
                step.add(position + 1)
        reached = _past_wildcards(pattern, step)
        if not reached:
            return False
    return len(pattern) in reached


def _past_wildcards(pattern: str, positions: set[int]) -> set[int]:
    found = set(positions)
    for position in positions:
        while position < len(pattern) and pattern[position] in "*%":
            position += 1  # noqa: PLW2901
            found.add(position)
    return found
