"""The first words of a message, as a list of messages shows them (RFC 8970)."""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape

from mailaccess.mail.charset import to_text
from mailaccess.mail.headers import parameter
from mailaccess.mail.lines import Buffer
from mailaccess.mail.mime import Part
from mailaccess.mail.transfer import decode as undo

LENGTH = 200
"""Characters: what a server "SHOULD limit" it to (RFC 8970 3.3)."""

_STEPS = {b"plain": (1 << 9, 1 << 13, 1 << 15), b"html": (1 << 11, 1 << 14, 1 << 17)}  # octets of a part looked at
_MOST_PARTS = 8  # looked at, until one has text
_WIDE = ("utf-16", "utf-32", "ucs-2", "utf16", "utf32", "ucs2")  # in which a space's octet may be half a character

_QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_SIGNATURE = re.compile(r"^-- ?\r?$", re.MULTILINE)
_ENCRYPTED = "-----BEGIN PGP MESSAGE-----"
_SIGNED = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\s+(?:Hash:[^\n]*\s+)*")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x9f]+")
# Words of these alone are what newsletters fill up their first line with, so that nothing else shows in it.
_UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\u2800\u3164\ufe00-\ufe0f\ufeff"
_UNSEEN_WORDS = re.compile(f"(?<!\\S)[{_UNSEEN}]+(?!\\S)")
_JOINERS = re.compile("[\u200d\ufe0f\U0001f3fb-\U0001f3ff]")  # with a character on either side; emoji are made so

_HIDDEN = re.compile(r"<(?:(!--)|(head|style|script|title|template)\b)", re.IGNORECASE)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|big|bdi|bdo|cite|code|del|dfn|em|font|i|ins|kbd|label|mark|o:p|q|s|small|span|strike|strong|sub|sup"
    r"|tt|u|var|wbr)(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*(?:>|\Z)")


def preview(data: Buffer, root: Part, length: int = LENGTH) -> str:
    """The first `length` characters of readable text, in one line; empty where there is none."""
    for number, part in enumerate(_texts(root)):
        if number == _MOST_PARTS:
            break
        found = _words(data, part, length)
        if found:
            return found
    return ""


def _texts(root: Part) -> Iterator[Part]:
    """The parts in which to look, those first that a reader would be shown first."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        kind = part.kind
        if part.disposition is not None and part.disposition[0].lower() == b"attachment":
            continue
        if kind in (b"text/plain", b"text/html"):
            yield part
        elif kind == b"multipart/alternative":  # plain text needs the least guessing
            others = [child for child in reversed(part.children) if child.kind != b"text/plain"]
            waiting += others + [child for child in reversed(part.children) if child.kind == b"text/plain"]
        elif kind != b"multipart/encrypted":
            waiting += reversed(part.children)


def _words(data: Buffer, part: Part, length: int) -> str:
    """The first words of a part, of which no more is decoded than it takes."""
    charset = (parameter(part.params, b"charset") or b"").decode("latin-1")
    is_html = part.subtype.lower() == b"html"
    steps = _STEPS[b"html" if is_html else b"plain"]
    found = ""
    for size in steps:
        end = min(part.body_end, part.body_start + size)
        octets = data[part.body_start : end]
        if end < part.body_end:
            octets = _whole(undo(octets[: octets.rfind(b"\n") + 1] or octets, part.encoding), charset)
        else:
            octets = undo(octets, part.encoding)
        text = to_text(octets, charset)
        last = end == part.body_end or size == steps[-1]
        found = _rendered(text, length) if is_html else _one_line(_written(text, last=last), length)
        if last or len(found) >= length - 20:
            break
    return found


def _whole(octets: bytes, charset: str) -> bytes:
    """Without what the cut may have left half a character of."""
    if charset.lower().startswith(_WIDE):
        return octets[: len(octets) // 4 * 4]
    cut = max(octets.rfind(b" "), octets.rfind(b"\n"))
    if cut > 0:
        return octets[:cut]
    return next((octets[: len(octets) - few] for few in range(4) if _is_utf8(octets[: len(octets) - few])), octets)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except ValueError:
        return False
    return True


def _written(text: str, *, last: bool) -> str:
    """Of plain text, what its sender wrote: no quotes, no signature; but something of the `last` that is looked at."""
    if "-----BEGIN PGP" in text:
        if text.lstrip().startswith(_ENCRYPTED):
            return ""
        text = _SIGNED.sub("", text, count=1)
    own = text
    if ">" in own:
        own = _QUOTED.sub("", own)
    if "\n--" in own:
        own = _SIGNATURE.split(own, maxsplit=1)[0]
    return text if last and not own.strip() else own


def _rendered(text: str, length: int) -> str:
    """The first characters of an HTML document, or of its beginning."""
    shown = _visible(text)
    line = ""
    for window in (3 * length, 15 * length, len(shown)):
        bare = _TAG.sub(" ", _INLINE.sub("", shown[:window]))
        line = _one_line(unescape(bare) if "&" in bare else bare, length)
        if len(line) >= length - 20 or window >= len(shown):
            break
    return line


def _visible(text: str) -> str:
    """Without comments, and elements that show nothing. One that does not end hides all the rest."""
    opening = _HIDDEN.search(text)
    if opening is None:
        return text
    lowered = text.lower()
    kept: list[str] = []
    start = 0
    while opening is not None:
        kept.append(text[start : opening.start()])
        close = "-->" if opening[1] else f"</{opening[2].lower()}"
        end = lowered.find(close, opening.end())
        if end < 0:
            return " ".join(kept)
        start = end + len(close) if opening[1] else end
        opening = _HIDDEN.search(text, start)
    kept.append(text[start:])
    return " ".join(kept)


def _one_line(text: str, length: int) -> str:
    """The first characters, white space folded."""
    line = ""
    for window in (2 * length, 20 * length, len(text)):
        piece = text[:window]
        if not piece.isascii():
            piece = _UNSEEN_WORDS.sub("", piece)
        line = " ".join(piece.split())
        if not line.isprintable():
            line = " ".join(_CONTROLS.sub(" ", line).split())
        if len(line) > length or window >= len(text):
            break
    if len(line) <= length:
        return line
    cut = length
    while cut > length // 2 and _is_joined(line[cut - 1], line[cut]):
        cut -= 1
    return line[:cut].rstrip()


def _is_joined(before: str, after: str) -> bool:
    """The two are parts of what a reader sees as one character."""
    return before == "\u200d" or bool(_JOINERS.match(after) or unicodedata.combining(after))
