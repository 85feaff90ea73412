"""Orders and threads worked out before, for when the same is asked again, perhaps of a few messages more or less.

Neither what a message says nor when it came ever changes, so the same messages sort and thread alike for good; webmail
asks for all of a mailbox in order with every page it shows.
"""

import weakref
from array import array
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mailaccess.imap.rows import Rows
from mailaccess.imap.view import missing
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import compute_steps

_FEW = 64  # so small a part of the messages may be others: to put many where they belong takes as long as sorting


class Key(NamedTuple):
    """What was asked. Which messages that was about stands with the answer: they are not always the same."""

    mailbox: weakref.ref[Mailbox]
    question: Hashable
    program: bytes


@dataclass(frozen=True, slots=True)
class Order:
    """Messages in order."""

    uids: "array[int]"  # ascending
    places: "array[int]"  # where in `uids` those in order are

    @property
    def octets(self) -> int:
        return 8 * len(self.uids)


class Difference(NamedTuple):
    """How other messages differ from those that were put in order."""

    stayed: list[int]  # places among the others of those that are in both, in order
    came: list[int]  # places among the others of those that were not there before, ascending


def key_of(rows: Rows, question: Hashable, program: bytes) -> Key:
    """Under which the answer to a question about what a program (as written) finds is kept, for all sessions."""
    return Key(weakref.ref(rows.view.mailbox), question, program)


async def uids_of(rows: Rows, matches: Sequence[int]) -> "array[int]":
    """The UIDs of rows (ascending)."""
    if not matches or matches[-1] == len(matches) - 1:  # simply the first so many
        return array("I", rows.uids[: len(matches)])
    return await compute_steps(len(matches), lambda: array("I", map(rows.uids.__getitem__, matches)))


def difference(order: Order, uids: "array[int]") -> Difference | None:
    """How these messages differ from those in order; None where that is too much."""
    gone, came = missing(order.uids, uids), missing(uids, order.uids)
    if (len(gone) + len(came)) * _FEW > len(uids):
        return None
    if not gone and (not came or came[0] == len(order.uids)):
        return Difference(order.places.tolist(), came)
    absent, fresh = set(gone), set(came)
    new = (place for place in range(len(uids)) if place not in fresh)
    now = [-1 if old in absent else next(new) for old in range(len(order.uids))]
    return Difference([now[old] for old in order.places if now[old] >= 0], came)
