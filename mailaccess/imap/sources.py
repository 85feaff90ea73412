"""Which mailboxes a command is about: `IN (personal subtree "Work" mailboxes ("a" "b"))` (RFC 7377 2.2, RFC 5465 6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.storage.access import Access
from mailaccess.storage.folders import SEPARATOR

MOST_SOURCES = 100
MOST_NAMES = 1_000
"""In each of them."""

_ALONE = frozenset([b"SELECTED", b"INBOXES", b"PERSONAL", b"SUBSCRIBED"])
_WITH_NAMES = frozenset([b"SUBTREE", b"SUBTREE-ONE", b"MAILBOXES"])


@dataclass(frozen=True, slots=True)
class Source:
    """One filter-mailboxes: a word, and the names that belong to it."""

    which: bytes
    names: tuple[str, ...] = ()


SELECTED = Source(b"SELECTED")


def parse_sources(cursor: Cursor) -> list[Source]:
    """ "(" filter-mailboxes *(SP filter-mailboxes) ")"; there are no scope-options so far (RFC 7377 4)."""
    cursor.expect(b"(")
    return [_parse_source(cursor) for _ in cursor.members(MOST_SOURCES, "sets of mailboxes")]


def _parse_source(cursor: Cursor) -> Source:
    """filter-mailboxes, without "selected-delayed" """
    word = cursor.word("which mailboxes to search")
    if word in _ALONE:
        return Source(word)
    if word not in _WITH_NAMES:
        names = ", ".join(sorted(name.decode() for name in _ALONE | _WITH_NAMES))
        raise Bad(f"Expected one of {names}")
    cursor.sp()
    if not cursor.skip(b"("):
        return Source(word, (cursor.mailbox(),))
    return Source(word, tuple([cursor.mailbox() for _ in cursor.members(MOST_NAMES, "mailboxes")]))


def mailboxes(account: Access, sources: Sequence[Source]) -> list[str]:
    """Blocking: the names of all mailboxes that are meant, each once, but the selected one. What the user may not look
    up is there only if it was named. They need not exist."""
    return list(dict.fromkeys(name for source in sources for name in _named(account, source)))


def _named(account: Access, source: Source) -> Iterator[str]:
    """Names are not expanded (RFC 5465 6.6). A tree here has no loops: it is made of the names alone."""
    match source.which:
        case b"MAILBOXES":
            yield from source.names
        case b"SUBSCRIBED":
            yield from account.subscriptions()
        case b"PERSONAL" | b"INBOXES":
            # Mail may be delivered to any: then ""inboxes" [is] equivalent to "personal"" (RFC 5465 6.3)
            yield from (entry.name for entry in account.mailboxes(foreign=False) if entry.selectable)
        case b"SUBTREE" | b"SUBTREE-ONE":
            found = [entry.name for entry in account.mailboxes() if entry.selectable]
            for root in source.names:
                below = root + SEPARATOR
                one = source.which == b"SUBTREE-ONE"
                yield root
                yield from (
                    name for name in found if name.startswith(below) and not (one and SEPARATOR in name[len(below) :])
                )
