"""What SEARCH, SORT and ESEARCH can be asked to return: the table of options, and the ESEARCH response made of them.

RFC 4731 (MIN, MAX, ALL, COUNT), RFC 5182 (SAVE), RFC 5267 and 9394 (PARTIAL, UPDATE, CONTEXT), RFC 6203 (RELEVANCY),
RFC 5465 7 (`UPDATE (FLAGS UID)`).
SORT "returns results in the requested sort order, but is otherwise identical" (RFC 5267 3).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mailaccess.imap import numset
from mailaccess.imap.errors import Bad
from mailaccess.imap.partial import Partial, parse_partial
from mailaccess.imap.program import Terms
from mailaccess.imap.rows import Rows
from mailaccess.imap.wanted import Wanted, parse_items


@dataclass(frozen=True, slots=True)
class Results:
    """What is told of: rows in the order of the answer."""

    rows: Rows
    matches: Sequence[int]
    by_uid: bool

    def numbers(self, part: Sequence[int]) -> list[int]:
        """Rows as the answer counts them."""
        uids = self.rows.uids
        return [uids[row] for row in part] if self.by_uid else [row + 1 for row in part]

    def uids(self, part: Sequence[int]) -> list[int]:
        """The UIDs of rows, ascending."""
        uids = self.rows.uids
        return sorted([uids[row] for row in part])


@dataclass(frozen=True, slots=True)
class Returns:
    """The options of one command."""

    options: frozenset[bytes]
    partial: Partial | None = None
    items: tuple[Wanted, ...] = ()  # to be fetched of new messages that UPDATE tells of

    def __contains__(self, option: bytes) -> bool:
        return option in self.options

    @property
    def is_silent(self) -> bool:
        """Only what is found is to be kept: then nothing is answered (RFC 5182 2.1)."""
        return b"SAVE" in self.options and not any(OPTIONS[option] for option in self.options)

    def kept(self, matches: Sequence[int]) -> Sequence[int]:
        """What `$` becomes and MODSEQ tells of, of what was found, in no order (RFC 4731 3.2, RFC 5182 2.4, RFC 9394
        3.2)."""
        if not matches or self.options & {b"ALL", b"COUNT"} or not self.options & {b"MIN", b"MAX", b"PARTIAL"}:
            return matches
        part = set(matches[self.partial.of(len(matches))] if self.partial else ())
        part |= {matches[0]} if b"MIN" in self.options else set()
        part |= {matches[-1]} if b"MAX" in self.options else set()
        return list(part)


def _least(results: Results, _: Returns) -> bytes:
    return b"MIN %d" % results.numbers(results.matches[:1])[0] if results.matches else b""


def _greatest(results: Results, _: Returns) -> bytes:
    return b"MAX %d" % results.numbers(results.matches[-1:])[0] if results.matches else b""


def _all(results: Results, _: Returns) -> bytes:
    return b"ALL " + numset.render(results.numbers(results.matches)) if results.matches else b""


def _partial(results: Results, returns: Returns) -> bytes:
    """RFC 9394 3.1: the original range, and NIL if there is nothing in it"""
    assert returns.partial is not None
    part = results.matches[returns.partial.of(len(results.matches))]
    return b"PARTIAL (%s %s)" % (returns.partial.text, numset.render(results.numbers(part)) or b"NIL")


def _count(results: Results, _: Returns) -> bytes:
    return b"COUNT %d" % len(results.matches)


def _relevancy(results: Results, returns: Returns) -> bytes:
    """RFC 6203 4: a score for each message that ALL or PARTIAL lists, in that order"""
    part = results.matches if returns.partial is None else results.matches[returns.partial.of(len(results.matches))]
    return b"RELEVANCY (%s)" % " ".join(str(results.rows.relevancy(row)) for row in part).encode()


OPTIONS: dict[bytes, Callable[[Results, Returns], bytes] | None] = {
    b"MIN": _least,
    b"MAX": _greatest,
    b"ALL": _all,
    b"PARTIAL": _partial,
    b"COUNT": _count,
    b"RELEVANCY": _relevancy,
    b"SAVE": None,
    b"UPDATE": None,  # imap.contexts
    b"CONTEXT": None,  # "Servers MAY ignore this return option" (RFC 5267 4.2): columns are kept anyway
}
"""What each adds to an ESEARCH response, in its order; nothing, where there is nothing to tell."""

MOST_OPTIONS = 100

ALL = Returns(frozenset([b"ALL"]))


def parse_returns(terms: Terms) -> Returns | None:
    """["RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")" SP]; an empty list means ALL (RFC 4731 3.1)"""
    if not terms.skip(b"RETURN "):
        return None
    terms.expect(b"(")
    options: set[bytes] = set()
    partial: Partial | None = None
    items: tuple[Wanted, ...] = ()
    for _ in () if terms.skip(b")") else terms.members(MOST_OPTIONS, "options"):
        option = terms.word("what to return")
        if option not in OPTIONS:
            names = ", ".join(name.decode() for name in OPTIONS)
            raise Bad(f"Expected some of {names}")
        if option == b"PARTIAL":
            if partial is not None:
                raise Bad("PARTIAL can be asked for once")
            partial = parse_partial(terms)
        if option == b"UPDATE" and terms.data.startswith(b" (", terms.pos):
            terms.sp()
            items = tuple(parse_items(terms))
        options.add(option)
    terms.sp()
    if partial is not None and b"ALL" in options:
        # "either one PARTIAL, one ALL, or neither PARTIAL nor ALL is allowed" (RFC 5267 4.4)
        raise Bad("PARTIAL and ALL do not go together")
    return Returns(frozenset(options), partial, items) if options else ALL


def esearch(correlator: bytes, results: Results, returns: Returns, modseq: int = 0) -> bytes:
    """An ESEARCH response without `* `; MODSEQ is told if there is one (RFC 4731 3.2)."""
    data = (tell(results, returns) for option, tell in OPTIONS.items() if tell and option in returns)
    return response(correlator, (*filter(None, data), *([b"MODSEQ %d" % modseq] if modseq else [])), results.by_uid)


def response(correlator: bytes, data: Iterable[bytes], by_uid: bool) -> bytes:
    """esearch-response = "ESEARCH" search-correlator [SP "UID"] *(SP search-return-data)"""
    return b" ".join([b"ESEARCH (%s)" % correlator, *([b"UID"] if by_uid else []), *data])
