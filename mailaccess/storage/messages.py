"""One mailbox's messages in memory: columns shared by all sessions of a process, one generation after the other.

A generation is only added to, or has single flags, mod-sequences and sizes replaced; an expunge makes a new one, and
the old one stays as it was for those who have not been told. Only `Mailbox` writes here, from any thread, while others
read. So a writer sets `uids` after all other columns of a row, and `highest` after all it stands for; a reader who goes
by `highest` takes it first, then asks for what changed.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from itertools import compress
from typing import TypeVar

from mailaccess.mail.flags import SEEN, Flags

UNSIZED = (1 << 64) - 1
"""In `sizes`: the message's file has not been read yet. `Mailbox.make_sizes` finds the size; it never changes after."""

_LOG_SLACK = 1000  # changes kept beyond as many as there are messages
_FEW = 64  # rows removed one by one rather than by copying what stays


class Messages:
    """One generation. The columns are of equal length and in ascending order of UID."""

    __slots__ = ("_awaited", "_log", "_unseen", "dates", "flags", "highest", "modseqs", "saved", "sizes", "uids")

    def __init__(
        self,
        uids: Iterable[int] = (),
        flags: Iterable[Flags] = (),
        modseqs: Iterable[int] = (),
        sizes: Iterable[int] = (),
        dates: Iterable[int] = (),
        saved: Iterable[int] = (),
        highest: int = 0,
    ) -> None:
        self.uids = array("I", uids)
        self.flags = list(flags)
        self.modseqs = array("Q", modseqs)
        self.sizes = array("Q", sizes)  # octets on the wire, or UNSIZED
        self.dates = array("q", dates)  # INTERNALDATE, seconds since the epoch
        self.saved = array("q", saved)  # SAVEDATE, likewise
        self.highest = highest  # the mailbox's highest mod-sequence that these rows reflect
        self._log = _Log(highest)
        self._unseen = -1, 0  # what `highest` was, and what `first_unseen` said then
        self._awaited = 0  # so many messages are there, but not here yet

    @classmethod
    def of(
        cls,
        uids: "array[int]",
        flags: list[Flags],
        modseqs: "array[int]",
        sizes: "array[int]",
        dates: "array[int]",
        saved: "array[int]",
        highest: int,
    ) -> "Messages":
        """The same of columns that nobody else will change: to copy those of a million takes tens of milliseconds."""
        new = cls(highest=highest)
        new.uids, new.flags, new.modseqs = uids, flags, modseqs
        new.sizes, new.dates, new.saved = sizes, dates, saved
        return new

    @classmethod
    def awaiting(cls, count: int, highest: int, first_unseen: int) -> "Messages":
        """So many, of which nothing else is known until `fill`."""
        new = cls(highest=highest)
        new._awaited = count
        new._unseen = highest, first_unseen
        return new

    def __len__(self) -> int:
        return self._awaited or len(self.uids)

    @property
    def is_awaiting(self) -> bool:
        """The columns are empty, whatever the length says."""
        return self._awaited > 0

    def position(self, uid: int) -> int:
        """The row of a UID, or -1."""
        uids = self.uids
        row = bisect_left(uids, uid)
        return row if row < len(uids) and uids[row] == uid else -1

    def uids_between(self, first: int, last: int) -> "array[int]":
        """The UIDs that are there of first to last, both included."""
        uids = self.uids
        return uids[bisect_left(uids, first) : bisect_right(uids, last)]

    @property
    def unseen_steps(self) -> int:
        """How much `first_unseen` has to look through."""
        return len(self.flags) if self._unseen[0] != self.highest else 0

    def first_unseen(self) -> int:
        """The row of the first message that is not \\Seen; where all are, the one behind the last."""
        then, row = self._unseen
        if then != self.highest:
            then, flags = self.highest, self.flags
            row = next((row for row, each in enumerate(flags) if SEEN not in each), len(flags))
            self._unseen = then, row
        return row

    def changed_since(self, modseq: int) -> list[int]:
        """UIDs of the messages whose mod-sequence is above `modseq`, ascending; new messages are among them."""
        if modseq >= self.highest:
            return []
        logged = self._log.since(modseq)
        if logged is not None:
            return sorted(uid for uid in logged if self.position(uid) >= 0)
        return [uid for uid, changed in zip(self.uids, self.modseqs, strict=False) if changed > modseq]

    def changes_since(self, modseq: int) -> int:
        """How much `changed_since` has to look through, roughly."""
        return self._log.length(modseq, len(self.uids)) if modseq < self.highest else 0

    # -- for Mailbox

    def fill(self, known: "Messages", below: int) -> bool:
        """Takes over the rows of those that were awaited: all with UIDs below. False: they are not as many."""
        rows = bisect_left(known.uids, below)
        if rows != self._awaited:
            return False
        self.flags, self.modseqs, self.sizes = known.flags[:rows], known.modseqs[:rows], known.sizes[:rows]
        self.dates, self.saved = known.dates[:rows], known.saved[:rows]
        self._log = known._log
        self.uids.extend(known.uids[:rows])  # the same object: views have it
        self._awaited = 0
        return True

    def append(self, uid: int, flags: Flags, modseq: int, size: int, date: int, saved: int) -> None:
        """Adds a message with a UID above all others."""
        self.flags.append(flags)
        self.modseqs.append(modseq)
        self.sizes.append(size)
        self.dates.append(date)
        self.saved.append(saved)
        self.uids.append(uid)

    def change(self, row: int, flags: Flags, modseq: int) -> None:
        """Replaces what of a message can change."""
        self.flags[row] = flags
        self.modseqs[row] = modseq

    def advance(self, changes: Sequence[tuple[int, int]], highest: int) -> None:
        """Notes (mod-sequence, UID) of what was appended and changed, ascending; readers may know of it from now on."""
        self._log.add(changes, keep=len(self.uids) + _LOG_SLACK)
        self.highest = highest

    def without(self, gone: Collection[int]) -> "Messages":
        """A new generation that lacks these UIDs."""
        rows = sorted(row for row in map(self.position, gone) if row >= 0)
        new = Messages(highest=self.highest)
        new.uids = _cut(self.uids, rows)
        new.flags = _cut(self.flags, rows)
        new.modseqs = _cut(self.modseqs, rows)
        new.sizes = _cut(self.sizes, rows)
        new.dates = _cut(self.dates, rows)
        new.saved = _cut(self.saved, rows)
        new._log = self._log
        return new


C = TypeVar("C", "array[int]", list[Flags])


def _cut(column: C, rows: Sequence[int]) -> C:
    """A copy without these rows (ascending)."""
    copy = column[:]
    if len(rows) <= _FEW:
        for row in reversed(rows):
            del copy[row]
        return copy
    keep = bytearray(b"\1") * len(column)
    for row in rows:
        keep[row] = 0
    copy[:] = copy[:0]
    copy.extend(compress(column, keep))
    return copy


class _Log:
    """What changed lately, in order of mod-sequence. Complete for changes above its floor."""

    __slots__ = ("_state",)

    def __init__(self, floor: int) -> None:
        self._state: tuple[int, array[int], array[int]] = floor, array("Q"), array("I")  # floor, mod-sequences, UIDs

    def add(self, changes: Sequence[tuple[int, int]], keep: int) -> None:
        """Adds (mod-sequence, UID), ascending. Forgets all but about `keep` once there are twice as many."""
        _, modseqs, uids = self._state
        for modseq, uid in changes:
            uids.append(uid)
            modseqs.append(modseq)
        if len(modseqs) > 2 * keep:
            cut = bisect_right(modseqs, modseqs[-keep])
            self._state = modseqs[cut - 1], modseqs[cut:], uids[cut:]

    def length(self, modseq: int, otherwise: int) -> int:
        """How many changes are above `modseq`; `otherwise` where that is not known any more."""
        floor, modseqs, _ = self._state
        return len(modseqs) - bisect_right(modseqs, modseq) if modseq >= floor else otherwise

    def since(self, modseq: int) -> set[int] | None:
        """UIDs changed above `modseq`; None where that is not known any more."""
        floor, modseqs, uids = self._state
        return set(uids[bisect_right(modseqs, modseq) :]) if modseq >= floor else None
