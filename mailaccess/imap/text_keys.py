"""Search keys that look for something in a message, or for what it is (RFC 3501 6.4.4, RFC 8474)."""

from collections.abc import Callable
from typing import TypeVar

from mailaccess.imap import objectid
from mailaccess.imap.columns import DIGEST, THREAD, Column, addresses, fields, one_spaced
from mailaccess.imap.program import Candidates, Match, Needs, Terms, key
from mailaccess.imap.rows import Rows
from mailaccess.mail import fuzzy

T = TypeVar("T")


# -- the header


def _needle(terms: Terms) -> str:
    terms.sp()
    return terms.needle()


Wanted = tuple[Column[list[str]], str]
"""The texts to look into, and what to look for."""


def _wanted(column: Column[list[str]]) -> Callable[[Terms], Wanted]:
    """SP astring"""
    return lambda terms: (terms.reads(column), one_spaced(_needle(terms)))


def _header(terms: Terms) -> Wanted:
    """SP header-fld-name SP astring"""
    terms.sp()
    name = terms.astring("the name of a header field").lower()
    return _wanted(fields(name))(terms)


def _header_fuzzily(rows: Rows, candidates: Candidates, wanted: Wanted) -> list[int]:
    """Each word in any field of the name."""
    column, text = wanted
    needle = fuzzy.needle(text)
    return rows.rated((row, needle.score(texts)) for row, texts in rows.said(column, candidates))


@key(b"BCC", needs=Needs.FACTS, parse=_wanted(addresses(b"bcc")), fuzzily=_header_fuzzily)
@key(b"CC", needs=Needs.FACTS, parse=_wanted(addresses(b"cc")), fuzzily=_header_fuzzily)
@key(b"FROM", needs=Needs.FACTS, parse=_wanted(addresses(b"from")), fuzzily=_header_fuzzily)
@key(b"TO", needs=Needs.FACTS, parse=_wanted(addresses(b"to")), fuzzily=_header_fuzzily)
@key(b"SUBJECT", needs=Needs.FACTS, parse=_wanted(fields(b"subject")), fuzzily=_header_fuzzily)
@key(b"HEADER", needs=Needs.FACTS, parse=_header, fuzzily=_header_fuzzily)
def header(rows: Rows, candidates: Candidates, wanted: Wanted) -> list[int]:
    """Any field of the name will do; an empty string is in each."""
    column, needle = wanted
    return [row for row, texts in rows.said(column, candidates) if any(needle in text for text in texts)]


# -- objects


def _objectid(column: Column[T]) -> Callable[[Terms], bytes]:
    """SP objectid (RFC 8474 6)"""

    def parse(terms: Terms) -> bytes:
        terms.sp()
        terms.reads(column)
        return objectid.parse(terms)

    return parse


@key(b"EMAILID", needs=Needs.FACTS, parse=_objectid(DIGEST))
def emailid(rows: Rows, candidates: Candidates, wanted: bytes) -> list[int]:
    return [row for row, digest in rows.said(DIGEST, candidates) if objectid.emailid(digest) == wanted]


@key(b"THREADID", needs=Needs.FACTS, parse=_objectid(THREAD))
def threadid(rows: Rows, candidates: Candidates, wanted: bytes) -> list[int]:
    return [row for row, thread in rows.said(THREAD, candidates) if objectid.threadid(thread) == wanted]


# -- the text


def _text_fuzzily(*, header: bool) -> Match:
    """Each word anywhere in the message."""

    def match(rows: Rows, candidates: Candidates, text: str) -> list[int]:
        return rows.scored(candidates, fuzzy.needle(text).score, header=header)

    return match


@key(b"BODY", needs=Needs.TEXT, parse=_needle, fuzzily=_text_fuzzily(header=False))
def body(rows: Rows, candidates: Candidates, needle: str) -> list[int]:
    return rows.containing(candidates, needle, header=False)


@key(b"TEXT", needs=Needs.TEXT, parse=_needle, fuzzily=_text_fuzzily(header=True))
def text(rows: Rows, candidates: Candidates, needle: str) -> list[int]:
    return rows.containing(candidates, needle, header=True)
