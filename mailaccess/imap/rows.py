"""The selected mailbox as search keys and sort criteria look at it: columns by row, and what the rows' messages say.

Row r is the message with sequence number r + 1. What is taken from facts and files is kept for the slice of rows under
way, so that several keys about one header decode it once.
"""

import re
from array import array
from collections.abc import Sequence
from itertools import pairwise

from mailaccess.imap import render
from mailaccess.imap.facts import Facts
from mailaccess.imap.numset import NumSet, resolve, runs
from mailaccess.imap.view import Ranges, View, missing
from mailaccess.mail import address, headers, mime, text
from mailaccess.mail.flags import Flags
from mailaccess.storage.errors import ContentChanged, MessageGone, ShortRead
from mailaccess.storage.messages import UNSIZED, Messages

_UNQUOTED = re.compile(rb"[^\x00-\x1f\x7f()<>@,;:\\\".\[\]]*\Z")
LARGE = 1 << 20  # octets of a message whose text is not kept, but decoded piece by piece for each key
_GONE = (MessageGone, ContentChanged, ShortRead)


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
        self._facts: dict[int, Facts] = {}
        self._fields: dict[tuple[int, bytes], list[str]] = {}
        self._addresses: dict[tuple[int, bytes], list[str]] = {}
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
        return [(low - 1, min(high, self.count) - 1) for low, high in resolve(numset, self.count) if low <= self.count]

    def with_uids(self, numset: NumSet) -> Ranges:
        """Rows of a set of UIDs."""
        wanted = numset or tuple(runs(self.saved))
        return [(low - 1, high - 1) for low, high in self.view.resolve(wanted, by_uid=True)] if wanted else []

    def recent(self) -> Ranges:
        """Rows that are \\Recent in this session."""
        return [(low - 1, high - 1) for low, high in self.view.recent_numbers()]

    def unsized(self, candidates: Sequence[int]) -> list[int]:
        """Those whose size nobody has found out yet."""
        sizes = self.sizes
        return [row for row in candidates if sizes[row] == UNSIZED]

    # -- facts

    def hold(self, facts: dict[int, Facts]) -> None:
        """Takes the facts of a slice of rows, and drops what was kept of the last one."""
        self._facts = facts
        self._fields.clear()
        self._addresses.clear()
        self._texts.clear()

    def facts(self, row: int) -> Facts | None:
        """The message's facts; None if it is gone, and nothing about it can be said."""
        found = self._facts.get(row)
        if found is None:
            self.gone.add(row)
        return found

    def fields(self, row: int, name: bytes) -> list[str]:
        """The values of the header's fields of a name (lower case): decoded, folded for comparison, tabs as spaces."""
        found = self._fields.get((row, name))
        if found is None:
            raw = _raw_fields(self._header(row), name)
            found = self._fields[row, name] = [text.fold(headers.decode(value).replace("\t", " ")) for value in raw]
        return found

    def addresses(self, row: int, name: bytes) -> list[str]:
        """As `fields`, with the addresses in them written in one way: `Name <mailbox@host>, ...`."""
        found = self._addresses.get((row, name))
        if found is None:
            raw = _raw_fields(self._header(row), name)
            found = self._addresses[row, name] = [text.fold(_written(value)) for value in raw]
        return found

    def _header(self, row: int) -> bytes:
        facts = self.facts(row)
        if facts is None:
            return b""
        if facts.header is not None:
            return facts.header
        try:
            with self.view.mailbox.content(self.uids[row]) as content:
                return content.read(0, facts.header_size)
        except _GONE:
            self.gone.add(row)
            return b""

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
        except _GONE:
            self.gone.add(row)
            return False
        return any(needle in piece for piece in kept)


def _raw_fields(header: bytes, name: bytes) -> list[bytes]:
    """The raw values of a header's fields of a name (lower case), found without splitting the others."""
    found = []
    lowered = b"\n" + header.lower()
    at = lowered.find(b"\n" + name)
    while at >= 0:
        # positions in `lowered` are one ahead of those in `header`
        field = headers.fields(header[at : _field_end(header, at)])
        found += [f.value for f in field if f.name.lower() == name]
        at = lowered.find(b"\n" + name, at + 1)
    return found


def _field_end(header: bytes, start: int) -> int:
    """The end of the field that begins at `start`: the first line end that no space or tab follows."""
    end = header.find(b"\n", start)
    while end >= 0 and header[end + 1 : end + 2] in (b" ", b"\t"):
        end = header.find(b"\n", end + 1)
    return end + 1 if end >= 0 else len(header)


def _written(value: bytes) -> str:
    """Addresses as they are shown, whatever way they were written: names first, quoted only if they must be."""
    written = [_address(found) for found in address.parse_addresses(value)]
    return headers.decode(b", ".join(filter(None, written)))


def _address(found: address.Address) -> bytes:
    if found.host is None:
        return b"%s:" % found.mailbox if found.mailbox else b""  # a group begins or ends
    place = b"%s@%s" % (found.mailbox or b"", found.host)
    if not found.name:
        return place
    name = found.name if _UNQUOTED.match(found.name) else render.quoted(found.name)
    return b"%s <%s>" % (name, place)
