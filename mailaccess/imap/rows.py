"""The selected mailbox as search keys and sort criteria look at it: columns by row, and what the rows' messages say.

Row r is the message with sequence number r + 1.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from mailaccess.imap.columns import GONE, Column
from mailaccess.imap.numset import NumSet, resolve, runs
from mailaccess.imap.view import Ranges, View, missing
from mailaccess.mail import mime, text
from mailaccess.mail.flags import Flags
from mailaccess.storage.messages import UNSIZED, Messages

T = TypeVar("T")

LARGE = 1 << 20
"""Octets of a message whose text is not kept for the slice under way, but decoded piece by piece for each key."""


class Rows:
    """One search's view of the mailbox. Used by one thread at a time."""

    def __init__(self, view: View, saved: Sequence[int], now: int) -> None:
        self.view = view
        self.saved = saved  # `$`: UIDs
        self.now = now  # seconds since the epoch
        self.count = view.count
        self.gone: set[int] = set()  # rows of messages that were asked for what went with their file
        self.uids: Sequence[int]
        self.flags: Sequence[Flags]
        self.modseqs: Sequence[int]
        self.sizes: Sequence[int]
        self.dates: Sequence[int]
        self.align()
        self._keywords = {name.lower(): name for name in view.mailbox.keywords()}
        self._ranges: dict[int, Ranges] = {}
        self._values: dict[Column[Any], dict[int, Any]] = {}
        self._texts: dict[tuple[int, bool], list[str]] = {}

    # -- columns

    def keyword(self, name: str) -> str:
        """A keyword as the mailbox spells it."""
        return self._keywords.get(name.lower(), name)

    def align(self) -> None:
        """Takes the columns as they are; where expunges are owed to the client, rows for those are put in."""
        current, old = self.view.mailbox.messages, self.view.generation
        if current is old:
            self.uids = old.uids
            self.flags, self.modseqs, self.sizes, self.dates = old.flags, old.modseqs, old.sizes, old.dates
            return
        self.uids = uids = self.view.uids(self.view.everything())
        flags: list[Flags] = []
        modseqs, sizes, dates = array("Q"), array("Q"), array("q")
        absent = missing(array("I", uids), current.uids)
        edges = [-1, *absent, self.count]
        for told, (before, after) in enumerate(pairwise(edges)):
            # `told` rows before this stretch are absent, so it lies that much further ahead in the new generation
            stretch = slice(before + 1 - told, after - told)
            flags += current.flags[stretch]
            modseqs += current.modseqs[stretch]
            sizes += current.sizes[stretch]
            dates += current.dates[stretch]
            if after < self.count:
                self._add_absent(old, uids[after], after, flags, modseqs, sizes, dates)
        self.flags, self.modseqs, self.sizes, self.dates = flags, modseqs, sizes, dates

    def _add_absent(
        self,
        old: Messages,
        uid: int,
        row: int,
        flags: list[Flags],
        modseqs: "array[int]",
        sizes: "array[int]",
        dates: "array[int]",
    ) -> None:
        position = old.position(uid)
        if position < 0:  # came and went since: nothing is known of it
            self.gone.add(row)
            flags.append(frozenset())
            modseqs.append(0)
            sizes.append(0)
            dates.append(0)
            return
        flags.append(old.flags[position])
        modseqs.append(old.modseqs[position])
        sizes.append(old.sizes[position])
        dates.append(old.dates[position])

    def numbered(self, numset: NumSet) -> Ranges:
        """Rows of a set of sequence numbers; numbers of no message match none. `$` is the saved result."""
        if not numset:
            return self.with_uids(numset)
        # By identity: the program holds the set, which may be too long to be compared for every slice.
        if id(numset) not in self._ranges:
            self._ranges[id(numset)] = [
                (low - 1, min(high, self.count) - 1) for low, high in resolve(numset, self.count) if low <= self.count
            ]
        return self._ranges[id(numset)]

    def with_uids(self, numset: NumSet) -> Ranges:
        """Rows of a set of UIDs, or of `$`."""
        if id(numset) not in self._ranges:
            wanted = numset or tuple(runs(self.saved))
            found = self.view.resolve(wanted, by_uid=True) if wanted else []
            self._ranges[id(numset)] = [(low - 1, high - 1) for low, high in found]
        return self._ranges[id(numset)]

    def recent(self) -> Ranges:
        """Rows that are \\Recent in this session."""
        return [(low - 1, high - 1) for low, high in self.view.recent_numbers()]

    def unsized(self, candidates: Sequence[int]) -> list[int]:
        """Those whose size nobody has found out yet."""
        sizes = self.sizes
        return [row for row in candidates if sizes[row] == UNSIZED]

    # -- what messages say

    def hold(self, values: dict[Column[Any], dict[int, Any]]) -> None:
        """Takes columns that hold the values for a slice of rows; drops what was kept of the last one's texts."""
        self._values = values
        self._texts.clear()

    def said(self, column: Column[T], candidates: Sequence[int]) -> Iterator[tuple[int, T]]:
        """Rows and what they say. Of a message that is gone nothing can be said."""
        values: dict[int, T] = self._values[column]
        uids = self.uids
        for row in candidates:
            uid = uids[row]
            if uid in values:
                yield row, values[uid]
            else:
                self.gone.add(row)

    # -- text

    def containing(self, candidates: Sequence[int], needle: str, *, header: bool) -> list[int]:
        """Which of the messages have a folded needle in their body, with `header` also in headers.

        All searching in text passes here: what a full-text index can answer, it would answer here.
        """
        if not needle:
            return list(candidates)
        return [row for row in candidates if self._contains(row, needle, header)]

    def _contains(self, row: int, needle: str, header: bool) -> bool:
        kept = self._texts.get((row, header))
        if kept is not None:
            return any(needle in piece for piece in kept)
        try:
            with self.view.mailbox.content(self.uids[row]) as content:
                data = content.as_buffer()
                pieces = map(text.fold, text.searchable(data, mime.parse(data), headers=header))
                if content.size > LARGE:
                    return any(needle in piece for piece in pieces)
                kept = self._texts[row, header] = list(pieces)
        except GONE:
            self.gone.add(row)
            return False
        return any(needle in piece for piece in kept)
