"""PARTIAL: a stretch of a list of results, counted from its first or from its last (RFC 5267 4.4, RFC 9394)."""

import re
from dataclasses import dataclass

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import MAX_NUMBER, Cursor
from mailaccess.imap.view import Ranges, length

_RANGE = re.compile(rb"(-?)([1-9]\d{0,9}):(-?)([1-9]\d{0,9})(?!\d)")


@dataclass(frozen=True, slots=True)
class Partial:
    """`low` to `high`, 1 for the first; with `last`, 1 for the last."""

    text: bytes  # as it was written: what is answered has "as payload, the original range"
    low: int
    high: int
    last: bool

    def of(self, count: int) -> slice:
        """Where in a list of so many results it lies."""
        if self.last:
            return slice(max(0, count - self.high), max(0, count - self.low + 1))
        return slice(self.low - 1, self.high)

    def cut(self, ranges: Ranges) -> Ranges:
        """Those of the messages that the ranges name, in mailbox order."""
        wanted = self.of(length(ranges))
        found: Ranges = []
        before = 0  # how many messages come before a range
        for low, high in ranges:
            first, last = max(low, low + wanted.start - before), min(high, low + wanted.stop - 1 - before)
            if first <= last:
                found.append((first, last))
            before += high - low + 1
        return found


def parse_partial(cursor: Cursor) -> Partial:
    """SP partial-range: both numbers count from the same end, in either order"""
    cursor.sp()
    match = _RANGE.match(cursor.data, cursor.pos)
    if match is None or match[1] != match[3]:
        raise cursor.bad("a range such as 1:500 or -1:-100")
    cursor.pos = match.end()
    first, second = int(match[2]), int(match[4])
    if max(first, second) > MAX_NUMBER:
        raise Bad(f"A number here may be at most {MAX_NUMBER}")
    return Partial(match[0], min(first, second), max(first, second), bool(match[1]))
