"""What FETCH is asked for: the table of items, and from the words of a command to them (RFC 3501 6.4.5).

An item stands in one place, in `imap.items`: its name, its grammar where it has any, what it needs and how it is
rendered. Rendering goes by columns: an item gives its values for a block of messages at once, and the lines are made
of them.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, TypeVar

from mailaccess.imap.binary import Decoded
from mailaccess.imap.errors import Bad
from mailaccess.imap.facts import Facts
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.section import Span
from mailaccess.storage.content import Content
from mailaccess.storage.messages import Messages

T = TypeVar("T")

Stream = Span | Decoded
"""Octets to be sent from the file, piece by piece."""
Value = bytes | int | Stream
"""An item's value for one message: rendered, or a number, or a long one."""


class Source(Protocol):
    """What finds a value in a message's file."""

    @property
    def end(self) -> int:
        """Before which octet of the message ends what is read; above ENDLESS if it takes an open message."""

    def read(self, content: Content) -> Value:
        """UnknownEncoding."""


Said = bytes | int | Source
"""An item's value for one message, or where it is."""


class Needs(IntEnum):
    """What must be at hand beside the columns in memory. Members are joined as bits: every FETCH asks."""

    NOTHING = 0
    SIZES = 1
    FACTS_AT_HAND = 2  # those that are kept; the others need not be made
    THREADS = 4


@dataclass(slots=True)
class Block:
    """Some messages of one FETCH; the lists are of equal length."""

    numbers: Sequence[int]  # what the responses begin with
    uids: Sequence[int]
    stretches: Sequence[tuple[Messages, slice]]  # the generations they are of, and their rows there
    recent: Callable[[int], bool] | None = None  # by UID; None when none is \\Recent
    at_hand: Sequence[Facts | None] = ()  # empty unless needed, as the next one
    threads: Sequence[int] = ()

    def values(self, column: Callable[[Messages], Sequence[T]]) -> Sequence[T]:
        """What one of the columns in memory says of them."""
        if len(self.stretches) == 1:
            messages, rows = self.stretches[0]
            return column(messages)[rows]
        return [value for messages, rows in self.stretches for value in column(messages)[rows]]

    def only(self, indexes: Sequence[int]) -> "Block":
        """Some of them."""
        places = [(messages, row) for messages, rows in self.stretches for row in range(rows.start, rows.stop)]
        stretches = [(messages, slice(row, row + 1)) for messages, row in map(places.__getitem__, indexes)]

        def pick(column: Sequence[T]) -> Sequence[T]:
            return [column[index] for index in indexes] if column else ()

        numbers, uids = pick(self.numbers), pick(self.uids)
        return Block(numbers, uids, stretches, self.recent, pick(self.at_hand), pick(self.threads))


Column = Callable[[Block], Sequence[Said]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item as a client asks for it: from memory, or said by facts."""

    form: bytes  # `%` form of the item in a response: b"UID %d"
    column: Column | None = None  # its values, where no facts are needed
    needs: Needs = Needs.NOTHING
    says: Callable[[Facts], Said] | None = None  # its value, where they are; it never changes
    kept_as: Hashable = None  # what names these values when they are kept in memory; None: they are not
    reads: bool = False  # some of its values are Sources
    read_as: Hashable = None  # what names what is read when short texts are kept in memory; None: they are not
    sets_seen: bool = False


Parse = Callable[[Cursor], Wanted]

ITEMS: dict[bytes, Parse] = {}
_MAX_ITEMS = 100
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9.\-]*")
_MACROS = {
    b"FAST": (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"),
    b"ALL": (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE"),
    b"FULL": (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY"),
}


def item(name: bytes, form: bytes = b"%s", *, needs: Needs = Needs.NOTHING) -> Callable[[Column], Column]:
    """Enters an item without arguments. `form` is that of its value."""

    def enter(column: Column) -> Column:
        wanted = Wanted(b"%s %s" % (name, form), column, needs)
        ITEMS[name] = lambda cursor: wanted
        return column

    return enter


def item_with_arguments(name: bytes) -> Callable[[Parse], Parse]:
    """Enters an item whose name alone does not say all: `parse` reads on behind the name."""

    def enter(parse: Parse) -> Parse:
        ITEMS[name] = parse
        return parse

    return enter


def parse_items(cursor: Cursor) -> list[Wanted]:
    """("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")"""
    if not cursor.skip(b"("):
        name = _parse_name(cursor)
        return [ITEMS[each](cursor) for each in _MACROS[name]] if name in _MACROS else [_parse_item(cursor, name)]
    found: list[Wanted] = []
    for _ in range(_MAX_ITEMS):
        while cursor.skip(b" "):  # some clients put more spaces than the grammar has
            pass
        if found and cursor.skip(b")"):
            return found
        wanted = _parse_item(cursor, _parse_name(cursor))
        if wanted not in found:
            found.append(wanted)
        if cursor.peek() not in (b" ", b")"):
            raise cursor.bad("a space or ')'")
    raise Bad(f"At most {_MAX_ITEMS} items can be fetched at once")


def _parse_name(cursor: Cursor) -> bytes:
    match = _NAME.match(cursor.data, cursor.pos)
    if match is None:
        raise cursor.bad("an item to fetch, such as FLAGS or BODY[]")
    cursor.pos = match.end()
    return match[0].upper()


def _parse_item(cursor: Cursor, name: bytes) -> Wanted:
    parse = ITEMS.get(name)
    if parse is None:
        raise Bad(f"{name.decode()} is no item to fetch; expected one of {_known()}")
    return parse(cursor)


def _known() -> str:
    return ", ".join(sorted(name.decode() for name in ITEMS))
