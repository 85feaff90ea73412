"""Orders and threads worked out before, for when the same messages are asked for again.

Neither what a message says nor when it came ever changes, so the same messages sort and thread alike for good; webmail
asks for all of a mailbox in order with every page it shows.
"""

import weakref
from array import array
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from hashlib import blake2b
from typing import Generic, TypeVar

from mailaccess.imap.rows import Rows
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import compute_steps

LIMIT = 16 << 20
"""Octets of all that is kept of one kind in a process."""

T = TypeVar("T")
Key = tuple[weakref.ref[Mailbox], Hashable, bytes]


class Kept(Generic[T]):
    """Answers by what they answer; those used least recently are dropped first. For one thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._octets = 0
        self._answers: OrderedDict[Key, tuple[T, int]] = OrderedDict()

    def get(self, key: Key) -> T | None:
        """None if it is not here, or not any more."""
        if key not in self._answers:
            return None
        self._answers.move_to_end(key)
        return self._answers[key][0]

    def put(self, key: Key, answer: T, octets: int) -> None:
        """Keeps an answer of about this size."""
        self._octets += octets - self._answers.pop(key, (answer, 0))[1]
        self._answers[key] = answer, octets
        while self._octets > self._limit:
            _, (_, octets) = self._answers.popitem(last=False)
            self._octets -= octets


async def key_of(rows: Rows, matches: Sequence[int], question: Hashable) -> Key:
    """Under which the answer to a question about these rows (ascending) is kept: the same for every session for which
    the same messages have the same numbers."""
    digest = await compute_steps(len(matches), _digest, rows, matches)
    return weakref.ref(rows.view.mailbox), question, digest


def _digest(rows: Rows, matches: Sequence[int]) -> bytes:
    if matches and matches[-1] != len(matches) - 1:  # not simply the first so many
        uids = array("I", map(rows.uids.__getitem__, matches))
        return blake2b(uids.tobytes() + array("I", matches).tobytes(), digest_size=16).digest()
    return blake2b(array("I", rows.uids[: len(matches)]).tobytes(), digest_size=16).digest()
