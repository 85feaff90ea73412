"""`BODY[section]<partial>`: which octets of a message a client asks for (RFC 3501 6.4.5)."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from mailaccess.imap.facts import Facts
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.render import string
from mailaccess.imap.structure import HEADER_READ
from mailaccess.storage.content import Content

STREAMED = 256 * 1024
"""A longer text is sent piece by piece; up to here it is one object."""

ENDLESS = 1 << 62
"""An end that every message comes before."""

_MAX_NAMES = 100  # in one list of header fields; clients ask for about twenty
_MAX_OCTETS = 4000  # of them together: what finds them takes 4 us to make for each
_PATH = re.compile(rb"[1-9]\d{0,9}(?:\.[1-9]\d{0,9})*(?=[.\]])")
_WORD = re.compile(rb"[A-Za-z.]+")
_PARTIAL = re.compile(rb"<(\d{1,18})\.0*([1-9]\d{0,17})>")
_FIELD_NAME = re.compile(rb"[!-9;-~\x80-\xff]+")


class Text(Enum):
    """section-text, and nothing at all: the whole part."""

    WHOLE = b""
    HEADER = b"HEADER"
    FIELDS = b"HEADER.FIELDS"
    FIELDS_NOT = b"HEADER.FIELDS.NOT"
    TEXT = b"TEXT"
    MIME = b"MIME"


_TEXTS = {text.value: text for text in Text if text.value}


def literal(text: bytes) -> bytes:
    """literal = "{" number "}" CRLF *CHAR8"""
    return b"{%d}\r\n%s" % (len(text), text)


class Span(NamedTuple):
    """Octets [start, end) of a message in wire form, those of them that there are."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start

    @property
    def has_nul(self) -> bool:
        """None is told to be there: see Content.read."""
        return False

    def read(self, content: Content) -> "bytes | Span":
        """Rendered as a literal; what is long, as its place in this message, to be sent piece by piece."""
        end = min(self.end, content.size)
        start = min(self.start, end)
        return Span(start, end) if end - start > STREAMED else literal(content.read(start, end - start))

    def within(self, text: bytes) -> bytes:
        """The same, of the octets up to there at least."""
        return literal(text[self.start : self.end])

    def piece(self, content: Content, start: int, length: int) -> bytes:
        """Octets [start, start + length) of it."""
        return content.read(self.start + start, length)


@dataclass(frozen=True, slots=True)
class Section:
    """What one item wants of a message."""

    text: Text = Text.WHOLE
    path: bytes = b""  # part number "1.2"; empty for the message itself
    fields: re.Pattern[bytes] | None = None  # finds the fields of FIELDS and FIELDS_NOT, each with the LF before it
    origin: int = 0
    length: int | None = None  # None: all that is there

    @property
    def needs_facts(self) -> bool:
        """To find it in the file one has to know the message's structure."""
        return bool(self.path) or self.text is not Text.WHOLE

    def from_facts(self, facts: Facts) -> bytes | None:
        """The text, where the facts hold it: headers of moderate size. None: the file has to be read."""
        if self.path or self.text in (Text.WHOLE, Text.TEXT):
            return None
        header = facts.header
        return None if header is None else self.select(header)

    def rendered(self, facts: Facts) -> "bytes | Span | HeaderSpan":
        """As it is sent, where the facts hold it; else what reads it."""
        text = self.from_facts(facts)
        if text is not None:
            return literal(text)
        if self.fields is None:
            return self.span(facts, ENDLESS)
        return HeaderSpan(*self._place(facts, ENDLESS), self)

    def read(self, content: Content, facts: Facts | None) -> bytes | Span:
        """The text, from the file; a long one as its place there. A section that does not exist is empty."""
        if self.fields is not None:
            start, end = self._place(facts, content.size)
            return self.select(content.read(start, min(end - start, HEADER_READ)))
        span = self.span(facts, content.size)
        return span if span.size > STREAMED else content.read(span.start, span.size)

    def select(self, header: bytes) -> bytes:
        """The fields asked for of a header."""
        return self._cut(self._filter(header))

    def span(self, facts: Facts | None, size: int) -> Span:
        """Its place in a message of `size` octets, if it is not made of single fields."""
        start, end = self._place(facts, size)
        start = min(start + self.origin, end)
        return Span(start, end if self.length is None else min(end, start + self.length))

    def _place(self, facts: Facts | None, size: int) -> tuple[int, int]:
        """Where it begins and ends in a message of `size` octets, before any filter or partial."""
        if facts is None or not self.needs_facts:
            return 0, size
        if not self.path:
            split = min(facts.header_size, size)
            return (split, size) if self.text is Text.TEXT else (0, split)
        part = facts.part(self.path)
        if part is None:
            return 0, 0
        match self.text:
            case Text.WHOLE:
                start, end = part.body_start, part.body_end
            case Text.MIME:
                start, end = part.header_start, part.header_end
            case Text.TEXT:
                start, end = part.inner_body, part.body_end if part.inner_body else 0
            case _:
                start, end = part.body_start if part.inner_body else 0, part.inner_body
        return min(start, size), min(end, size)

    def _filter(self, header: bytes) -> bytes:
        """The fields asked for and the blank line, or the header without these fields."""
        if self.fields is None or not header:
            return header
        if self.text is Text.FIELDS_NOT:
            rest = self.fields.sub(b"", b"\n" + header)[1:]
            # The last field of a header that is cut off goes with the LF before it, which belongs to its neighbour.
            return rest + b"\n" if rest.endswith(b"\r") and not header.endswith(b"\r") else rest
        found = b"".join(self.fields.findall(b"\n" + header))
        if not found:
            return b"\r\n"
        return found[1:] + (b"\n\r\n" if found.endswith(b"\r") else b"\r\n\r\n")

    def _cut(self, text: bytes) -> bytes:
        if self.length is None:
            return text
        return text[self.origin : self.origin + self.length]


class HeaderSpan(NamedTuple):
    """The fields asked for of a header at octets [start, end) of a message."""

    start: int
    end: int
    section: Section

    def read(self, content: Content) -> bytes:
        """As Span.read."""
        return literal(self.section.select(content.read(self.start, min(self.end - self.start, HEADER_READ))))

    def within(self, text: bytes) -> bytes:
        """As Span.within."""
        return literal(self.section.select(text[self.start : min(self.end, self.start + HEADER_READ)]))


def parse_section(cursor: Cursor) -> tuple[bytes, Section]:
    """section ["<" number "." nz-number ">"], and how it is named in the response.

    section = "[" [section-msgtext / (section-part ["." section-text])] "]"
    """
    cursor.expect(b"[")
    path, text = _parse_place(cursor)
    named = path + b"." + text.value if path and text.value else path or text.value
    fields = None
    if text in (Text.FIELDS, Text.FIELDS_NOT):
        cursor.sp()
        echoed, fields = _parse_names(cursor)
        named += b" (%s)" % echoed
    cursor.expect(b"]")
    named = b"[%s]" % named
    if cursor.peek() != b"<":
        return named, Section(text, path, fields)
    origin, length = parse_partial(cursor)
    return b"%s<%d>" % (named, origin), Section(text, path, fields, origin, length)


def parse_partial(cursor: Cursor) -> tuple[int, int]:
    """partial = "<" number "." nz-number ">": from which octet on, and how many."""
    partial = _PARTIAL.match(cursor.data, cursor.pos)
    if partial is None:
        raise cursor.bad("<first octet.number of octets>")
    cursor.pos = partial.end()
    return int(partial[1]), int(partial[2])


def _parse_place(cursor: Cursor) -> tuple[bytes, Text]:
    path = b""
    number = _PATH.match(cursor.data, cursor.pos)
    if number is not None:
        path, cursor.pos = number[0], number.end()
        if not cursor.skip(b"."):
            return path, Text.WHOLE
    word = _WORD.match(cursor.data, cursor.pos)
    if word is None and not path and cursor.peek() == b"]":
        return path, Text.WHOLE
    text = _TEXTS.get(word[0].upper()) if word else None
    if word is None or text is None or (text is Text.MIME and not path):
        raise cursor.bad("a part number, HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, TEXT or (behind a part number) MIME")
    cursor.pos = word.end()
    return path, text


def _parse_names(cursor: Cursor) -> tuple[bytes, re.Pattern[bytes]]:
    """header-list = "(" header-fld-name *(SP header-fld-name) ")": as it is echoed, and what finds these fields.

    Names are echoed in upper case, quoted where they came quoted, as clients have it from most servers.
    """
    cursor.expect(b"(")
    echoed, names = [], []
    for _ in cursor.members(_MAX_NAMES, "header fields"):
        as_string = cursor.peek() in (b'"', b"{")
        name = cursor.astring("the name of a header field").upper()
        names.append(name)
        echoed.append(string(name) if as_string or not name.isascii() else name)
    if sum(map(len, names)) > _MAX_OCTETS:
        raise cursor.bad(f"header fields whose names are at most {_MAX_OCTETS} octets")
    possible = [name for name in names if _FIELD_NAME.fullmatch(name)]
    initials = b"".join(re.escape(name[:1]) for name in possible)  # rule most lines out without trying each name
    found = rb"(?=[%b])(?:%b)" % (initials, b"|".join(map(re.escape, possible))) if possible else b"(?!)"
    return b" ".join(echoed), re.compile(rb"\n%b[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*" % found, re.IGNORECASE)
