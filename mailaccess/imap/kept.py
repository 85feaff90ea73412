"""What FETCH has told of messages and will tell again, in memory: for all sessions of a process.

A UID names one content, for ever: a file that is changed becomes another message. So what a message's facts say never
becomes false, whoever changes the mailbox, and is kept until there is no more room. The same holds for its text, but
that a file is gone or was changed is noticed by who reads it: see `retold`.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from mailaccess.storage.mailbox import Mailbox

_TOGETHER = 8  # bits of UIDs whose values come and go together
ALONE = 100
"""Octets that a value takes beside its own."""
_EMPTY = 1000  # octets that a block takes beside its values


_Name = tuple[int, int, Hashable]
"""A mailbox's number and UIDVALIDITY, and the item."""


class _Block:
    """Values of one item for messages with neighbouring UIDs."""

    __slots__ = ("octets", "values")

    def __init__(self) -> None:
        self.values: dict[int, Any] = {}
        self.octets = _EMPTY


class Kept:
    """Values by mailbox, item and UID; those that were not asked for longest go first. For one thread."""

    def __init__(self, limit: int = 32 << 20) -> None:
        """`limit`: octets, roughly."""
        self.octets = 0
        self._limit = limit
        self._blocks: OrderedDict[tuple[_Name, int], _Block] = OrderedDict()
        self._numbers = count()
        # Not by GUID: copies of a Maildir share it. An object of this process is never another one's mailbox.
        self._mailboxes: WeakKeyDictionary[Mailbox, int] = WeakKeyDictionary()

    def column(self, mailbox: Mailbox, item: Hashable, uids: Sequence[int]) -> list[Any]:
        """The values of messages, None where they are not here."""
        name = self._name(mailbox, item)
        found: list[Any] = []
        start = 0
        while start < len(uids):
            number = uids[start] >> _TOGETHER
            end = bisect_left(uids, (number + 1) << _TOGETHER, start)
            block = self._blocks.get((name, number))
            if block is None:
                found += [None] * (end - start)
            else:
                self._blocks.move_to_end((name, number))
                found += map(block.values.get, uids[start:end])
            start = end
        return found

    def add(self, mailbox: Mailbox, item: Hashable, values: Mapping[int, Any]) -> None:
        """Keeps values, by UID; as for `column`, they are not None."""
        name = self._name(mailbox, item)
        number = -1
        for uid, value in values.items():
            if uid >> _TOGETHER != number:  # an item's name takes long to be looked up
                number = uid >> _TOGETHER
                block = self._block((name, number))
            if uid in block.values:
                continue
            octets = ALONE + (len(value) if isinstance(value, bytes) else 0)
            block.values[uid] = value
            block.octets += octets
            self.octets += octets
        while self.octets > self._limit:
            self.octets -= self._blocks.popitem(last=False)[1].octets

    def forget(self, mailbox: Mailbox) -> None:
        """Drops all values of a mailbox."""
        number = self._mailboxes.pop(mailbox, None)
        if number is None:
            return
        for place in [place for place in self._blocks if place[0][0] == number]:
            self.octets -= self._blocks.pop(place).octets

    def _block(self, place: tuple[_Name, int]) -> _Block:
        block = self._blocks.get(place)
        if block is None:
            block = self._blocks[place] = _Block()
            self.octets += _EMPTY
        return block

    def _name(self, mailbox: Mailbox, item: Hashable) -> _Name:
        number = self._mailboxes.get(mailbox)
        if number is None:
            number = self._mailboxes[mailbox] = next(self._numbers)
        return number, mailbox.uidvalidity, item
