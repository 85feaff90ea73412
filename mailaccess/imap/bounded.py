"""What is kept in memory for the next time, within bounds: what has not been used for longest goes first."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

MIB = 1 << 20
COLUMNS = 64 * MIB
"""Octets in a process of what messages say, as `columns` counts them."""
ORDERS = 16 * MIB
"""Of results in order."""
THREADS = 32 * MIB
"""Of threads, and of how they were found."""
ALONE = 1000
"""About what an answer takes besides its own octets, its key included: clients can ask for many that are empty."""
LISTS = 8 * MIB
"""Of answers to LIST."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Values by key, each of about so many octets. For one thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.octets = 0
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()  # least recently used first

    def get(self, key: K) -> V | None:
        """None if it is not here, or not any more."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, octets: int) -> None:
        """Keeps a value, in place of the one before."""
        self.take(key)
        self._kept[key] = value, octets
        self._add(octets)

    def grow(self, key: K, octets: int) -> None:
        """The value takes so many octets more."""
        if key in self._kept:
            value, before = self._kept[key]
            self._kept[key] = value, before + octets
            self._add(octets)

    def take(self, key: K) -> V | None:
        """The value, which is not kept any more."""
        value, octets = self._kept.pop(key, (None, 0))
        self.octets -= octets
        return value

    def _add(self, octets: int) -> None:
        self.octets += octets
        while self.octets > self._limit:
            self.octets -= self._kept.popitem(last=False)[1][1]
