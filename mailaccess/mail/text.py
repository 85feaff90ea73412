"""A message's text: decoded, and folded for comparison."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

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
# What is written for text that stands there as it is: what it begins with, and what has to follow.
_PLAIN = [
    (
        b"CONTENT-TRANSFER-ENCODING",
        re.compile(rb"CONTENT-TRANSFER-ENCODING:[ \t]*(?:[78]BIT|BINARY)[ \t]*\r?\n(?![ \t])"),
    ),
    (b"CHARSET", re.compile(rb'CHARSET="?(?:US-ASCII|UTF-8|ISO-8859-1?[0-9]|WINDOWS-125[0-9])(?=["; \t\r\n])')),
]
_HEADER_END = re.compile(rb"(?:\A|\n)\r?\n")
_TEXT = re.compile(rb"\nCONTENT-TYPE:[ \t]*TEXT/(?:PLAIN|HTML)(?=[; \t\r\n])")
_LONGEST_GLANCED = 256  # characters of a needle
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
    to the outer one; and, unless told otherwise, what `outer_headers` gives, last, since it takes longer to make. Of a
    large body the pieces overlap, so that nothing that lies across is missed.
    """
    inner: list[Part] = []
    for part, inside in _parts(root):
        if inside:
            inner.append(part)
        if not part.children and part.type.lower() in {b"text", b"message"}:
            yield from _body(data, part)
    for part in inner:
        yield _header(data, part)
    if headers:
        yield from outer_headers(data, root)


def outer_headers(data: Buffer, root: Part) -> Iterator[str]:
    """The headers of a message itself and of its parts, not those of messages inside: `Name: value` lines, unfolded."""
    for part, inside in _parts(root):
        if not inside:
            yield _header(data, part)


def _parts(root: Part) -> Iterator[tuple[Part, bool]]:
    """All parts in order, and whether they are of a message inside."""
    waiting = [(root, False)]
    while waiting:
        part, inside = waiting.pop()
        yield part, inside
        inside = inside or part.type.lower() == b"message"
        waiting += [(child, inside) for child in reversed(part.children)]


def glance(data: Buffer, needle: str) -> bool | None:
    """Whether a folded needle is in something that `searchable` yields, bodies and headers, by a look at the octets
    alone, whatever ends their lines: certainly not (False), certainly in a body (True), or it takes a closer look.

    That can be said of a message that is its own text: in ASCII, with nothing encoded.
    """
    if not isinstance(data, bytes) or not data.isascii() or b"\0" in data:
        return None
    raw = data.upper()
    words, whole = _sought(needle)
    for word in words:
        if word not in raw:
            return False if b"=?" not in raw and _is_plain(raw) else None
    return True if whole and _is_plain(raw) and _in_single_body(raw, whole) else None


@lru_cache(maxsize=16)
def _sought(needle: str) -> tuple[list[bytes], bytes | None]:
    """The words of a needle: what is a space in a header may have been written in another way. And the needle as it
    stands in a body, if it is one word, and short enough not to lie across the pieces of a large body."""
    words = [word.encode("utf-8", "surrogatepass") for word in _BETWEEN_WORDS.split(needle)]
    return words, words[0] if len(words) == 1 and len(needle) <= _LONGEST_GLANCED else None


def _is_plain(raw: bytes) -> bool:
    """Nothing in a message, in upper case, says of a text that it stands for another one."""
    for word, plain in _PLAIN:
        at = raw.find(word)
        while at >= 0:
            if not plain.match(raw, at):
                return False
            at = raw.find(word, at + 1)
    return True


def _in_single_body(raw: bytes, whole: bytes) -> bool:
    """The message has no parts, is text, and has this in its body."""
    blank = _HEADER_END.search(raw)
    if blank is None:
        return False
    kind = raw.find(b"CONTENT-TYPE", 0, blank.end())
    if kind >= 0 and not _TEXT.match(raw, kind - 1):
        return False
    return raw.find(whole, blank.end()) >= 0


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


def _header(data: Buffer, part: Part) -> str:
    block = data[part.header_start : part.header_end]
    return "".join(f"{one.name.decode('latin-1')}: {decode(one.value)}\r\n" for one in fields(block))
