"""Names of files in the order of their delivery (see `names.delivery_order`): perhaps a million at once, while others
wait.

They mostly begin with ten digits and a dot; these are compared as text, which takes a tenth of what their keys take,
but for those of one second.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import pairwise
from operator import itemgetter

from mailaccess.storage import pieces
from mailaccess.storage.names import delivery_order

_second = itemgetter(slice(11))  # ten digits and a dot
_is_plain = re.compile(r"[0-9]{10}\.").match


def in_order(names: Sequence[str]) -> Iterator[str]:
    """These names in the order of their delivery; those of one base, one behind the other."""
    plain = [name for name in names if _is_plain(name)]
    others = [name for name in names if not _is_plain(name)] if len(plain) < len(names) else []
    ordered = _by_second(plain)
    return merge(ordered, _by_key(others), key=_order) if others else ordered


def _by_second(names: list[str]) -> Iterator[str]:
    for piece in pieces.in_order(names, _second):
        for first, end in _runs([_second(name) for name in piece]):
            piece[first:end] = _by_key(piece[first:end])
        yield from piece


def _runs(seconds: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where several are the same: first and end. They are sorted."""
    end = 0
    for row in [row for row, (one, other) in enumerate(pairwise(seconds)) if one == other]:
        if row >= end:
            end = bisect_right(seconds, seconds[row], row)
            yield row, end


def _by_key(names: Sequence[str]) -> Iterator[str]:
    parts = (names[start : start + pieces.PIECE] for start in range(0, len(names), pieces.PIECE))
    # By name first, which is quick, and from where it is not far.
    return merge(*(sorted(sorted(part), key=_order) for part in parts), key=_order)


def _order(name: str) -> tuple[int, int, str]:
    return delivery_order(name.partition(":")[0])
