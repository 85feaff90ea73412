"""The items of FETCH, one beside the other: name, grammar, what it needs, how it is rendered (RFC 3501 7.4.2)."""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter

from mailaccess.imap import objectid, render
from mailaccess.imap.binary import BinarySection, BinarySize, BinaryText
from mailaccess.imap.binary import parse_section as parse_binary_section
from mailaccess.imap.facts import Facts
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import feature
from mailaccess.imap.section import ENDLESS, Section, Text, parse_section
from mailaccess.imap.wanted import ITEMS, Block, Column, Needs, Source, Wanted, item, item_with_arguments
from mailaccess.mail.flags import Flags
from mailaccess.storage.messages import Messages

_LONGEST_KEPT = 500  # octets of an item's name, which lists header fields
_LAZY = re.compile(rb" \(LAZY(?: LAZY)*\)", re.IGNORECASE)

feature(b"SAVEDATE", rfc=8514)
feature(b"PREVIEW", rfc=8970)


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


def _said(name: bytes, says: Callable[[Facts], bytes], *, rev2: bool = False) -> Wanted:
    """An item that facts say."""
    return Wanted(name + b" %s", says=says, kept_as=(name, rev2))


def said_item(name: bytes, says: Callable[[Facts], bytes]) -> None:
    """Enters an item without arguments that facts say."""
    wanted = _said(name, says)
    ITEMS[name] = lambda cursor: wanted


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
