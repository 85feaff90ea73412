"""A message's text: decoded, and folded for comparison."""

import re
import unicodedata
from collections.abc import Iterator

from mailaccess.mail.charset import to_text
from mailaccess.mail.headers import decode, fields, parameter
from mailaccess.mail.lines import Buffer
from mailaccess.mail.mime import Part
from mailaccess.mail.transfer import decode as undo
from mailaccess.mail.transfer import decode_in_pieces as undo_in_pieces

# Han characters are left out: they fold to themselves, and there are many of them.
_TO_FOLD = re.compile("[^\x00-\x7f\u4e00-\u9fff]+")
_MOST_FOLDINGS = 20_000
_ASCII = bytes(range(128))
_FEW = 16  # distinct characters
_LARGE = 1 << 20  # octets of a body beyond which it is decoded in pieces
_OVERLAP = 4096  # characters
_BETWEEN_WORDS = re.compile(r"[\s:]+")
_UNENCODED = re.compile(rb"CONTENT-TRANSFER-ENCODING:[ \t]*(?:[78]BIT|BINARY)[ \t]*\r?\n(?![ \t])")
_ASCII_CHARSET = re.compile(rb'CHARSET="?(?:US-ASCII|UTF-8|ISO-8859-1?[0-9]|WINDOWS-125[0-9])(?=["; \t\r\n])')
_WIDE = ("utf-16", "utf-32")  # cannot be cut at a line feed's octet


class _Foldings(dict[int, str]):
    """What a code point becomes; learned as they come, as many as real text has."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        title = character.title()
        # Where there is more than one, it comes from SpecialCasing.txt, which RFC 5051 does not use.
        folded = unicodedata.normalize("NFKD", title if len(title) == 1 else character)
        if len(self) < _MOST_FOLDINGS:
            self[code] = folded
        return folded


_foldings = _Foldings()


def fold(text: str) -> str:
    """The text as i;unicode-casemap compares it (RFC 5051): each character in title case, decomposed.

    Characters are folded one by one, so that what is a substring stays one.
    """
    if text.isascii():
        return text.upper()
    octets = text.encode("utf-8", "surrogatepass").upper()
    folded = octets.decode("utf-8", "surrogatepass")
    beyond = octets.translate(None, _ASCII)
    if len(beyond) * 2 < len(octets):  # Latin script: its few other letters are replaced one by one, which is faster
        others = set(beyond.decode("utf-8", "surrogatepass"))
        changes = [(other, _foldings[ord(other)]) for other in others if _foldings[ord(other)] != other]
        if len(others) <= _FEW and all(others.isdisjoint(outcome) for _, outcome in changes):
            for other, outcome in changes:
                folded = folded.replace(other, outcome)
            return folded
    return _TO_FOLD.sub(_fold_run, folded)


def decode_part(data: bytes, encoding: bytes, charset: str | None) -> str:
    """The text of a part's body under its Content-Transfer-Encoding and charset, at least what can be read of it."""
    return to_text(undo(data, encoding), charset)


def searchable(data: Buffer, root: Part, *, headers: bool = True) -> Iterator[str]:
    """The texts that a search looks into, one by one, decoded and not folded.

    They are the bodies of text and message parts, HTML with its tags; the headers of messages inside, which are body
    to the outer one; and, unless told otherwise, the headers of the message itself and of all parts. Headers are
    `Name: value` lines, each unfolded. Of a large body the pieces overlap, so that nothing that lies across is missed.
    """
    waiting = [(root, headers)]
    while waiting:
        part, with_header = waiting.pop()
        if with_header:
            yield _header(data[part.header_start : part.header_end])
        if part.children:
            inside = headers or part.type.lower() == b"message"
            waiting += [(child, inside) for child in reversed(part.children)]
        elif part.type.lower() in {b"text", b"message"}:
            yield from _body(data, part)


def rules_out(data: Buffer, needle: str) -> bool:
    """Whether a folded needle is certainly in nothing that `searchable` yields, by a look at the octets alone.

    That can be said of a message that is its own text: in ASCII, with nothing encoded. What is a space in a header
    may have been written in another way, so each word is looked for.
    """
    if not isinstance(data, bytes) or not needle.isascii() or not data.isascii():
        return False
    raw = data.upper()
    words = _BETWEEN_WORDS.split(needle)
    if all(word.encode() in raw for word in words) or b"=?" in raw:
        return False
    encodings, charsets = raw.count(b"CONTENT-TRANSFER-ENCODING"), raw.count(b"CHARSET")
    return len(_UNENCODED.findall(raw)) == encodings and len(_ASCII_CHARSET.findall(raw)) == charsets


def _body(data: Buffer, part: Part) -> Iterator[str]:
    charset = (parameter(part.params, b"charset") or b"").decode("latin-1")
    if part.size <= _LARGE or charset.lower().startswith(_WIDE):
        yield decode_part(data[part.body_start : part.body_end], part.encoding, charset)
        return
    before = ""
    for octets in _whole_lines(undo_in_pieces(data, part.body_start, part.body_end, part.encoding)):
        text = to_text(octets, charset)
        yield before + text
        before = text[-_OVERLAP:]


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same octets, cut where no character can be: behind a line feed, if there is one."""
    rest = b""
    for piece in pieces:
        octets = rest + piece
        cut = octets.rfind(b"\n") + 1 or len(octets)
        rest = octets[cut:]
        yield octets[:cut]
    if rest:
        yield rest


def _fold_run(found: re.Match[str]) -> str:
    return found[0].translate(_foldings)


def _header(block: bytes) -> str:
    return "".join(f"{one.name.decode('latin-1')}: {decode(one.value)}\r\n" for one in fields(block))
