"""Messages in the order of SORT's criteria (RFC 5256, RFC 5957, RFC 6203)."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import accumulate
from typing import Any

from mailaccess.imap.bounded import ALONE, ORDERS, Bounded
from mailaccess.imap.columns import (
    BASE_SUBJECT,
    DISPLAY_FROM,
    DISPLAY_TO,
    FIRST_CC,
    FIRST_FROM,
    FIRST_TO,
    SENT,
    Column,
)
from mailaccess.imap.errors import Bad
from mailaccess.imap.orders import Key, Order, difference, key_of, uids_of
from mailaccess.imap.program import Terms
from mailaccess.imap.rows import Rows
from mailaccess.imap.searching import HEADERS, hold_columns, make_sizes
from mailaccess.wire.traps import compute, compute_steps, turn

SORTED_AT_ONCE = 10_000
_COMPARED_AT_ONCE = 2_000

Value = int | str

IN_MEMORY: dict[bytes, Callable[[Rows], Callable[[int], Value]]] = {
    b"ARRIVAL": lambda rows: rows.dates.__getitem__,
    b"RELEVANCY": lambda rows: lambda row: -rows.relevancy(row),  # "the highest score is returned first"
    b"SIZE": lambda rows: rows.sizes.__getitem__,
}
CRITERIA: dict[bytes, Column[Any]] = {
    b"CC": FIRST_CC,
    b"DATE": SENT,
    b"DISPLAYFROM": DISPLAY_FROM,
    b"DISPLAYTO": DISPLAY_TO,
    b"FROM": FIRST_FROM,
    b"SUBJECT": BASE_SUBJECT,
    b"TO": FIRST_TO,
}
"""What each criterion goes by."""

Criteria = dict[bytes, bool]
"""Names of criteria in their order, and whether each is reversed."""


MOST_CRITERIA = 100


def parse_criteria(terms: Terms) -> Criteria:
    """ "(" sort-criterion *(SP sort-criterion) ")" """
    terms.expect(b"(")
    criteria: Criteria = {}
    for _ in terms.members(MOST_CRITERIA, "criteria"):
        reverse = terms.skip(b"REVERSE ")
        name = terms.word("a sort criterion")
        if name not in IN_MEMORY and name not in CRITERIA:
            names = ", ".join(sorted(known.decode() for known in [*IN_MEMORY, *CRITERIA]))
            raise Bad(f"Expected REVERSE, or one of {names}")
        criteria.setdefault(name, reverse)  # a second time it has nothing left to decide
    return criteria


_ORDERS: Bounded[Key, Order] = Bounded(ORDERS)


async def in_order(
    rows: Rows, matches: Sequence[int], criteria: Criteria, program: bytes | None = None
) -> Sequence[int]:
    """Rows (ascending) in the order that the criteria say, equals as they are in the mailbox; without those that are
    gone. Kept for the next time under the text of the program that found them, if that is told."""
    if program is None or b"RELEVANCY" in criteria:  # which is of the program, not of the messages
        return await _ordered(rows, matches, criteria)
    uids = await uids_of(rows, matches)
    key = key_of(rows, tuple(criteria.items()), program)
    order = _ORDERS.get(key)
    if order is not None and order.uids == uids:
        return await compute_steps(len(matches), _rows, matches, order.places)
    ordered = None if order is None else await _mended(rows, matches, uids, order, criteria)
    if ordered is None:
        ordered = await _ordered(rows, matches, criteria)
    if not rows.gone:
        order = Order(uids, await compute_steps(len(matches), _places, matches, ordered))
        _ORDERS.put(key, order, ALONE + order.octets + len(program))
    return ordered


async def _mended(
    rows: Rows, matches: Sequence[int], uids: "array[int]", order: Order, criteria: Criteria
) -> list[int] | None:
    """The rows in order, by what is kept of almost the same ones."""
    change = await compute_steps(len(matches), difference, order, uids)
    if change is None:
        return None
    ordered = await compute_steps(len(matches), _rows, matches, change.stayed)
    came = await _ordered(rows, [matches[place] for place in change.came], criteria)
    where = await places(rows, len(ordered), ordered.__getitem__, came, criteria)
    if rows.gone:
        return None
    for place, row in zip(reversed(where), reversed(came), strict=True):
        ordered.insert(place, row)
    return ordered


def _rows(matches: Sequence[int], places: Sequence[int]) -> list[int]:
    if matches and matches[-1] == len(matches) - 1:  # simply the first so many
        return list(places)
    return list(map(matches.__getitem__, places))


def _places(matches: Sequence[int], ordered: Sequence[int]) -> "array[int]":
    if matches and matches[-1] == len(matches) - 1:
        return array("I", ordered)
    known = {row: place for place, row in enumerate(matches)}
    return array("I", map(known.__getitem__, ordered))


async def _ordered(rows: Rows, matches: Sequence[int], criteria: Criteria) -> list[int]:
    values = await _values(rows, matches, criteria)
    ordered = [row for row in matches if row not in rows.gone]
    for name, reverse in reversed(criteria.items()):  # each pass keeps the order of the one before among equals
        ordered = await _sorted(ordered, values[name], reverse=reverse)
    return ordered


async def places(
    rows: Rows, count: int, at: Callable[[int], int], fresh: Sequence[int], criteria: Criteria
) -> list[int]:
    """Before which of `count` rows in order each of some others belongs; `at` gives the row at an index. All are
    searched for by halves at once, so that few of those in order are looked at."""
    low, high = [0] * len(fresh), [count] * len(fresh)
    waiting = list(range(len(fresh))) if count else []
    while waiting:
        probes = {index: at((low[index] + high[index]) // 2) for index in waiting}
        looked_at = sorted({*probes.values(), *(fresh[index] for index in waiting)})
        values = await _values(rows, looked_at, criteria)
        for start in range(0, len(waiting), _COMPARED_AT_ONCE):
            for index in waiting[start : start + _COMPARED_AT_ONCE]:
                middle = (low[index] + high[index]) // 2
                if _before(fresh[index], probes[index], values, criteria, rows.gone):
                    high[index] = middle
                else:
                    low[index] = middle + 1
            await turn()
        waiting = [index for index in waiting if low[index] < high[index]]
    return list(accumulate(low, max))  # in order, even where a message that is gone could not be compared


def _before(
    one: int, other: int, values: Mapping[bytes, Callable[[int], Value]], criteria: Criteria, gone: set[int]
) -> bool:
    if one not in gone and other not in gone:
        for name, reverse in criteria.items():
            mine: Any = values[name](one)
            its: Any = values[name](other)
            if mine != its:
                return bool(mine < its) is not reverse
    return one < other


async def _values(rows: Rows, matches: Sequence[int], criteria: Criteria) -> dict[bytes, Callable[[int], Value]]:
    """By criterion, what gives its value of each of these rows, but for those that are gone."""
    if b"SIZE" in criteria:
        await make_sizes(rows, matches)
    said = await said_by(rows, matches, [CRITERIA[name] for name in criteria if name in CRITERIA])
    return {name: IN_MEMORY[name](rows) if name in IN_MEMORY else said[CRITERIA[name]].__getitem__ for name in criteria}


async def _sorted(rows: list[int], value: Callable[[int], Value], *, reverse: bool) -> list[int]:
    """Stable. A long list is sorted in parts: one call of `sorted` would hold up all other threads."""
    if len(rows) <= SORTED_AT_ONCE:
        return await compute_steps(len(rows) * 4, sorted, rows, key=value, reverse=reverse)
    parts = [
        await compute(sorted, rows[start : start + SORTED_AT_ONCE], key=value, reverse=reverse)
        for start in range(0, len(rows), SORTED_AT_ONCE)
    ]
    return await compute(lambda: list(merge(*parts, key=value, reverse=reverse)))


async def said_by(
    rows: Rows, matches: Sequence[int], columns: Sequence[Column[Any]]
) -> dict[Column[Any], dict[int, Any]]:
    """What the messages say, by row; those that are gone are left out."""
    found: dict[Column[Any], dict[int, Any]] = {column: {} for column in columns}
    for start in range(0, len(matches) if columns else 0, HEADERS):
        part = matches[start : start + HEADERS]
        await hold_columns(rows, part, columns)
        for column, values in found.items():
            values.update(_sent(rows, part) if column == SENT else rows.said(column, part))
        await turn()
    return found


def _sent(rows: Rows, part: Sequence[int]) -> Iterator[tuple[int, int]]:
    """ "If the sent date cannot be determined [...] the INTERNALDATE for that message is used" (RFC 5256 2.2)."""
    return ((row, rows.dates[row] if sent is None else sent) for row, sent in rows.said(SENT, part))
