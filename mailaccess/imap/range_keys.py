"""Search keys that compare: sizes, dates, ages (RFC 3501 6.4.4, RFC 5032, RFC 8514)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from math import inf
from typing import TypeVar

from mailaccess.imap.columns import SENT_DAY
from mailaccess.imap.program import Candidates, Match, Needs, Terms, key
from mailaccess.imap.registry import feature
from mailaccess.imap.rows import Rows
from mailaccess.mail import fuzzy
from mailaccess.storage.messages import UNSIZED

T = TypeVar("T")

DAY = 86_400
WEEK = 7  # days by which a date may be missed behind FUZZY
TENTH = 10  # what part of a size

feature(b"WITHIN", rfc=5032)


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


# -- the Date field


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
