"""The search keys, one beside the other: name, grammar, what it looks at, how it matches (RFC 3501 6.4.4)."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from math import inf
from typing import TypeVar

from mailaccess.imap import objectid
from mailaccess.imap.columns import DIGEST, SENT_DAY, THREAD, Column, addresses, fields, one_spaced
from mailaccess.imap.errors import Bad
from mailaccess.imap.numset import NumSet
from mailaccess.imap.program import SEQUENCE_SET, Match, Needs, Terms, key
from mailaccess.imap.registry import feature
from mailaccess.imap.rows import Rows
from mailaccess.imap.view import Ranges
from mailaccess.mail import fuzzy
from mailaccess.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN
from mailaccess.storage.messages import UNSIZED

T = TypeVar("T")

DAY = 86_400
WEEK = 7  # days by which a date may be missed behind FUZZY
TENTH = 10  # what part of a size

Candidates = Sequence[int]

feature(b"WITHIN", rfc=5032)
# Who does not ask for it gets no such answer, iOS included, whose users expect it: "Implementations MUST NOT make
# operational changes based on the data sent as part of the ID command" (RFC 2971 1).
feature(b"SEARCH=FUZZY", rfc=6203)


# -- which messages


@key(b"ALL", needs=Needs.COLUMNS)
def everything(_rows: Rows, candidates: Candidates, _: None) -> list[int]:
    return list(candidates)


@key(SEQUENCE_SET, needs=Needs.COLUMNS, parse=Terms.keyset)
def numbered(rows: Rows, candidates: Candidates, numset: NumSet) -> list[int]:
    return _within(rows.numbered(numset), candidates)


def _uid_set(terms: Terms) -> NumSet:
    terms.sp()
    return terms.numset()


@key(b"UID", needs=Needs.COLUMNS, parse=_uid_set)
def uid(rows: Rows, candidates: Candidates, numset: NumSet) -> list[int]:
    return _within(rows.with_uids(numset), candidates)


def _one_uid(terms: Terms) -> int:
    terms.sp()
    return terms.nz_number()


@key(b"UIDAFTER", needs=Needs.COLUMNS, parse=_one_uid)
def uid_after(rows: Rows, candidates: Candidates, uid: int) -> list[int]:
    """RFC 9738 3.2: as UID <uid+1>:*, but for `*`, which is the last one even where that is lower."""
    first = bisect_right(rows.uids, uid, 0, rows.count)
    return list(candidates[bisect_left(candidates, first) :])


@key(b"UIDBEFORE", needs=Needs.COLUMNS, parse=_one_uid)
def uid_before(rows: Rows, candidates: Candidates, uid: int) -> list[int]:
    """RFC 9738 3.2: as UID 1:<uid-1>."""
    end = bisect_left(rows.uids, uid, 0, rows.count)
    return list(candidates[: bisect_left(candidates, end)])


def _within(ranges: Ranges, candidates: Candidates) -> list[int]:
    """Those of the candidates that lie in the ranges; both ascend."""
    found: list[int] = []
    if not candidates:
        return found
    first, last = candidates[0], candidates[-1]
    for low, high in islice(ranges, max(0, bisect_left(ranges, (first, first)) - 1), None):
        if low > last:
            break
        found += candidates[bisect_left(candidates, low) : bisect_right(candidates, high)]
    return found


# -- flags


def _has(flag: str) -> Match:
    def match(rows: Rows, candidates: Candidates, _: None) -> list[int]:
        flags = rows.flags
        return [row for row in candidates if flag in flags[row]]

    return match


def _lacks(flag: str) -> Match:
    def match(rows: Rows, candidates: Candidates, _: None) -> list[int]:
        flags = rows.flags
        return [row for row in candidates if flag not in flags[row]]

    return match


key(b"ANSWERED", needs=Needs.COLUMNS)(_has(ANSWERED))
key(b"DELETED", needs=Needs.COLUMNS)(_has(DELETED))
key(b"DRAFT", needs=Needs.COLUMNS)(_has(DRAFT))
key(b"FLAGGED", needs=Needs.COLUMNS)(_has(FLAGGED))
key(b"SEEN", needs=Needs.COLUMNS)(_has(SEEN))
key(b"UNANSWERED", needs=Needs.COLUMNS)(_lacks(ANSWERED))
key(b"UNDELETED", needs=Needs.COLUMNS)(_lacks(DELETED))
key(b"UNDRAFT", needs=Needs.COLUMNS)(_lacks(DRAFT))
key(b"UNFLAGGED", needs=Needs.COLUMNS)(_lacks(FLAGGED))
key(b"UNSEEN", needs=Needs.COLUMNS)(_lacks(SEEN))


def _keyword(terms: Terms) -> str:
    """SP flag-keyword"""
    terms.sp()
    name = terms.atom("a keyword")
    if not name.isascii():
        raise Bad("A keyword is written in ASCII")
    return name.decode()


@key(b"KEYWORD", needs=Needs.COLUMNS, parse=_keyword)
def keyword(rows: Rows, candidates: Candidates, name: str) -> list[int]:
    return _has(rows.keyword(name))(rows, candidates, None)


@key(b"UNKEYWORD", needs=Needs.COLUMNS, parse=_keyword)
def unkeyword(rows: Rows, candidates: Candidates, name: str) -> list[int]:
    return _lacks(rows.keyword(name))(rows, candidates, None)


@key(b"RECENT", needs=Needs.COLUMNS)
def recent(rows: Rows, candidates: Candidates, _: None) -> list[int]:
    return _within(rows.recent(), candidates)


@key(b"OLD", needs=Needs.COLUMNS)
def old(rows: Rows, candidates: Candidates, _: None) -> list[int]:
    fresh = set(_within(rows.recent(), candidates))
    return [row for row in candidates if row not in fresh]


@key(b"NEW", needs=Needs.COLUMNS)
def new(rows: Rows, candidates: Candidates, _: None) -> list[int]:
    return _lacks(SEEN)(rows, _within(rows.recent(), candidates), None)


def _modseq(terms: Terms) -> int:
    """[SP entry-name SP entry-type-req] SP mod-sequence-valzer; mod-sequences are kept per message (RFC 7162 3.1.5)."""
    terms.modseq = True
    terms.sp()
    if terms.peek() == b'"':
        if not terms.quoted().lower().startswith(b"/flags/"):
            raise Bad('Expected an entry name such as "/flags/\\\\Seen"')
        terms.sp()
        if terms.word("priv, shared or all") not in (b"PRIV", b"SHARED", b"ALL"):
            raise Bad("Expected priv, shared or all")
        terms.sp()
    return terms.number64()


@key(b"MODSEQ", needs=Needs.COLUMNS, parse=_modseq)
def modseq(rows: Rows, candidates: Candidates, least: int) -> list[int]:
    modseqs = rows.modseqs
    return [row for row in candidates if modseqs[row] >= least]


# -- size and arrival


def _number(terms: Terms) -> int:
    terms.sp()
    return terms.number64()


Bounds = tuple[float, float]
"""The least and the greatest that match."""


def _roughly(
    values: Callable[[Rows, Candidates], Iterable[tuple[int, int]]],
    bounds: Callable[[T], Bounds],
    slack: Callable[[T], int],
) -> Match:
    """ "Servers could return messages outside the specified [...] range, but the further away the message is, the lower
    the relevancy score" (RFC 6203 5)."""

    def match(rows: Rows, candidates: Candidates, argument: T) -> list[int]:
        (low, high), room = bounds(argument), slack(argument)
        return rows.rated((row, fuzzy.closeness(value, low, high, room)) for row, value in values(rows, candidates))

    return match


def _about(bounds: Callable[[int], Bounds]) -> Match:
    """A size."""

    def values(rows: Rows, candidates: Candidates) -> Iterator[tuple[int, int]]:
        return ((row, rows.sizes[row]) for row in candidates if rows.sizes[row] != UNSIZED)

    return _roughly(values, bounds, lambda octets: octets // TENTH)


@key(b"LARGER", needs=Needs.COLUMNS, parse=_number, sizes=True, fuzzily=_about(lambda octets: (octets + 1, inf)))
def larger(rows: Rows, candidates: Candidates, octets: int) -> list[int]:
    sizes = rows.sizes
    return [row for row in candidates if octets < sizes[row] != UNSIZED]


@key(b"SMALLER", needs=Needs.COLUMNS, parse=_number, sizes=True, fuzzily=_about(lambda octets: (0, octets - 1)))
def smaller(rows: Rows, candidates: Candidates, octets: int) -> list[int]:
    sizes = rows.sizes
    return [row for row in candidates if sizes[row] < octets]


def _date(terms: Terms) -> date:
    terms.sp()
    return terms.date()


def _midnight(day: date) -> int:
    """Its first second. INTERNALDATE is given in UTC, so its date is that of UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _before(dates: Sequence[int], candidates: Candidates, day: date) -> list[int]:
    end = _midnight(day)
    return [row for row in candidates if dates[row] < end]


def _on(dates: Sequence[int], candidates: Candidates, day: date) -> list[int]:
    start = _midnight(day)
    return [row for row in candidates if start <= dates[row] < start + DAY]


def _since(dates: Sequence[int], candidates: Candidates, day: date) -> list[int]:
    start = _midnight(day)
    return [row for row in candidates if dates[row] >= start]


def _around(bounds: Callable[[int], Bounds]) -> Match:
    """A day, given by its first second."""

    def values(rows: Rows, candidates: Candidates) -> Iterator[tuple[int, int]]:
        return ((row, rows.dates[row]) for row in candidates)

    def second(day: date) -> Bounds:
        return bounds(_midnight(day))

    return _roughly(values, second, lambda _: WEEK * DAY)


@key(b"BEFORE", needs=Needs.COLUMNS, parse=_date, fuzzily=_around(lambda start: (-inf, start - 1)))
def before(rows: Rows, candidates: Candidates, day: date) -> list[int]:
    return _before(rows.dates, candidates, day)


@key(b"ON", needs=Needs.COLUMNS, parse=_date, fuzzily=_around(lambda start: (start, start + DAY - 1)))
def on(rows: Rows, candidates: Candidates, day: date) -> list[int]:
    return _on(rows.dates, candidates, day)


@key(b"SINCE", needs=Needs.COLUMNS, parse=_date, fuzzily=_around(lambda start: (start, inf)))
def since(rows: Rows, candidates: Candidates, day: date) -> list[int]:
    return _since(rows.dates, candidates, day)


@key(b"SAVEDBEFORE", needs=Needs.COLUMNS, parse=_date)
def savedbefore(rows: Rows, candidates: Candidates, day: date) -> list[int]:
    """RFC 8514 4.3, as the next three"""
    return _before(rows.save_dates, candidates, day)


@key(b"SAVEDON", needs=Needs.COLUMNS, parse=_date)
def savedon(rows: Rows, candidates: Candidates, day: date) -> list[int]:
    return _on(rows.save_dates, candidates, day)


@key(b"SAVEDSINCE", needs=Needs.COLUMNS, parse=_date)
def savedsince(rows: Rows, candidates: Candidates, day: date) -> list[int]:
    return _since(rows.save_dates, candidates, day)


@key(b"SAVEDATESUPPORTED", needs=Needs.COLUMNS)
def savedatesupported(_rows: Rows, candidates: Candidates, _: None) -> list[int]:
    """Every mailbox here keeps them."""
    return list(candidates)


def _interval(terms: Terms) -> int:
    """SP nz-number: seconds (RFC 5032)"""
    terms.sp()
    return terms.nz_number()


@key(b"OLDER", needs=Needs.COLUMNS, parse=_interval)
def older(rows: Rows, candidates: Candidates, seconds: int) -> list[int]:
    dates, target = rows.dates, rows.now - seconds
    return [row for row in candidates if dates[row] <= target]


@key(b"YOUNGER", needs=Needs.COLUMNS, parse=_interval)
def younger(rows: Rows, candidates: Candidates, seconds: int) -> list[int]:
    dates, target = rows.dates, rows.now - seconds
    return [row for row in candidates if dates[row] >= target]


# -- the header


def _sent_date(terms: Terms) -> date:
    terms.reads(SENT_DAY)
    return _date(terms)


def _sent(rows: Rows, candidates: Candidates, test: Callable[[int], bool]) -> list[int]:
    """Rows whose Date field names a day that passes; one without a date that can be read matches no SENT key."""
    return [row for row, day in rows.said(SENT_DAY, candidates) if day and test(day)]


def _sent_around(bounds: Callable[[int], Bounds]) -> Match:
    """The same of the Date field, by the day's number."""

    def values(rows: Rows, candidates: Candidates) -> Iterator[tuple[int, int]]:
        return ((row, day) for row, day in rows.said(SENT_DAY, candidates) if day)

    def number(day: date) -> Bounds:
        return bounds(day.toordinal())

    return _roughly(values, number, lambda _: WEEK)


@key(b"SENTBEFORE", needs=Needs.FACTS, parse=_sent_date, fuzzily=_sent_around(lambda day: (0, day - 1)))
def sentbefore(rows: Rows, candidates: Candidates, day: date) -> list[int]:
    return _sent(rows, candidates, day.toordinal().__gt__)


@key(b"SENTON", needs=Needs.FACTS, parse=_sent_date, fuzzily=_sent_around(lambda day: (day, day)))
def senton(rows: Rows, candidates: Candidates, day: date) -> list[int]:
    return _sent(rows, candidates, day.toordinal().__eq__)


@key(b"SENTSINCE", needs=Needs.FACTS, parse=_sent_date, fuzzily=_sent_around(lambda day: (day, inf)))
def sentsince(rows: Rows, candidates: Candidates, day: date) -> list[int]:
    return _sent(rows, candidates, day.toordinal().__le__)


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
