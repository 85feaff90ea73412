"""Values to IMAP's words. Pure; each function is named after the rule it renders."""

import re
from functools import lru_cache
from time import gmtime

from mailaccess.imap.grammar import MONTHS
from mailaccess.mail import mutf7
from mailaccess.mail.flags import Flags

_PLAIN_ATOM = re.compile(rb"[A-Za-z0-9!#$&'+,\-./:;<=>?@^_`|~]+\Z")
_QUOTABLE = re.compile(rb"[^\r\n\x00\x80-\xff]*\Z")
_UTF8_QUOTABLE = re.compile(rb"[^\r\n\x00]*\Z")
_SPECIAL = re.compile(rb'(["\\])')

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_LONGEST_TEXT = 500

_flag_cache: dict[Flags, bytes] = {}


def status_text(text: str, *, utf8: bool = False) -> bytes:
    """resp-text without its code: one line and not a long one, whatever of the client's own words it repeats.

    "Non-ASCII text can only be returned after ENABLE IMAP4rev2" (RFC 9051 9), or after LANGUAGE (RFC 5255 5); of such
    texts RFC 6855 says nothing. What begins with "[" would be taken for a response code.
    """
    line = _CONTROLS.sub(" ", "- " + text if text.startswith("[") else text)
    if len(line) > _LONGEST_TEXT:
        line = line[:_LONGEST_TEXT] + "..."
    return line.encode("utf-8" if utf8 else "ascii", "replace")


def quoted(text: bytes) -> bytes:
    """quoted, for text that is known to hold no CR, LF or NUL."""
    return b'"%s"' % (_SPECIAL.sub(rb"\\\1", text) if b'"' in text or b"\\" in text else text)


def string(text: bytes) -> bytes:
    """string: quoted where it can be, else a literal."""
    if len(text) <= 4096 and _QUOTABLE.match(text):
        return quoted(text)
    return b"{%d}\r\n%s" % (len(text), text)


def nstring(text: bytes | None) -> bytes:
    """nstring = string / nil"""
    return b"NIL" if text is None else string(text)


def astring(text: bytes) -> bytes:
    """An atom where it can be, else a string."""
    return text if _PLAIN_ATOM.match(text) and text.upper() != b"NIL" else string(text)


@lru_cache(4096)
def mailbox(name: str, *, utf8: bool = False) -> bytes:
    """A mailbox name, always quoted: names with `]`, `%` and the like trip naive clients as atoms."""
    raw = name.encode() if utf8 else mutf7.encode(name)
    if _UTF8_QUOTABLE.match(raw):
        return quoted(raw)
    return b"{%d}\r\n%s" % (len(raw), raw)


def flags(names: Flags, *, recent: bool = False) -> bytes:
    """flag-list, cached: few combinations of flags occur in a mailbox."""
    listed = _flag_cache.get(names)
    if listed is None:
        if len(_flag_cache) > 10_000:
            _flag_cache.clear()
        system = sorted(name for name in names if name.startswith("\\"))
        keywords = sorted(name for name in names if not name.startswith("\\"))
        listed = _flag_cache[names] = " ".join([*system, *keywords]).encode()
    if recent:
        return b"(%s \\Recent)" % listed if listed else b"(\\Recent)"
    return b"(%s)" % listed


def date_time(seconds: int) -> bytes:
    """date-time of an INTERNALDATE, in UTC."""
    t = gmtime(seconds)
    return b'"%02d-%s-%04d %02d:%02d:%02d +0000"' % (
        t.tm_mday,
        MONTHS[t.tm_mon - 1],
        t.tm_year,
        t.tm_hour,
        t.tm_min,
        t.tm_sec,
    )
