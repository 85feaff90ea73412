"""Names in the order of their delivery (see `names.delivery_order`): perhaps a million at once, while others wait.

A sort holds the interpreter until it is done, so it is done in pieces of some milliseconds. Names mostly begin with ten
digits and a dot; these are compared as text, which takes a tenth of what their keys take, but for those of one second.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import pairwise

from mailaccess.storage.names import delivery_order

_PIECE = 5_000
_SAMPLES = 16  # names for each piece that tell where it ends
_SECONDS = 11  # characters: ten digits and a dot
_is_plain = re.compile(r"[0-9]{10}\.").match


def in_order(bases: Sequence[str]) -> list[str]:
    """These bases of files in the order of their delivery."""
    plain = [base for base in bases if _is_plain(base)]
    ordered = [base for piece in _pieces(plain) for base in sorted(piece)]
    for first, last in _same_second(ordered):
        ordered[first:last] = _by_key(ordered[first:last])
    if len(plain) == len(bases):
        return ordered
    return list(merge(ordered, _by_key([base for base in bases if not _is_plain(base)]), key=delivery_order))


def _pieces(bases: Sequence[str]) -> Iterable[Sequence[str]]:
    """All of them in pieces, each of which comes behind the one before."""
    if len(bases) <= _PIECE:
        return [bases]
    step = max(_PIECE // _SAMPLES, 1)
    bounds = sorted(bases[::step])[_SAMPLES::_SAMPLES]
    pieces: list[list[str]] = [[] for _ in range(len(bounds) + 1)]
    for base in bases:
        pieces[bisect_right(bounds, base)].append(base)
    return pieces


def _same_second(ordered: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where there are several of one second: from and up to which place."""
    seconds = [base[:_SECONDS] for base in ordered]
    first = last = 0
    for place in [place for place, (one, other) in enumerate(pairwise(seconds)) if one == other]:
        if place >= last:
            if last:
                yield first, last
            first = place
        last = place + 2
    if last:
        yield first, last


def _by_key(bases: Sequence[str]) -> list[str]:
    pieces = (bases[start : start + _PIECE] for start in range(0, len(bases), _PIECE))
    # By name first, which is quick, and from where it is not far.
    return list(merge(*(sorted(sorted(piece), key=delivery_order) for piece in pieces), key=delivery_order))
