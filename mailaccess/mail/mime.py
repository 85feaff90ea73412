"""The MIME structure of a message, as offsets into its wire form (RFC 2045, 2046).

One pass over the octets, whatever they are: a broken structure is read as far as it can be, and what cannot be read is
an opaque leaf.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from mailaccess.mail.headers import Parameter, parameter, parameters, unfold
from mailaccess.mail.lines import Buffer, find

_HEADER_LIMIT = 1 << 20  # octets of a part's header that are looked at
_BOUNDARY_LIMIT = 1000  # octets of a boundary that are compared; RFC 2046 allows 70
_STEP = 1 << 20  # octets of a mapped file copied at a time
_REMEMBERED = 100  # octets of a field's value that is taken apart once for many parts

_CONTENT = re.compile(
    rb"\ncontent-(type|transfer-encoding|disposition|id|description|language|location|md5)[ \t]*:[ \t]*"
    rb"([^\n]*(?:\n[ \t][^\n]*)*)",
    re.IGNORECASE,
)
_TOKEN = rb"[!#-'*+\-.0-9A-Z^-~]+"
_TYPE = re.compile(rb"(%b)\s*/\s*(%b)" % (_TOKEN, _TOKEN))
_WORD = re.compile(_TOKEN)
_ENCODING = re.compile(rb'\s*"?(%b)"?\s*(?:[;,(]|\Z)' % _TOKEN)
_LANGUAGE = re.compile(rb"[A-Za-z0-9-]+")

MESSAGES = frozenset([b"message/rfc822", b"message/global"])
"""Types whose body is a message (RFC 2046 5.2.1, RFC 6532 3.7)."""


@dataclass(slots=True)
class Part:
    """A message or a part of one. Offsets are half-open and count wire octets; texts are unfolded, else as written."""

    header_start: int
    header_end: int  # behind the blank line
    body_start: int
    body_end: int
    type: bytes = b"text"
    subtype: bytes = b"plain"
    params: list[Parameter] = field(default_factory=list)  # text has a charset, the default one if none was written
    id: bytes | None = None
    description: bytes | None = None
    encoding: bytes = b"7bit"
    md5: bytes | None = None
    disposition: tuple[bytes, list[Parameter]] | None = None
    languages: list[bytes] = field(default_factory=list)
    location: bytes | None = None
    lines: int = 0  # line ends in the body; counted for text and MESSAGES only
    children: list["Part"] = field(default_factory=list)  # a multipart's parts; MESSAGES: the one message in it

    @property
    def size(self) -> int:
        """Octets in the body."""
        return self.body_end - self.body_start

    @property
    def kind(self) -> bytes:
        """Type and subtype in lower case: `text/plain`."""
        return b"%b/%b" % (self.type.lower(), self.subtype.lower())


def parse(data: Buffer, max_depth: int = 50, max_parts: int = 1000, max_headers: int = 2 << 20) -> Part:
    """The structure of a message in wire form.

    A boundary counts at the start of a line only, and one of an outer multipart ends the inner ones too. A multipart
    without any part has one empty text/plain child. At `max_depth` levels a container is a leaf, of type
    application/octet-stream; the last of `max_parts` parts holds all the rest, and so does the one whose header is the
    `max_headers`th octet of headers in.
    """
    return _Scan(data, max_depth, max_parts, max_headers).message()


class _Scan:
    """One pass: which parts are under way, from the outside in, and which delimiters may end them."""

    def __init__(self, data: Buffer, max_depth: int, max_parts: int, max_headers: int) -> None:
        self.data = data
        self.max_depth = max_depth
        self.parts_left = max_parts
        self.headers_left = max_headers
        self.open: list[Part] = []
        self.delimiters: list[tuple[bytes, int]] = []  # each with the place of its multipart in `open`
        self.needle = b""  # what every delimiter line begins with, and the LF before it
        self.blank = -1  # the first blank line at or behind where one was looked for last

    def message(self) -> Part:
        root = self.begin(0, b"")
        position = self.open[-1].header_end - 1
        while self.delimiters and self.parts_left:
            found = self.delimiter(position, len(self.data))
            if found is None:
                break
            position = self.end_and_begin(*found)
        self.close(0, len(self.data))
        return root

    def begin(self, start: int, parent: bytes) -> Part:
        """Opens the part whose header begins at `start`, and the message in it if it holds one."""
        self.parts_left -= 1
        header_end, cut_off = self.header_end(start)
        self.headers_left -= min(header_end - start, _HEADER_LIMIT)
        if self.headers_left <= 0:
            self.parts_left = 0
        part = _part(self.data, start, header_end, parent == b"multipart/digest")
        self.open.append(part)
        kind = part.kind
        if kind in MESSAGES or kind.startswith(b"multipart/"):
            if len(self.open) >= self.max_depth or not self.parts_left:
                part.type, part.subtype = b"application", b"octet-stream"
            elif kind in MESSAGES:
                part.children.append(self.begin(header_end, kind))
            elif not cut_off:  # else the delimiter that did it, though it may be the same, is not its own
                boundary = parameter(part.params, b"boundary")
                if boundary:
                    delimiter = b"--" + boundary[:_BOUNDARY_LIMIT]
                    self.set_delimiters([*self.delimiters, (delimiter, len(self.open) - 1)])
        return part

    def delimiter(self, start: int, end: int) -> tuple[int, bytes, int] | None:
        """The first delimiter line: offset of the LF before it, the delimiter, the place of its multipart.

        RFC 2046 5.1.1 has the line begin with the delimiter, no more; so of two that fit the longer one is meant, and
        of two equal ones the inner one.
        """
        data, delimiters = self.data, self.delimiters
        at = find(data, self.needle, max(start, 0), end)
        while at >= 0:
            best, level = b"", -1
            for delimiter, place in delimiters:
                size = len(delimiter)
                if size >= len(best) and data[at + 1 : at + 1 + size] == delimiter:
                    best, level = delimiter, place
            if best:
                return at, best, level
            at = find(data, self.needle, at + 1, end)
        return None

    def end_and_begin(self, at: int, delimiter: bytes, level: int) -> int:
        """Ends what the delimiter line ends and begins what it begins. Returns where to look on."""
        data = self.data
        # The line end before a delimiter belongs to the delimiter.
        self.close(level + 1, at - 1 if data[at - 1 : at] == b"\r" else at)
        behind = at + 1 + len(delimiter)
        if data[behind : behind + 2] == b"--":
            self.set_delimiters(self.delimiters[:-1])
            return behind
        newline = data.find(b"\n", behind)
        if newline < 0:
            return len(data)
        multipart = self.open[level]
        multipart.children.append(self.begin(newline + 1, multipart.kind))
        return self.open[-1].header_end - 1

    def close(self, level: int, end: int) -> None:
        """Ends the open parts from `level` inwards at `end`."""
        data = self.data
        if self.delimiters and self.delimiters[-1][1] >= level:
            self.set_delimiters([one for one in self.delimiters if one[1] < level])
        for part in self.open[level:]:
            if part.header_end > end:  # a header that a delimiter cut off
                part.header_start = min(part.header_start, end)
                part.header_end = part.body_start = end
            part.body_end = end
            kind = part.type.lower()
            if kind == b"text" or (kind == b"message" and part.children):
                part.lines = _count_lines(data, part.body_start, end)
            elif kind == b"multipart" and not part.children:
                part.children.append(Part(end, end, end, end, params=[(b"charset", b"us-ascii")]))
        del self.open[level:]

    def set_delimiters(self, delimiters: list[tuple[bytes, int]]) -> None:
        self.delimiters = delimiters
        if delimiters:
            prefix = delimiters[0][0]
            for delimiter, _ in delimiters:
                while not delimiter.startswith(prefix):
                    prefix = prefix[:-1]
            self.needle = b"\n" + prefix

    def header_end(self, start: int) -> tuple[int, bool]:
        """The offset behind the blank line of the header at `start`; or of a delimiter that comes sooner, and True."""
        data = self.data
        if start == 0 and data[:2] == b"\r\n":
            return 2, False
        before = max(start - 1, 0)
        if self.blank < before:
            found = find(data, b"\n\r\n", before, len(data))
            self.blank = found if found >= 0 else len(data)
        end = min(self.blank + 3, len(data))
        delimiter = self.delimiter(before, end) if self.delimiters else None
        return (delimiter[0] + 1, True) if delimiter else (end, False)


def _part(data: Buffer, start: int, end: int, in_digest: bool) -> Part:
    """The part whose header is [start, end), its body still empty."""
    part = Part(start, end, end, end)
    block = b"\n" + data[start : min(end, start + _HEADER_LIMIT)]
    found: dict[bytes, bytes] = {}
    for name, value in _CONTENT.findall(block):
        found.setdefault(name.lower(), unfold(value.removesuffix(b"\r")))
    content_type = found.get(b"type")
    if content_type is not None:
        named, params = (_content_type if len(content_type) <= _REMEMBERED else _content_type.__wrapped__)(content_type)
        part.params = list(params)
        if named:
            part.type, part.subtype = named
    elif in_digest:
        part.type, part.subtype = b"message", b"rfc822"
    if part.type.lower() == b"text" and parameter(part.params, b"charset") is None:
        part.params.append((b"charset", b"us-ascii"))
    encoding = _ENCODING.match(found.get(b"transfer-encoding", b""))
    if encoding:
        part.encoding = encoding[1]
    disposition = found.get(b"disposition")
    if disposition:
        part.disposition = _disposition(disposition)
    language = found.get(b"language")
    if language:
        part.languages = _LANGUAGE.findall(parameters(language)[0])
    part.id = found.get(b"id")
    part.description = found.get(b"description")
    part.md5 = found.get(b"md5")
    part.location = found.get(b"location")
    return part


@lru_cache(maxsize=1024)
def _content_type(value: bytes) -> tuple[tuple[bytes, bytes] | None, list[Parameter]]:
    """Type and subtype, and the parameters, which are not to be changed: many parts have the same."""
    main, params = parameters(value)
    named = _TYPE.match(main)
    return (named[1], named[2]) if named else None, params


def _disposition(value: bytes) -> tuple[bytes, list[Parameter]] | None:
    """Content-Disposition; without a type it is an attachment, as an unknown type would be (RFC 2183 2.8)."""
    main, params = parameters(value)
    named = _WORD.match(main)
    if not named and not params:
        return None
    return named[0] if named else b"attachment", params


def _count_lines(data: Buffer, start: int, end: int) -> int:
    if isinstance(data, bytes):
        return data.count(b"\n", start, end)
    return sum(data[at : min(at + _STEP, end)].count(b"\n") for at in range(start, end, _STEP))
