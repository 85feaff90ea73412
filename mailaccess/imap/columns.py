"""What searching and sorting read from facts, as columns of values by UID, kept for the next search.

A message never changes, so neither does what it says; a column is good for as long as the mailbox is open. Clients sort
and thread the same mailbox again and again, and each blob of facts not read saves more than a value takes to keep.
"""

import re
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from mailaccess.imap import render
from mailaccess.imap.bounded import ALONE, COLUMNS, Bounded
from mailaccess.imap.facts import Facts
from mailaccess.imap.structure import HEADER_READ
from mailaccess.mail import address, headers, text
from mailaccess.mail.envelope import Envelope, envelope
from mailaccess.storage.errors import ContentChanged, MessageGone, ShortRead
from mailaccess.storage.mailbox import Mailbox

T_co = TypeVar("T_co", covariant=True)

GONE = (MessageGone, ContentChanged, ShortRead)
"""How storage says that a message's file is no more."""

_VALUE = re.compile(rb"[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)")
_SPACES = re.compile(r"[ \t]{2,}|\t")
_PLAIN_NAME = re.compile(rb"[^\x00-\x1f\x7f()<>@,;:\\\".\[\]]*\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """One message, as a column reads it."""

    mailbox: Mailbox
    uid: int
    facts: Facts

    def header(self) -> bytes:
        """The header, from the file if it is too large for the facts. One of GONE."""
        kept = self.facts.header
        if kept is not None:
            return kept
        with self.mailbox.content(self.uid) as content:
            return content.read(0, min(self.facts.header_size, HEADER_READ))


@dataclass(frozen=True, slots=True)
class Column(Generic[T_co]):
    """Something that each message says. Two columns of one name are the same."""

    name: bytes
    read: Callable[[Source], T_co] | None = field(compare=False)
    read_all: Callable[[Mailbox, Sequence[int]], dict[int, Any]] | None = field(default=None, compare=False)
    """Instead of `read`, where many at once are had for little more than one: by UID, those that are there."""


SENT: Column[int | None] = Column(b"sent", lambda source: source.facts.sent)
"""The Date field in seconds since the epoch."""
SENT_DAY: Column[int] = Column(b"sent day", lambda source: source.facts.sent_day)
"""The day of the Date field as it was written, as `date.toordinal` counts; 0 for none."""
BASE_SUBJECT: Column[str] = Column(b"base subject", lambda source: source.facts.base_subject)
IS_REPLY: Column[bool] = Column(b"is reply", lambda source: source.facts.is_reply)
FIRST_FROM: Column[str] = Column(b"first from", lambda source: source.facts.first_from)
FIRST_TO: Column[str] = Column(b"first to", lambda source: source.facts.first_to)
FIRST_CC: Column[str] = Column(b"first cc", lambda source: source.facts.first_cc)
DISPLAY_FROM: Column[str] = Column(b"display from", lambda source: _display(_envelope(source).from_))
"""Under what name the sender is shown, folded (RFC 5957 3)."""
DISPLAY_TO: Column[str] = Column(b"display to", lambda source: _display(_envelope(source).to))
ANCESTRY: Column[tuple[str | None, list[str]]] = Column(
    b"ancestry", lambda source: (source.facts.message_id, source.facts.references)
)
"""Message-ID and references."""
DIGEST: Column[bytes] = Column(b"digest", lambda source: source.facts.digest)
THREAD: Column[int] = Column(b"thread", None, lambda mailbox, uids: mailbox.make_threads(uids))


def fields(name: bytes) -> Column[list[str]]:
    """The values of the header fields of a name (lower case): decoded, folded for comparison, in single spaces."""
    return Column(
        b"fields " + name,
        lambda source: [one_spaced(text.fold(headers.decode(raw))) for raw in raw_fields(source.header(), name)],
    )


def addresses(name: bytes) -> Column[list[str]]:
    """As `fields`, with the addresses in them written in one way: `Name <mailbox@host>, ...`."""
    return Column(
        b"addresses " + name,
        lambda source: [one_spaced(text.fold(_written(raw))) for raw in raw_fields(source.header(), name)],
    )


def one_spaced(value: str) -> str:
    """With single spaces only: how a field was folded must not matter, neither there nor in what is looked for."""
    return _SPACES.sub(" ", value)


def raw_fields(header: bytes, name: bytes) -> list[bytes]:
    """The values as written of the fields of a name (lower case), found without splitting the others."""
    found = []
    lowered = b"\n" + header.lower()
    at = lowered.find(b"\n" + name)
    while at >= 0:
        value = _VALUE.match(header, at + len(name))
        if value:
            found.append(value[1].removesuffix(b"\r"))
        at = lowered.find(b"\n" + name, at + 1)
    return found


def _envelope(source: Source) -> Envelope:
    return envelope(headers.fields(source.header()))


def _display(listed: Sequence[address.Address]) -> str:
    """The DISPLAY sort value of the first address: its name, else what there is of `mailbox@host`."""
    if not listed:
        return ""
    first = listed[0]
    name = text.fold(headers.decode(first.name or b""))
    if name or first.mailbox is None:
        return name
    return text.fold(headers.decode(b"@".join(filter(None, (first.mailbox, first.host)))))


def _written(value: bytes) -> str:
    """Addresses as an envelope has them, whatever way they were written: names first, quoted only if they must be."""
    written: list[bytes] = []
    for found in address.parse_addresses(value):
        if found == address.GROUP_END:
            written.append(b";")
            continue
        if written:
            written.append(b" " if written[-1].endswith(b":") else b", ")
        written.append(b"%s:" % (found.mailbox or b"") if found.host is None else _address(found))
    return headers.decode(b"".join(written))


def _address(found: address.Address) -> bytes:
    route = found.route + b":" if found.route else b""
    place = b"<%s%s@%s>" % (route, found.mailbox or b"", found.host or b"")
    if not found.name:
        return place
    name = found.name if _PLAIN_NAME.match(found.name) else render.quoted(found.name)
    return b"%s %s" % (name, place)


def read(
    mailbox: Mailbox, facts: dict[int, Facts], columns: Sequence[Column[Any]]
) -> list[tuple[Column[Any], dict[int, Any]]]:
    """The values of columns, by UID; of a message whose file is asked for and gone there is none."""
    found: list[tuple[Column[Any], dict[int, Any]]] = [
        (column, column.read_all(mailbox, sorted(facts)) if column.read_all else {}) for column in columns
    ]
    single = [(column.read, values) for column, values in found if column.read is not None]
    for uid, known in facts.items():
        source = Source(mailbox, uid, known)
        for read_one, values in single:
            try:
                values[uid] = read_one(source)
            except GONE:
                continue
    return found


class Keeper:
    """The columns of all mailboxes, least recently used first. For one thread."""

    def __init__(self, limit: int) -> None:
        self._columns: Bounded[tuple[weakref.ref[Mailbox], Column[Any]], dict[int, Any]] = Bounded(limit)

    def get(self, mailbox: Mailbox, column: Column[Any]) -> dict[int, Any]:
        """A column's values so far, by UID. It may be dropped from here while somebody still has it."""
        key = weakref.ref(mailbox), column
        values = self._columns.get(key)
        if values is None:
            values = {}
            self._columns.put(key, values, ALONE + len(column.name))
        return values

    def add(self, mailbox: Mailbox, column: Column[Any], values: dict[int, Any]) -> None:
        """Adds values to a column, and drops what has not been used for longest if that is too much."""
        self.get(mailbox, column).update(values)
        self._columns.grow((weakref.ref(mailbox), column), sum(map(_weight, values.values())))


def _weight(value: object) -> int:
    """About how many octets a value takes, its place in a column included."""
    if isinstance(value, str):
        return 160 + len(value)
    if isinstance(value, list | tuple):
        return 160 + sum(map(_weight, value))
    return 110


KEPT = Keeper(COLUMNS)
