"""A message's or part's header: its fields, and what their values mean (RFC 5322 2.2, RFC 2045 5.1, 2047, 2231)."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mailaccess.mail.charset import to_text
from mailaccess.mail.transfer import base64, quoted_printable

Parameter = tuple[bytes, bytes]
"""A parameter's name and value, without quotes."""

_FIELD = re.compile(rb"(?:([!-9;-~\x80-\xff]+)[ \t]*:[ \t]*)?([^\n]*(?:\n[ \t][^\n]*)*)\n?")
# The text may hold single question marks, which some encoders forget to encode; it ends at the first "?=".
_ENCODED_WORD = re.compile(rb"=\?([^?\s]+)\?([BbQq])\?([^?]*(?:(?<!=)\?(?!=)[^?]*){0,8})\?=")
_PARAMETER = re.compile(rb';\s*([^\s=;"]+)\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"?|([^\s;"]*))', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_COMMENT = re.compile(rb'\\.|"|(?<![^\s;(])\(|\)', re.DOTALL)
_SECTION = re.compile(rb"([^*]+)\*(\d{1,3})\*?\Z")
_TO_ENCODE = re.compile(rb"[^A-Za-z0-9!#$&+\-.^_`{|}~]")


@dataclass(slots=True)
class Field:
    """One header field. `start` and `end` are offsets into the block, the line end included."""

    name: bytes
    value: bytes  # as written, folds included, without the white space before it and the line end after it
    start: int
    end: int


def fields(block: bytes) -> list[Field]:
    """The fields of a header up to its blank line; lines that are none are passed over."""
    found = []
    for match in _FIELD.finditer(block):
        name, value = match.groups()
        if name is not None:
            found.append(Field(name, value.removesuffix(b"\r"), match.start(), match.end()))
        elif value in (b"", b"\r"):
            break
    return found


def unfold(value: bytes) -> bytes:
    """The value as one line. NUL and a bare CR, which no protocol can show, become U+FFFD and a space."""
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    if b"\r" in value:
        value = value.replace(b"\r", b" ")
    if b"\0" in value:
        value = value.replace(b"\0", b"\xef\xbf\xbd")
    return value


def decode(value: bytes) -> str:
    """The value as text: unfolded, encoded words decoded wherever they stand, raw octets taken for UTF-8 or latin-1."""
    value = unfold(value)
    if b"=?" not in value:
        return to_text(value, None)
    text: list[str] = []
    words: list[tuple[str, bytes]] = []  # adjacent encoded words: charset, octets
    end = 0
    for match in _ENCODED_WORD.finditer(value):
        between = value[end : match.start()]
        if between and not (words and between.isspace()):
            text += (_words(words), to_text(between, None))
            words = []
        words.append(_encoded_word(match))
        end = match.end()
    text += (_words(words), to_text(value[end:], None))
    return "".join(text)


def parameters(value: bytes) -> tuple[bytes, list[Parameter]]:
    """What stands before the first semicolon, and the parameters, sections of RFC 2231 joined under one name.

    A joined parameter of which any section is encoded is named with the asterisk that says so: `filename*`.
    """
    value = unfold(value)
    if value.startswith(b"=?"):  # macOS has been seen to encode a whole Content-Type (RFC 2047 5 forbids it)
        value = decode(value).encode()
    value = _without_comments(value)
    main, semicolon, rest = value.partition(b";")
    equals = main.find(b"=")
    if equals >= 0:  # a forgotten semicolon
        before = main[:equals].rstrip()
        cut = max(before.rfind(b" "), before.rfind(b"\t")) + 1
        main, rest = main[:cut], main[cut:] + semicolon + rest
    found = []
    for match in _PARAMETER.finditer(b";" + rest):
        name, quoted, plain = match.groups()
        if quoted is None:
            quoted = plain
        elif b"\\" in quoted:
            quoted = _ESCAPED.sub(rb"\1", quoted)
        found.append((name, quoted))
    if b"*" in rest:
        found = _joined(found)
    return main.strip(), found


def parameter(found: list[Parameter], name: bytes) -> bytes | None:
    """The value of the parameter with this lower-case name, without the encoding of RFC 2231; None if it is missing."""
    extended = None
    for one, value in found:
        key = one.lower()
        if key == name:
            return value
        if key == name + b"*":
            extended = unquote_to_bytes(value.rpartition(b"'")[2])
    return extended


def _encoded_word(match: re.Match[bytes]) -> tuple[str, bytes]:
    charset, encoding, text = match.groups()
    charset = charset.partition(b"*")[0]  # a language may follow: RFC 2231 5
    octets = base64(text) if encoding in b"Bb" else quoted_printable(text.replace(b"_", b" "))
    return charset.decode("latin-1").lower(), octets


def _words(words: list[tuple[str, bytes]]) -> str:
    """Adjacent encoded words as text; of one charset, joined first, since some encoders cut a character in two."""
    if not words:
        return ""
    joined = [words[0]]
    for charset, octets in words[1:]:
        last, before = joined[-1]
        if charset == last and not charset.startswith("iso-2022"):  # there, every word starts in ASCII again
            joined[-1] = (charset, before + octets)
        else:
            joined.append((charset, octets))
    return "".join(to_text(octets, charset) for charset, octets in joined)


def _without_comments(value: bytes) -> bytes:
    """The value without parenthesised comments; a parenthesis inside a word, as in an unquoted file name, is none."""
    if b"(" not in value:
        return value
    kept = []
    depth = start = 0
    quoted = False
    for match in _COMMENT.finditer(value):
        token = match[0]
        if token == b'"':
            quoted ^= depth == 0
        elif token == b"(" and not quoted:
            if depth == 0:
                kept.append(value[start : match.start()])
            depth += 1
        elif token == b")" and depth:
            depth -= 1
            start = match.end()
    if depth == 0:
        kept.append(value[start:])
    return b"".join(kept)


def _joined(found: list[Parameter]) -> list[Parameter]:
    """The plain parameters, then those of RFC 2231 by name: `name*`, and `name*0`, `name*1*`, ... as one each.

    Sections that no section 0 leads to stay what they are.
    """
    plain: list[Parameter] = []
    joined: list[Parameter] = []
    sections: dict[bytes, dict[int, tuple[bytes, bytes]]] = {}  # by lower-case name and number
    for name, value in found:
        section = _SECTION.match(name)
        if section:
            sections.setdefault(section[1].lower(), {}).setdefault(int(section[2]), (name, value))
        elif name.endswith(b"*"):
            joined.append((name, value))
        else:
            plain.append((name, value))
    for numbered in sections.values():
        run: list[Parameter] = []
        while len(run) in numbered:
            run.append(numbered.pop(len(run)))
        if run:
            joined.append(_concatenated(run))
        joined += numbered.values()
    return plain + sorted(joined)


def _concatenated(run: list[Parameter]) -> Parameter:
    """A parameter's sections as one. Beside an encoded section the others are encoded too (RFC 2231 4.1)."""
    base = run[0][0].partition(b"*")[0]
    extended = [name.endswith(b"*") for name, _ in run]
    if not any(extended):
        return base, b"".join(value for _, value in run)
    pieces = [
        value if encoded else _TO_ENCODE.sub(_percent, value) for (_, value), encoded in zip(run, extended, strict=True)
    ]
    return base + b"*", (b"" if extended[0] else b"''") + b"".join(pieces)


def _percent(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]
