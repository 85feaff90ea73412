"""`BINARY[part]<partial>`: the octets of a part with its Content-Transfer-Encoding undone (RFC 3516, RFC 9051 6.4.5).

A part is decoded in stretches of 64 KiB, each from where the one before left off. Of a large one it is found out once
how many octets it has and whether NUL is among them, and where in it decoding can begin anew, so that any piece of it
is had without decoding the others.

Only parts that hold no others are encoded (RFC 2045 6.4): the message as a whole, and a multipart, are given as they
are. What is damaged gives as much as can be had: "Any characters outside of the base64 alphabet are to be ignored".
"""

import re
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from mailaccess.imap.errors import Bad
from mailaccess.imap.facts import Facts
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import feature
from mailaccess.imap.section import ENDLESS, STREAMED, literal, parse_partial
from mailaccess.mail.lines import to_wire
from mailaccess.mail.transfer import KNOWN, decode_block
from mailaccess.storage.content import Content
from mailaccess.storage.errors import ShortRead

feature(b"BINARY", rfc=3516)

_STRETCH = 64 * 1024  # octets of the message decoded at a time
_MARKED = 16  # stretches between two places where decoding can begin
_KEPT = 256  # parts of which is kept what was found out

_SECTION = re.compile(rb"\[([1-9]\d{0,9}(?:\.[1-9]\d{0,9})*)?\]")


class UnknownEncoding(Exception):  # noqa: N818 - named as the response code
    """A part's Content-Transfer-Encoding is none that we know."""


class _Mark(NamedTuple):
    """Between two stretches of a part."""

    decoded: int  # octets before
    place: int  # in the message
    carry: bytes  # what the stretch before left over
    after_cr: bool  # its last octet was a CR


class _Survey(NamedTuple):
    """What is found out of a large part."""

    size: int
    has_nul: bool
    marks: list[_Mark]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Octets [start, end) of a message, and how they are encoded."""

    start: int
    end: int
    encoding: bytes = b"binary"  # lower case, one of KNOWN
    is_text: bool = False  # "servers MUST ensure that textual line-oriented sections are always transmitted using" CRLF

    def stretches(self, content: Content, mark: _Mark) -> Iterator[tuple[bytes, _Mark]]:
        """What follows a mark, decoded; with each stretch the mark behind it."""
        decoded, place, carry, after_cr = mark
        while place < self.end:
            data = content.read_binary(place, min(_STRETCH, self.end - place))
            place += len(data)
            octets, left = decode_block(carry, data, self.encoding, last=place == self.end)
            if left is None:
                place = self.end
            if self.is_text:
                octets = to_wire(octets, after_cr=after_cr)
            decoded += len(octets)
            carry = left or b""
            after_cr = octets.endswith(b"\r") if octets else after_cr
            yield octets, _Mark(decoded, place, carry, after_cr)

    def survey(self, content: Content) -> _Survey:
        """Goes through all of it; what was found out of the last ones is kept."""
        key = content.stamp, self
        with _lock:
            if key in _surveys:
                _surveys.move_to_end(key)
                return _surveys[key]
        mark = beginning = self._beginning()
        marks, has_nul = [beginning], False
        for number, (octets, behind) in enumerate(self.stretches(content, beginning), 1):
            has_nul = has_nul or b"\0" in octets
            mark = behind
            if number % _MARKED == 0:
                marks.append(mark)
        found = _Survey(mark.decoded, has_nul, marks)
        if self.end - self.start > STREAMED:
            with _lock:
                _surveys[key] = found
                if len(_surveys) > _KEPT:
                    _surveys.popitem(last=False)
        return found

    def size(self, content: Content) -> int:
        """How many octets it decodes to."""
        return self.survey(content).size

    def _beginning(self) -> _Mark:
        return _Mark(0, self.start, b"", False)

    def read(self, content: Content, origin: int, length: int | None) -> "bytes | Decoded":
        """Decoded octets from `origin` on, at most `length`; many as what they can be had from."""
        if self.end - self.start <= STREAMED:
            whole = b"".join(octets for octets, _ in self.stretches(content, self._beginning()))
            return whole[origin:] if length is None else whole[origin : origin + length]
        survey = self.survey(content)
        size = max(survey.size - origin, 0)
        if length is not None:
            size = min(size, length)
        decoded = Decoded(self, survey, origin, size)
        return decoded if size > STREAMED else decoded.piece(content, 0, size)


class Decoded:
    """A long stretch of a decoded part, to be sent piece by piece, in order."""

    def __init__(self, encoded: Encoded, survey: _Survey, origin: int, size: int) -> None:
        self.size = size
        self.has_nul = survey.has_nul
        self._encoded = encoded
        self._marks = survey.marks
        self._origin = origin
        self._mark: _Mark | None = None
        self._stretch = b""  # what was decoded last: it ends at the mark

    def piece(self, content: Content, start: int, length: int) -> bytes:
        """Octets [start, start + length) of it. ShortRead if it is no more what was surveyed."""
        at, end = self._origin + start, self._origin + start + length
        mark = self._mark
        if mark is None or at < mark.decoded - len(self._stretch):
            mark = self._marks[bisect_right(self._marks, at, key=lambda mark: mark.decoded) - 1]
            self._stretch = b""
        stretches = self._encoded.stretches(content, mark)
        pieces: list[bytes] = []
        while at < end:
            begin = mark.decoded - len(self._stretch)
            if at < mark.decoded:
                pieces.append(self._stretch[at - begin : end - begin])
                at += len(pieces[-1])
            else:
                following = next(stretches, None)
                if following is None:
                    raise ShortRead("the message's file has changed while it was read")
                self._stretch, mark = following
        self._mark = mark
        return b"".join(pieces)


_surveys: OrderedDict[object, _Survey] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class BinarySection:
    """What one item wants of a message."""

    path: bytes = b""  # part number "1.2"; empty for the message itself
    origin: int = 0
    length: int | None = None  # None: all that is there

    def find(self, content: Content, facts: Facts | None) -> Encoded | None:
        """Where it is; None: there is no such part. UnknownEncoding."""
        if not self.path or facts is None:
            return Encoded(0, content.size)
        part = facts.part(self.path)
        if part is None:
            return None
        start, end = min(part.body_start, content.size), min(part.body_end, content.size)
        if part.type.startswith("multipart/"):
            return Encoded(start, end)
        encoding = part.encoding.lower().encode()
        if encoding not in KNOWN:
            raise UnknownEncoding
        return Encoded(start, end, encoding, part.type.startswith("text/"))


class BinaryText(NamedTuple):
    """A part's octets as they are sent, to be read from its message."""

    section: BinarySection
    facts: Facts | None

    @property
    def end(self) -> int:
        """See Source."""
        return ENDLESS + 1

    def read(self, content: Content) -> bytes | Decoded:
        """Rendered; what is long, as what it can be had from. UnknownEncoding."""
        encoded = self.section.find(content, self.facts)
        if encoded is None:
            return b"NIL"
        octets = encoded.read(content, self.section.origin, self.section.length)
        return octets if isinstance(octets, Decoded) else literal8(octets)


class BinarySize(NamedTuple):
    """How many octets a part decodes to."""

    section: BinarySection
    facts: Facts | None

    @property
    def end(self) -> int:
        """See Source."""
        return ENDLESS + 1

    def read(self, content: Content) -> int:
        """UnknownEncoding."""
        encoded = self.section.find(content, self.facts)
        return 0 if encoded is None else encoded.size(content)


def literal8(octets: bytes) -> bytes:
    """A literal, or where that may not be since there are NULs, literal8 = "~{" number "}" CRLF *OCTET"""
    return b"~" + literal(octets) if b"\0" in octets else literal(octets)


def parse_section(cursor: Cursor, *, partial: bool = True) -> tuple[bytes, BinarySection]:
    """section-binary [partial], and how it is named in the response. section-binary = "[" [section-part] "]" """
    match = _SECTION.match(cursor.data, cursor.pos)
    if match is None:
        raise cursor.bad("a part number between '[' and ']'")
    cursor.pos = match.end()
    if cursor.peek() != b"<":
        return match[0], BinarySection(match[1] or b"")
    if not partial:
        raise Bad("BINARY.SIZE is of a whole part")
    origin, length = parse_partial(cursor)
    return b"%s<%d>" % (match[0], origin), BinarySection(match[1] or b"", origin, length)
