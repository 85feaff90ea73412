"""The selected mailbox as search keys and sort criteria look at it: columns by row, and what the rows' messages say.

Row r is the message with sequence number r + 1.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

from mailaccess.imap.columns import GONE, Column
from mailaccess.imap.numset import NumSet, resolve, runs
from mailaccess.imap.texts import Texts
from mailaccess.imap.view import Ranges, View, missing
from mailaccess.mail.flags import Flags
from mailaccess.mail.fuzzy import BEST
from mailaccess.storage.messages import UNSIZED, Messages

T = TypeVar("T")


class Question(NamedTuple):
    """What a search key looks for in texts."""

    needle: str  # folded
    header: bool  # in headers, too


class Rows:
    """One search's view of the mailbox. Used by one thread at a time."""

    def __init__(self, view: View, saved: Sequence[int], now: int) -> None:
        self.view = view
        self.saved = saved  # `$`: UIDs
        self.now = now  # seconds since the epoch
        self.count = view.count
        self.modseq = view.mailbox.messages.highest  # changes up to here are in the columns, at least
        self.gone: set[int] = set()  # rows of messages that were asked for what went with their file
        self.uids: Sequence[int]  # may be longer than `count`, as all columns: new mail the client has not been told of
        self.flags: Sequence[Flags]
        self.modseqs: Sequence[int]
        self.sizes: Sequence[int]
        self.dates: Sequence[int]
        self.save_dates: Sequence[int]
        self.align()
        self._scores: dict[int, list[int]] = {}  # by row: of the keys behind FUZZY that it matches
        self._keywords = {name.lower(): name for name in view.mailbox.keywords()}
        self._ranges: dict[int, Ranges] = {}
        self._values: dict[Column[Any], dict[int, Any]] = {}
        self.answers: Mapping[Question, Sequence[int]] | None = None  # which rows match, if that is known already
        self._texts = Texts(view.mailbox)

    # -- columns

    def keyword(self, name: str) -> str:
        """A keyword as the mailbox spells it."""
        return self._keywords.get(name.lower(), name)

    def align(self) -> None:
        """Takes the columns as they are now; where expunges are owed to the client, with rows for those."""
        columns = self._aligned()
        self.uids, self.flags, self.modseqs = columns.uids, columns.flags, columns.modseqs
        self.sizes, self.dates, self.save_dates = columns.sizes, columns.dates, columns.saved

    def _aligned(self) -> Messages:
        current, old = self.view.mailbox.messages, self.view.generation
        if current is old:
            return old
        uids = array("I", self.view.uids(self.view.everything()))
        columns = Messages()
        edges = [-1, *missing(uids, current.uids), self.count]
        for absent, (before, after) in enumerate(pairwise(edges)):
            # `absent` rows before this stretch are not in the new generation: there it lies that much further ahead.
            stretch = slice(before + 1 - absent, after - absent)
            columns.uids += current.uids[stretch]
            columns.flags += current.flags[stretch]
            columns.modseqs += current.modseqs[stretch]
            columns.sizes += current.sizes[stretch]
            columns.dates += current.dates[stretch]
            columns.saved += current.saved[stretch]
            if after < self.count:
                self._add_absent(columns, uids[after], old)
        return columns

    def _add_absent(self, columns: Messages, uid: int, old: Messages) -> None:
        row = old.position(uid)
        if row >= 0:
            columns.append(uid, old.flags[row], old.modseqs[row], old.sizes[row], old.dates[row], old.saved[row])
        else:  # came and went since: nothing is known of it
            self.gone.add(len(columns))
            columns.append(uid, frozenset(), 0, 0, 0, 0)

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
        self._texts.drop()

    def said(self, column: Column[T], candidates: Sequence[int]) -> Iterator[tuple[int, T]]:
        """Rows and what they say. Of a message that is gone nothing can be said."""
        values: dict[int, T] = self._values[column]
        uids = list(map(self.uids.__getitem__, candidates))
        if not all(map(values.__contains__, uids)):
            absent = {row for row, uid in zip(candidates, uids, strict=True) if uid not in values}
            self.gone |= absent
            candidates = [row for row in candidates if row not in absent]
            uids = [uid for uid in uids if uid in values]
        return zip(candidates, map(values.__getitem__, uids), strict=True)

    # -- relevancy

    def rated(self, scores: Iterable[tuple[int, int]]) -> list[int]:
        """Rows that have a score above 0 in a key behind FUZZY."""
        found = []
        for row, score in scores:
            if score:
                self._scores.setdefault(row, []).append(score)
                found.append(row)
        return found

    def relevancy(self, row: int) -> int:
        """1 to 100: the mean of how well a row matches the keys behind FUZZY; what only others decided matches well."""
        scores = self._scores.get(row)
        return max(1, sum(scores) // len(scores)) if scores else BEST

    # -- text

    def containing(self, candidates: Sequence[int], needle: str, *, header: bool) -> list[int]:
        """Which of the messages have a folded needle in their body, with `header` also in headers."""
        if not needle:
            return list(candidates)
        if self.answers is not None:
            return _both(self.answers[Question(needle, header)], candidates)
        return [
            row
            for row, found in self._asked(candidates, lambda uid: self._texts.hold(uid, needle, header=header))
            if found
        ]

    def scored(self, candidates: Sequence[int], score: Callable[[Iterable[str]], int], *, header: bool) -> list[int]:
        """As `rated`, by a score of each message's folded texts, which `containing` looks into."""
        return self.rated(self._asked(candidates, lambda uid: score(self._texts.pieces(uid, header=header))))

    def _asked(self, candidates: Sequence[int], ask: Callable[[int], int]) -> Iterator[tuple[int, int]]:
        """Rows that are not gone, and what is said of the message."""
        uids = self.uids
        self._texts.load([uids[row] for row in candidates])
        for row in candidates:
            try:
                yield row, ask(uids[row])
            except GONE:
                self.gone.add(row)


def _both(matching: Sequence[int], candidates: Sequence[int]) -> list[int]:
    """What is in both; they ascend. Of a range of candidates not each is looked at."""
    if not candidates:
        return []
    part = matching[bisect_left(matching, candidates[0]) : bisect_right(matching, candidates[-1])]
    if isinstance(candidates, range):
        return list(part)
    chosen = set(part)
    return [row for row in candidates if row in chosen]
