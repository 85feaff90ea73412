"""What FETCH can be asked for: the table of message data items (RFC 3501 6.4.5 and 7.4.2).

`@item` enters one in a single place: its name, its grammar where it has any, what it needs and how it is rendered.
Rendering goes by columns: an item gives its values for a block of messages at once, and the lines are made of them.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from operator import attrgetter
from typing import Protocol, TypeVar

from mailaccess.imap import objectid, render
from mailaccess.imap.binary import BinarySection, BinarySize, BinaryText, Decoded
from mailaccess.imap.binary import parse_section as parse_binary_section
from mailaccess.imap.errors import Bad
from mailaccess.imap.facts import Facts
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import feature
from mailaccess.imap.section import ENDLESS, Section, Span, Text, parse_section
from mailaccess.mail.flags import Flags
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


@dataclass(frozen=True, slots=True)
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
_LONGEST_KEPT = 500  # octets of an item's name, which lists header fields
_MAX_ITEMS = 100
_MEMORABLE = 500  # octets of a command behind its set of messages, of which is kept what it asks for
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9.\-]*")
_LAZY = re.compile(rb" \(LAZY(?: LAZY)*\)", re.IGNORECASE)
_MACROS = {
    b"FAST": (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"),
    b"ALL": (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE"),
    b"FULL": (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY"),
}

feature(b"SAVEDATE", rfc=8514)
feature(b"PREVIEW", rfc=8970)


def item(name: bytes, form: bytes = b"%s", *, needs: Needs = Needs.NOTHING) -> Callable[[Column], Column]:
    """Enters an item without arguments. `form` is that of its value."""

    def enter(column: Column) -> Column:
        wanted = Wanted(b"%s %s" % (name, form), column, needs)
        ITEMS[name] = lambda cursor: wanted
        return column

    return enter


def _said(name: bytes, says: Callable[[Facts], bytes], *, rev2: bool = False) -> Wanted:
    """An item that facts say."""
    return Wanted(name + b" %s", says=says, kept_as=(name, rev2))


def said_item(name: bytes, says: Callable[[Facts], bytes]) -> None:
    """Enters an item without arguments that facts say."""
    wanted = _said(name, says)
    ITEMS[name] = lambda cursor: wanted


def item_with_arguments(name: bytes) -> Callable[[Parse], Parse]:
    """Enters an item whose name alone does not say all: `parse` reads on behind the name."""

    def enter(parse: Parse) -> Parse:
        ITEMS[name] = parse
        return parse

    return enter


def parse_items(cursor: Cursor) -> list[Wanted]:
    """("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")

    Clients ask for the same again and again: what came of a short text is kept.
    """
    rest = cursor.data[cursor.pos :]
    if len(rest) <= _MEMORABLE:
        try:
            items, octets = _parsed(rest, cursor.utf8)
        except Bad:
            pass  # its place in the command is told
        else:
            cursor.pos += octets
            return list(items)
    return _parse_items(cursor)


@lru_cache(maxsize=256)
def _parsed(text: bytes, utf8: bool) -> tuple[tuple[Wanted, ...], int]:
    """The items that a text begins with, and how many octets they are."""
    cursor = Cursor(text, utf8=utf8)
    return tuple(_parse_items(cursor)), cursor.pos


def _parse_items(cursor: Cursor) -> list[Wanted]:
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


# -- what memory has


@item(b"UID", b"%d")
def uid(block: Block) -> Sequence[int]:
    return block.uids


_flags: Callable[[Messages], Sequence[Flags]] = attrgetter("flags")
_dates: Callable[[Messages], Sequence[int]] = attrgetter("dates")
_saved: Callable[[Messages], Sequence[int]] = attrgetter("saved")
_modseqs: Callable[[Messages], Sequence[int]] = attrgetter("modseqs")
sizes: Callable[[Messages], Sequence[int]] = attrgetter("sizes")
"""The column that a FETCH which reads files needs as well."""


@item(b"FLAGS")
def flags(block: Block) -> list[bytes]:
    listed = block.values(_flags)
    if block.recent is None:
        lists = {names: render.flags(names) for names in set(listed)}
        return [lists[names] for names in listed]
    return [render.flags(names, recent=block.recent(uid)) for names, uid in zip(listed, block.uids, strict=True)]


@item(b"INTERNALDATE")
def internaldate(block: Block) -> list[bytes]:
    return list(map(render.date_time, block.values(_dates)))


@item(b"SAVEDATE")
def savedate(block: Block) -> list[bytes]:
    """RFC 8514 4.2"""
    return list(map(render.date_time, block.values(_saved)))


@item(b"RFC822.SIZE", b"%d", needs=Needs.SIZES)
def size(block: Block) -> Sequence[int]:
    return block.values(sizes)


@item(b"MODSEQ", b"(%d)")
def modseq(block: Block) -> Sequence[int]:
    """RFC 7162 3.1.4.2"""
    return block.values(_modseqs)


@item(b"THREADID", b"(%s)", needs=Needs.THREADS)
def threadid(block: Block) -> list[bytes]:
    """RFC 8474 5.3, as EMAILID"""
    return [objectid.threadid(thread) for thread in block.threads]


def preview_at_hand(block: Block) -> list[bytes]:
    return [render.nstring(None if facts is None else facts.preview) for facts in block.at_hand]


# -- what the facts have

said_item(b"ENVELOPE", attrgetter("envelope"))
said_item(b"BODYSTRUCTURE", attrgetter("bodystructure"))
said_item(b"EMAILID", lambda facts: b"(%s)" % objectid.emailid(facts.digest))

_BODY = _said(b"BODY", attrgetter("body"))
_PREVIEW = _said(b"PREVIEW", lambda facts: render.string(facts.preview))


@item_with_arguments(b"PREVIEW")
def parse_preview(cursor: Cursor) -> Wanted:
    """ "PREVIEW" [SP "(" "LAZY" *(SP "LAZY") ")"]: then NIL, where it would have to be made (RFC 8970)

    Behind a single item there may be another list: FETCH's modifiers.
    """
    lazy = _LAZY.match(cursor.data, cursor.pos)
    if lazy is None:
        return _PREVIEW
    cursor.pos = lazy.end()
    return Wanted(b"PREVIEW %s", preview_at_hand, Needs.FACTS_AT_HAND)


# -- texts


@item_with_arguments(b"BODY")
def parse_body(cursor: Cursor) -> Wanted:
    """ "BODY" / "BODY" section ["<" number "." nz-number ">"]"""
    if not _at_section(cursor):
        return _BODY
    named, section = parse_section(cursor)
    return _text(b"BODY" + named, section, sets_seen=True)


@item_with_arguments(b"BODY.PEEK")
def parse_peek(cursor: Cursor) -> Wanted:
    """ "BODY.PEEK" section ["<" number "." nz-number ">"]"""
    _at_section(cursor)
    named, section = parse_section(cursor)
    return _text(b"BODY" + named, section)


@item_with_arguments(b"RFC822")
def parse_rfc822(cursor: Cursor) -> Wanted:
    return _text(b"RFC822", Section(), sets_seen=True)


@item_with_arguments(b"RFC822.HEADER")
def parse_rfc822_header(cursor: Cursor) -> Wanted:
    return _text(b"RFC822.HEADER", Section(Text.HEADER))


@item_with_arguments(b"RFC822.TEXT")
def parse_rfc822_text(cursor: Cursor) -> Wanted:
    return _text(b"RFC822.TEXT", Section(Text.TEXT), sets_seen=True)


def _at_section(cursor: Cursor) -> bool:
    """Whether a section follows. Old Pine puts a space before it."""
    start = cursor.pos
    while cursor.skip(b" "):
        pass
    if cursor.peek() != b"[":
        cursor.pos = start
        return False
    return True


def _text(label: bytes, section: Section, *, sets_seen: bool = False) -> Wanted:
    form = label.replace(b"%", b"%%") + b" %s"
    if not section.needs_facts:
        source = _from_file(section.span(None, ENDLESS))
        return Wanted(form, source, reads=True, read_as=section, sets_seen=sets_seen)
    # What is kept is bounded by the octets of values: names that a client makes up must not be many times theirs.
    name = section if len(form) <= _LONGEST_KEPT else None
    return Wanted(form, says=section.rendered, kept_as=name, reads=True, read_as=name, sets_seen=sets_seen)


@item_with_arguments(b"BINARY")
def parse_binary(cursor: Cursor) -> Wanted:
    """ "BINARY" section-binary [partial]   (RFC 3516 section 7)"""
    named, section = parse_binary_section(cursor)
    return _binary(b"BINARY%s %%s" % named, section, BinaryText, sets_seen=True)


@item_with_arguments(b"BINARY.PEEK")
def parse_binary_peek(cursor: Cursor) -> Wanted:
    """ "BINARY.PEEK" section-binary [partial]"""
    named, section = parse_binary_section(cursor)
    return _binary(b"BINARY%s %%s" % named, section, BinaryText)


@item_with_arguments(b"BINARY.SIZE")
def parse_binary_size(cursor: Cursor) -> Wanted:
    """ "BINARY.SIZE" section-binary"""
    named, section = parse_binary_section(cursor, partial=False)
    return _binary(b"BINARY.SIZE%s %%d" % named, section, BinarySize)


def _binary(
    form: bytes,
    section: BinarySection,
    source: Callable[[BinarySection, Facts | None], Source],
    *,
    sets_seen: bool = False,
) -> Wanted:
    if not section.path:
        return Wanted(form, _from_file(source(section, None)), reads=True, sets_seen=sets_seen)
    return Wanted(form, says=lambda facts: source(section, facts), reads=True, sets_seen=sets_seen)


def _from_file(source: Source) -> Column:
    """Without having to know what the message is made of."""
    return lambda block: [source] * len(block.uids)


def _bare(name: bytes) -> Wanted:
    return ITEMS[name](Cursor(b""))


REV2 = {
    _BODY: _said(b"BODY", attrgetter("body_rev2"), rev2=True),
    _bare(b"BODYSTRUCTURE"): _said(b"BODYSTRUCTURE", attrgetter("bodystructure_rev2"), rev2=True),
}
"""Items that a client which has enabled IMAP4rev2 gets in another form."""

UID = _bare(b"UID")
FLAGS = _bare(b"FLAGS")
MODSEQ = _bare(b"MODSEQ")
