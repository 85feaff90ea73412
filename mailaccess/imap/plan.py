"""What it takes to answer a FETCH, found out once for the items and the kind of client: both are the same for command
after command.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.items import FLAGS, MODSEQ, REV2, UID
from mailaccess.imap.wanted import Needs, Wanted, parse_items

_MEMORABLE = 500
"""Octets of a command behind its set of messages, of which is kept what it asks for."""
_NAMED = frozenset([FLAGS, MODSEQ, UID])
"""What names of files tell: what a mailbox that is opened for the first time can tell before its rows are there."""


class Plan:
    """How messages are told of: their responses' form, and what has to be at hand for them."""

    __slots__ = (
        "asked",
        "form",
        "full_form",
        "head",
        "is_slow",
        "items",
        "marking",
        "needs",
        "reads",
        "says",
        "tells_flags",
        "tells_modseq",
        "tells_names",
        "uidonly",
    )

    def __init__(
        self, items: Sequence[Wanted], *, uidonly: bool, condstore: bool, rev2: bool, extra: Sequence[Wanted] = ()
    ) -> None:
        """`extra`: what is told also of the messages that this command marks as \\Seen, and of them only."""
        self.items = (*items, *extra)
        self.asked = len(items)
        self.uidonly = uidonly
        self.head = b"* %d UIDFETCH (" if uidonly else b"* %d FETCH ("
        self.form = self._line(items)
        self.full_form = self._line(self.items)
        self.says = any(item.says is not None for item in self.items)
        self.reads = any(item.reads for item in self.items)
        self.needs: int = Needs.SIZES if self.reads else Needs.NOTHING
        for item in self.items:
            self.needs |= item.needs
        self.is_slow = self.reads or self.says or bool(self.needs & ~Needs.SIZES)
        self.tells_modseq = MODSEQ in items
        self.tells_flags = FLAGS in items and (self.tells_modseq or not condstore)  # all that a client wants of them
        self.tells_names = _NAMED.issuperset(items)
        self.marking: Plan | None = None
        """Once there is a message to be marked as \\Seen; None: none is to be."""
        if not extra and any(item.sets_seen for item in items):
            # RFC 7162 3.2.4 wants UID and MODSEQ too where a FETCH sets \Seen
            told = [UID, FLAGS, MODSEQ] if condstore or self.tells_modseq else [UID, FLAGS] if rev2 else [FLAGS]
            more = [item for item in told if item not in items and not (uidonly and item is UID)]
            self.marking = Plan(items, uidonly=uidonly, condstore=condstore, rev2=rev2, extra=more) if more else self

    def _line(self, items: Sequence[Wanted]) -> bytes:
        return b"%s%s)\r\n" % (self.head, b" ".join(item.form for item in items))


@dataclass(frozen=True, slots=True)
class Asked:
    """Items as a client has asked for them, and the plans that were made for them."""

    items: tuple[Wanted, ...]
    _plans: dict[tuple[bool, ...], Plan] = field(default_factory=dict, compare=False, repr=False)

    def plan(
        self, *, rev2: bool, uidonly: bool, condstore: bool, with_uid: bool = False, with_modseq: bool = False
    ) -> Plan:
        """For a client that has enabled these; `with_...`: whether it has asked for that or not."""
        kind = rev2, uidonly, condstore, with_uid, with_modseq
        known = self._plans.get(kind)
        if known is None:
            items = [REV2.get(item, item) for item in self.items] if rev2 else list(self.items)
            if with_uid and not uidonly and UID not in items:
                items.insert(0, UID)
            if with_modseq and MODSEQ not in items:
                items.append(MODSEQ)
            known = self._plans[kind] = Plan(items, uidonly=uidonly, condstore=condstore, rev2=rev2)
        return known


NOTHING = Asked(())


def parse_asked(cursor: Cursor) -> Asked:
    """As `wanted.parse_items`. What came of a short text is kept, with its plans."""
    rest = cursor.data[cursor.pos :]
    if len(rest) <= _MEMORABLE:
        try:
            asked, octets = _parsed(rest, cursor.utf8)
        except Bad:
            pass  # its place in the command is told
        else:
            cursor.pos += octets
            return asked
    return Asked(tuple(parse_items(cursor)))


@lru_cache(maxsize=256)
def _parsed(text: bytes, utf8: bool) -> tuple[Asked, int]:
    """The items that a text begins with, and how many octets they are."""
    cursor = Cursor(text, utf8=utf8)
    return Asked(tuple(parse_items(cursor))), cursor.pos
