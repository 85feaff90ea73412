"""What is done with a million objects, in pieces of some milliseconds.

To sort a list, and to free one, is a single step of the interpreter, which lets nobody else on meanwhile.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T", str, tuple[int, str])
K = TypeVar("K", int, str)

PIECE = 5_000
"""Objects: a millisecond or two of work. A thread that lets go of the interpreter for a system call after less than a
switch interval, and takes it again, keeps out those who wait for it."""
_SAMPLES = 16  # for each piece, that tell where it ends


def let_go(items: list[Any]) -> None:
    """Empties a list that is the last to hold what is in it."""
    while items:
        del items[-PIECE:]


def in_order(items: list[T], key: Callable[[T], K]) -> Iterator[list[T]]:
    """The items in their order, of which the keys are the beginning, in pieces: what is of one key is in one. The list
    is empty afterwards."""
    bounds = sorted(map(key, items[:: max(PIECE // _SAMPLES, 1)]))[_SAMPLES::_SAMPLES]
    pieces: list[list[T]] = [[] for _ in range(len(bounds) + 1)]
    for item in items:
        pieces[bisect_right(bounds, key(item))].append(item)
    let_go(items)
    pieces.reverse()
    while pieces:
        piece = pieces.pop()
        piece.sort()
        yield piece
