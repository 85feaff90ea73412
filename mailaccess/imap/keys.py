"""The search keys, one beside the other: name, grammar, what it looks at, how it matches (RFC 3501 6.4.4).

Here are those that go by number, UID and flags.
"""

from bisect import bisect_left, bisect_right
from itertools import islice

from mailaccess.imap import (
    range_keys,  # noqa: F401 - fills the table, too
    text_keys,  # noqa: F401
)
from mailaccess.imap.errors import Bad
from mailaccess.imap.numset import NumSet
from mailaccess.imap.program import SEQUENCE_SET, Candidates, Match, Needs, Terms, key
from mailaccess.imap.registry import feature
from mailaccess.imap.rows import Rows
from mailaccess.imap.view import Ranges
from mailaccess.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN

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
