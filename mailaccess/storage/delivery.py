"""Files in the order of their delivery (see `names.delivery_order`): perhaps a million at once, while others wait.

Names mostly begin with ten digits and a dot; these are compared as text, which takes a tenth of what their keys take,
but for those of one second.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby
from typing import Protocol, TypeVar

from mailaccess.storage import pieces
from mailaccess.storage.names import Where, delivery_order


class Placed(Protocol):
    """A file: an `Entry`, or more of it."""

    @property
    def base(self) -> str: ...

    @property
    def where(self) -> Where: ...


T = TypeVar("T", bound=Placed)

_PIECE = 5_000
_SECONDS = 11  # characters: ten digits and a dot
_is_plain = re.compile(r"[0-9]{10}\.").match


def in_order(files: Iterable[T]) -> Iterator[T]:
    """These files in the order of their delivery; those of one base, one behind the other."""
    plain: list[T] = []
    others: list[T] = []
    for file in files:
        (plain if _is_plain(file.base) else others).append(file)
    ordered = _by_second(plain)
    return merge(ordered, _by_key(others), key=_order) if others else ordered


def _by_second(files: list[T]) -> Iterator[T]:
    for piece in pieces.in_order(files, _second):
        if len(set(map(_second, piece))) == len(piece):
            yield from piece
            continue
        for _, found in groupby(piece, _second):
            same = list(found)
            yield from same if len(same) == 1 else _by_key(same)


def _by_key(files: Sequence[T]) -> Iterator[T]:
    parts = (files[start : start + _PIECE] for start in range(0, len(files), _PIECE))
    # By name first, which is quick, and from where it is not far.
    return merge(*(sorted(sorted(part, key=_base), key=_order) for part in parts), key=_order)


def _base(file: Placed) -> str:
    return file.base


def _second(file: Placed) -> str:
    return file.base[:_SECONDS]


def _order(file: Placed) -> tuple[int, int, str]:
    return delivery_order(file.base)
