"""What FETCH can be asked for: the table of message data items (RFC 3501 6.4.5 and 7.4.2).

`@item` enters one in a single place: its name, its grammar where it has any, what it needs and how it is rendered.
Rendering goes by columns: an item gives its values for a block of messages at once, and the lines are made of them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from mailaccess.imap import objectid, render
from mailaccess.imap.binary import BinarySection, Decoded
from mailaccess.imap.binary import parse_section as parse_binary_section
from mailaccess.imap.errors import Bad
from mailaccess.imap.facts import Facts
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import feature
from mailaccess.imap.section import Section, Span, Text, parse_section
from mailaccess.storage.content import Content
from mailaccess.storage.messages import Messages

Stream = Span | Decoded
"""Octets to be sent from the file, piece by piece."""
Value = bytes | int | Stream
"""An item's value for one message: rendered, or a number, or a long one."""

Read = Callable[[Content, Facts | None], Value]
"""Finds a value in a message's file; facts are there if the item needs them."""


class Needs(IntEnum):
    """What must be at hand beside the columns in memory. Members are joined as bits: every FETCH asks."""

    NOTHING = 0
    SIZES = 1
    FACTS = 2
    FACTS_AT_HAND = 4  # those that are kept; the others need not be made
    THREADS = 8


@dataclass(frozen=True, slots=True)
class Block:
    """Some messages of one FETCH; the lists are of equal length."""

    numbers: Sequence[int]  # what the responses begin with
    uids: Sequence[int]
    messages: Sequence[Messages]  # the generation that each row is of
    rows: Sequence[int]
    recent: Callable[[int], bool] | None  # by UID; None when none is \\Recent
    facts: Sequence[Facts] = ()  # empty unless needed, as the next two
    at_hand: Sequence[Facts | None] = ()
    threads: Sequence[int] = ()


Column = Callable[[Block], Sequence[Value | None]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item as a client asks for it."""

    form: bytes  # `%` form of the item in a response: b"UID %d"
    column: Column  # its values; None: that one must be read from the file
    needs: Needs = Needs.NOTHING
    read: Read | None = None  # where `column` may give None
    sets_seen: bool = False


Parse = Callable[[Cursor], Wanted]

ITEMS: dict[bytes, Parse] = {}
_MAX_ITEMS = 100
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
    while True:
        while cursor.skip(b" "):  # some clients put more spaces than the grammar has
            pass
        if found and cursor.skip(b")"):
            break
        wanted = _parse_item(cursor, _parse_name(cursor))
        if wanted not in found:
            found.append(wanted)
        if len(found) > _MAX_ITEMS:
            raise Bad(f"At most {_MAX_ITEMS} items can be fetched at once")
        if cursor.peek() not in (b" ", b")"):
            raise cursor.bad("a space or ')'")
    return found


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


@item(b"FLAGS")
def flags(block: Block) -> list[bytes]:
    listed = [messages.flags[row] for messages, row in zip(block.messages, block.rows, strict=True)]
    if block.recent is None:
        lists = {names: render.flags(names) for names in set(listed)}
        return [lists[names] for names in listed]
    return [render.flags(names, recent=block.recent(uid)) for names, uid in zip(listed, block.uids, strict=True)]


@item(b"INTERNALDATE")
def internaldate(block: Block) -> list[bytes]:
    return [render.date_time(messages.dates[row]) for messages, row in zip(block.messages, block.rows, strict=True)]


@item(b"SAVEDATE")
def savedate(block: Block) -> list[bytes]:
    """RFC 8514 4.2"""
    return [render.date_time(messages.saved[row]) for messages, row in zip(block.messages, block.rows, strict=True)]


@item(b"RFC822.SIZE", b"%d", needs=Needs.SIZES)
def size(block: Block) -> list[int]:
    return [messages.sizes[row] for messages, row in zip(block.messages, block.rows, strict=True)]


@item(b"MODSEQ", b"(%d)")
def modseq(block: Block) -> list[int]:
    """RFC 7162 3.1.4.2"""
    return [messages.modseqs[row] for messages, row in zip(block.messages, block.rows, strict=True)]


# -- what the facts have


@item(b"ENVELOPE", needs=Needs.FACTS)
def envelope(block: Block) -> list[bytes]:
    return [facts.envelope for facts in block.facts]


@item(b"BODYSTRUCTURE", needs=Needs.FACTS)
def bodystructure(block: Block) -> list[bytes]:
    return [facts.bodystructure for facts in block.facts]


@item(b"EMAILID", b"(%s)", needs=Needs.FACTS)
def emailid(block: Block) -> list[bytes]:
    """RFC 8474 5.3, as THREADID"""
    return [objectid.emailid(facts.digest) for facts in block.facts]


@item(b"THREADID", b"(%s)", needs=Needs.THREADS)
def threadid(block: Block) -> list[bytes]:
    return [objectid.threadid(thread) for thread in block.threads]


def preview(block: Block) -> list[bytes]:
    return [render.string(facts.preview) for facts in block.facts]


def preview_at_hand(block: Block) -> list[bytes]:
    return [render.nstring(None if facts is None else facts.preview) for facts in block.at_hand]


@item_with_arguments(b"PREVIEW")
def parse_preview(cursor: Cursor) -> Wanted:
    """ "PREVIEW" [SP "(" "LAZY" *(SP "LAZY") ")"]: then NIL, where it would have to be made (RFC 8970)

    Behind a single item there may be another list: FETCH's modifiers.
    """
    lazy = _LAZY.match(cursor.data, cursor.pos)
    if lazy is None:
        return Wanted(b"PREVIEW %s", preview, Needs.FACTS)
    cursor.pos = lazy.end()
    return Wanted(b"PREVIEW %s", preview_at_hand, Needs.FACTS_AT_HAND)


def body(block: Block) -> list[bytes]:
    return [facts.body for facts in block.facts]


def bodystructure_rev2(block: Block) -> list[bytes]:
    return [facts.bodystructure_rev2 for facts in block.facts]


def body_rev2(block: Block) -> list[bytes]:
    return [facts.body_rev2 for facts in block.facts]


# -- texts


@item_with_arguments(b"BODY")
def parse_body(cursor: Cursor) -> Wanted:
    """ "BODY" / "BODY" section ["<" number "." nz-number ">"]"""
    if not _at_section(cursor):
        return Wanted(b"BODY %s", body, Needs.FACTS)
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
    def column(block: Block) -> Sequence[Value | None]:
        if not section.needs_facts:
            return [None] * len(block.uids)
        texts = [section.from_facts(facts) for facts in block.facts]
        return [None if text is None else literal(text) for text in texts]

    def read(content: Content, facts: Facts | None) -> Value:
        text = section.read(content, facts)
        return text if isinstance(text, Span) else literal(text)

    needs = Needs.FACTS if section.needs_facts else Needs.NOTHING
    return Wanted(label.replace(b"%", b"%%") + b" %s", column, needs, read, sets_seen)


@item_with_arguments(b"BINARY")
def parse_binary(cursor: Cursor) -> Wanted:
    """ "BINARY" section-binary [partial]   (RFC 3516 section 7)"""
    return _binary(cursor, sets_seen=True)


@item_with_arguments(b"BINARY.PEEK")
def parse_binary_peek(cursor: Cursor) -> Wanted:
    """ "BINARY.PEEK" section-binary [partial]"""
    return _binary(cursor, sets_seen=False)


def _binary(cursor: Cursor, *, sets_seen: bool) -> Wanted:
    named, section = parse_binary_section(cursor)

    def read(content: Content, facts: Facts | None) -> Value:
        encoded = section.find(content, facts)
        if encoded is None:
            return b"NIL"
        octets = encoded.read(content, section.origin, section.length)
        return octets if isinstance(octets, Decoded) else literal8(octets)

    return Wanted(b"BINARY%s %%s" % named, _from_file, _needs(section), read, sets_seen)


@item_with_arguments(b"BINARY.SIZE")
def parse_binary_size(cursor: Cursor) -> Wanted:
    """ "BINARY.SIZE" section-binary"""
    named, section = parse_binary_section(cursor, partial=False)

    def read(content: Content, facts: Facts | None) -> Value:
        encoded = section.find(content, facts)
        return 0 if encoded is None else encoded.size(content)

    return Wanted(b"BINARY.SIZE%s %%d" % named, _from_file, _needs(section), read)


def _from_file(block: Block) -> Sequence[None]:
    return [None] * len(block.uids)


def _needs(section: BinarySection) -> Needs:
    return Needs.FACTS if section.path else Needs.NOTHING


def literal8(octets: bytes) -> bytes:
    """A literal, or where that may not be since there are NULs, literal8 = "~{" number "}" CRLF *OCTET"""
    return b"~" + literal(octets) if b"\0" in octets else literal(octets)


def literal(text: bytes) -> bytes:
    """literal = "{" number "}" CRLF *CHAR8"""
    return b"{%d}\r\n%s" % (len(text), text)


def _bare(name: bytes) -> Wanted:
    return ITEMS[name](Cursor(b""))


REV2 = {
    _bare(b"BODY"): Wanted(b"BODY %s", body_rev2, Needs.FACTS),
    _bare(b"BODYSTRUCTURE"): Wanted(b"BODYSTRUCTURE %s", bodystructure_rev2, Needs.FACTS),
}
"""Items that a client which has enabled IMAP4rev2 gets in another form."""

UID = _bare(b"UID")
FLAGS = _bare(b"FLAGS")
MODSEQ = _bare(b"MODSEQ")
