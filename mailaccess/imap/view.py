"""What one client has been told of its mailbox: the numbering, and what is still owed.

Sequence numbers exist here and nowhere below. A view refers to one generation of `storage.messages.Messages`, shared by
all sessions; only a session that must not yet be told of an expunge while new mail arrives keeps an array of its own.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailaccess.imap.errors import Bad
from mailaccess.imap.numset import STAR, NumSet, resolve, runs
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.messages import Messages

Ranges = list[tuple[int, int]]
"""Ascending, inclusive, 1-based sequence numbers."""

Stretch = tuple[range, Messages, slice]
"""Messages that lie together: their sequence numbers, generation, and rows there."""


def length(ranges: Ranges) -> int:
    """How many messages that is."""
    total = 0  # a generator would take as long to be made as most ranges to be counted
    for low, high in ranges:
        total += high - low + 1
    return total


@dataclass(slots=True)
class News:
    """What one flush has to tell, in the order in which it must be told."""

    expunged: list[tuple[int, int]] = field(default_factory=list)  # (sequence number, UID), highest number first
    exists: int | None = None
    changed: list[tuple[int, int, Messages, int]] = field(default_factory=list)  # as `View.pick` yields
    highest: int | None = None  # HIGHESTMODSEQ, where the mod-sequences that are sent do not tell it


class Follower(Protocol):
    """Tells the client what news of the mailbox mean to what it asked for: search results, for example."""

    @property
    def by_uid(self) -> bool:
        """It names messages by their UIDs, not by sequence numbers."""

    def __len__(self) -> int:
        """How much it has to remember."""

    async def expunged(self, expunged: Sequence[tuple[int, int]]) -> None:
        """The client is about to be told of these: (sequence number, UID), highest number first."""

    async def look(self) -> None:
        """The client has been told all news."""


def missing(old: Sequence[int], new: Sequence[int]) -> list[int]:
    """Indexes in `old` of what `new` lacks; both ascending. Equal stretches are compared as arrays, not one by one."""
    gone: list[int] = []
    i = j = 0
    while i < len(old):
        if j >= len(new):
            gone.extend(range(i, len(old)))
            break
        if old[i] < new[j]:
            behind = bisect_left(old, new[j], i)
            gone.extend(range(i, behind))
            i = behind
            continue
        if old[i] > new[j]:
            j = bisect_left(new, old[i], j)
            continue
        step = 1
        while step and i < len(old):
            if j + step <= len(new) and old[i : i + step] == new[j : j + step]:
                i, j, step = i + step, j + step, step * 2
            else:
                step //= 2
    return gone


def _stretch(first: int, messages: Messages, row: int, last: int) -> Stretch:
    """Messages `first` to `last`, the first of which is in that row."""
    return range(first, last + 1), messages, slice(row, row + last - first + 1)


class View:
    """One session's numbering of one mailbox."""

    __slots__ = (
        "_owing",
        "_recent",
        "_told",
        "_uids",
        "count",
        "followers",
        "generation",
        "highest",
        "keywords",
        "mailbox",
        "modseq",
        "read_only",
        "recent",
    )

    def __init__(self, mailbox: Mailbox, *, read_only: bool) -> None:
        self.mailbox = mailbox
        self.read_only = read_only
        self.generation = mailbox.messages
        self._uids: array[int] = self.generation.uids
        self.count = len(self.generation)
        self.modseq = self.generation.highest  # flag changes up to here have been told
        self.highest = max(1, self.modseq)  # all changes up to here have: what HIGHESTMODSEQ may say
        self.keywords: tuple[str, ...] | None = None  # those the client has heard of
        self.followers: dict[bytes, Follower] = {}  # by the tag of the command that asked for them
        self._owing = False  # an expunge had to wait when the client was last told
        self.recent = 0  # how many messages are \Recent in this session
        self._recent: list[tuple[int, int]] = []  # their UIDs
        self._told: dict[int, int] = {}  # UID -> mod-sequence above `modseq` up to which its flags are known

    # -- numbers

    def uid(self, number: int) -> int:
        """The UID of a sequence number."""
        return self._uids[number - 1]

    def number(self, uid: int) -> int:
        """The sequence number of a UID; 0 if the client knows no such message."""
        index = bisect_left(self._uids, uid, 0, self.count)
        return index + 1 if index < self.count and self._uids[index] == uid else 0

    def number_up_to(self, uid: int) -> int:
        """The sequence number of the last message whose UID is not above `uid`; 0 if there is none."""
        return bisect_right(self._uids, uid, 0, self.count)

    def uids(self, ranges: Ranges) -> list[int]:
        """The UIDs of sequence number ranges, ascending."""
        return [uid for low, high in ranges for uid in self._uids[low - 1 : high]]

    def everything(self) -> Ranges:
        """All messages."""
        return [(1, self.count)] if self.count else []

    def resolve(self, numset: NumSet, *, by_uid: bool) -> Ranges:
        """What a client's set names, as sequence numbers.

        UIDs that do not exist are passed over ("a non-existent unique identifier is ignored", RFC 3501 6.4.8);
        a sequence number above the last message is BAD, but `*` in an empty mailbox names nothing.
        """
        if not by_uid:
            top, starred = 0, False
            for pair in numset:
                for number in pair:
                    if number == STAR:
                        starred = True
                    elif number > top:
                        top = number
            if top > max(self.count, 1) or (top > self.count and not starred):
                raise Bad(f"There are {self.count} messages; {top} is not one of them")
            return resolve(numset, self.count)
        ranges: Ranges = []
        for low, high in resolve(numset, self._uids[self.count - 1] if self.count else 0):
            first = bisect_left(self._uids, low, 0, self.count)
            last = bisect_left(self._uids, high + 1, first, self.count) if high < STAR - 1 else self.count
            if last > first:
                ranges.append((first + 1, last))
        return ranges

    def pick(self, ranges: Ranges) -> Iterator[tuple[int, int, Messages, int]]:
        """(sequence number, UID, generation, row) of each message; a message expunged meanwhile has its old row."""
        current = self.mailbox.messages
        if current is self.generation and self._uids is current.uids:
            for low, high in ranges:
                for number in range(low, high + 1):
                    yield number, self._uids[number - 1], current, number - 1
            return
        for low, high in ranges:
            for number in range(low, high + 1):
                uid = self._uids[number - 1]
                row = current.position(uid)
                if row >= 0:
                    yield number, uid, current, row
                elif (row := self.generation.position(uid)) >= 0:
                    yield number, uid, self.generation, row

    def stretches(self, ranges: Ranges) -> list[Stretch]:
        """The same, for as many at a time as lie together."""
        current = self.mailbox.messages
        if current is self.generation and self._uids is current.uids:
            return [(range(low, high + 1), current, slice(low - 1, high)) for low, high in ranges]
        return list(self._stretches(ranges))

    def _stretches(self, ranges: Ranges) -> Iterator[Stretch]:
        begun: tuple[int, Messages, int] | None = None
        last = 0
        for number, _, messages, row in self.pick(ranges):
            if begun is not None:
                first, generation, first_row = begun
                if number == last + 1 and messages is generation and row - first_row == number - first:
                    last = number
                    continue
                yield _stretch(*begun, last)
            begun, last = (number, messages, row), number
        if begun is not None:
            yield _stretch(*begun, last)

    def present(self, ranges: Ranges) -> list[int]:
        """The UIDs of these messages, but for those that were expunged without this client having been told."""
        current = self.mailbox.messages
        # UIDs only ever come behind all others: what is there between two that the client knows, it knows too.
        return [uid for low, high in ranges for uid in current.uids_between(self._uids[low - 1], self._uids[high - 1])]

    def vanished(self, since: int, known: Sequence[range]) -> list[int]:
        """UIDs among the known that were expunged since, but for what this client still counts: of that it is told
        by a VANISHED that renumbers. After a long absence they are many, and the index is asked: for threads."""
        return [uid for uid in self.mailbox.vanished_since(since, known) if not self.number(uid)]

    def changed(self, ranges: Ranges, since: int) -> Ranges:
        """Of these messages those with a mod-sequence above `since`."""
        uids = self.mailbox.messages.changed_since(since)
        if len(uids) >= self.count and all(map(self.number, uids)):
            return ranges
        changed = runs(number for number in map(self.number, uids) if number)
        found: Ranges = []
        i = j = 0
        while i < len(ranges) and j < len(changed):
            low, high = max(ranges[i][0], changed[j][0]), min(ranges[i][1], changed[j][1])
            if low <= high:
                found.append((low, high))
            if ranges[i][1] < changed[j][1]:
                i += 1
            else:
                j += 1
        return found

    # -- \Recent

    def add_recent(self, first_recent: int) -> None:
        """From `first_recent` up to the newest it knows all are \\Recent here: this session claimed them, or it only
        reads the mailbox and nobody had."""
        if first_recent >= self.mailbox.uidnext:
            return
        last = self._uids[self.count - 1] if self.count else 0
        if first_recent <= last:
            self._add_recent(first_recent, last)
            self._count_recent()

    def claimed(self, uids: Sequence[int]) -> None:
        """These, which ascend without a gap and of which the client will hear next, are \\Recent here."""
        self._add_recent(uids[0], uids[-1])

    def drop_recent(self) -> None:
        """Nothing is \\Recent here any more."""
        self._recent, self.recent = [], 0

    def is_recent(self, uid: int) -> bool:
        return any(low <= uid <= high for low, high in self._recent)

    def recent_numbers(self) -> Ranges:
        """Sequence numbers of the messages that are \\Recent here."""
        return self.resolve(tuple(self._recent), by_uid=True) if self._recent else []

    def _add_recent(self, first: int, last: int) -> None:
        if self._recent and first <= self._recent[-1][1] + 1:
            before = self._recent.pop()
            first, last = min(first, before[0]), max(last, before[1])
        self._recent.append((first, last))

    def _count_recent(self) -> None:
        self.recent = length(self.recent_numbers())

    # -- changes

    def told(self, uids: Iterable[int], upto: int) -> None:
        """The client knows the flags of these as the mod-sequence `upto` left them: its own STORE, or a FETCH of FLAGS.

        `upto` is what `Messages.highest` was before the flags were read: others may be changing them meanwhile.
        """
        self._told.update(dict.fromkeys(uids, upto))

    def owed(self) -> int:
        """How much `flush` has to look through, roughly; nothing if there is no news."""
        current = self.mailbox.messages
        gone = 0
        if current is not self.generation and self.count:
            gone = self.count - bisect_right(current.uids, self._uids[self.count - 1])
        return gone + current.changes_since(self.modseq)

    @property
    def has_news(self) -> bool:
        """There is something that the client was not told."""
        current = self.mailbox.messages
        return current is not self.generation or len(current) != self.count or current.highest != self.modseq

    def flush(self, *, may_expunge: bool, new: bool = True, flags: bool = True) -> News | None:
        """What the client must be told now; None when nothing. The view then stands at what was told.

        Without `new` and `flags`: of new messages, of flags, a client does not want to be told (RFC 5465).
        """
        if not self.has_news:
            return None
        current = self.mailbox.messages
        news = News()
        known = self._uids[self.count - 1] if self.count else 0
        if current is not self.generation and may_expunge:
            self._tell_expunged(current, news)
        if new:
            self._tell_new(current, news)
        if flags and current.highest > self.modseq:
            self._tell_changed(current, known, news)
        if not (new and flags):
            return news  # what is not told leaves HIGHESTMODSEQ where it is
        owing = current is not self.generation
        if not owing:
            self.highest = max(1, current.highest)
        if owing or self._owing:
            # While an expunge is delayed, "the server MUST send the HIGHESTMODSEQ response code with a lower value than
            # the EXPUNGE's mod-sequence" (RFC 7162 3.2), and then the true one.
            news.highest = self.highest
        self._owing = owing
        return news

    def _tell_expunged(self, current: Messages, news: News) -> None:
        gone = missing(self._uids[: self.count], current.uids)
        news.expunged = [(index + 1, self._uids[index]) for index in reversed(gone)]
        self.count -= len(gone)
        self.generation, self._uids = current, current.uids
        if gone and self._recent:
            self._count_recent()

    def _tell_new(self, current: Messages, news: News) -> None:
        known = self.count
        if current is self.generation:
            total = len(current.uids)
        else:
            # The old numbering has to stay; new mail is added behind it, in an array of this view's own.
            last = self._uids[self.count - 1] if self.count else 0
            fresh = current.uids[bisect_left(current.uids, last + 1) :]
            if fresh:
                self._uids = self._uids[: self.count] + fresh
            total = self.count + len(fresh)
        if total != self.count:
            news.exists = self.count = total
            if self._recent and self._recent[-1][1] >= self._uids[known]:
                self._count_recent()  # it knows now of those that it claimed

    def _tell_changed(self, current: Messages, known: int, news: News) -> None:
        for uid in current.changed_since(self.modseq):
            row = current.position(uid)
            number = self.number(uid)
            is_new = uid > known  # EXISTS has just told of it
            if row >= 0 and number and not is_new and self._told.get(uid, 0) < current.modseqs[row]:
                news.changed.append((number, uid, current, row))
        self.modseq = current.highest
        self._told.clear()
