"""Messages on their way in: APPEND and delivery.

The octets are durable before the write lock is taken, the file's name and the index's row before it is acknowledged.
"""

import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from mailaccess.mail.flags import Flags
from mailaccess.mail.lines import LineEnding
from mailaccess.storage.box import Box
from mailaccess.storage.flagging import letters_for, save_extra
from mailaccess.storage.incoming import Incoming
from mailaccess.storage.index.rows import Message, storable
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.names import Where, info_of

Item = tuple[Incoming, Flags, int | None]
"""A message, its flags, its date in seconds since the epoch (None: now)."""


class Added(NamedTuple):
    """What became of new messages."""

    uids: list[int]
    claimed: bool  # \\Recent, for whoever added them


def append(box: Box, items: Sequence[Item], where: Where, *, claiming: bool = False) -> Added:
    """Adds messages, all or none (RFC 3502). Those without flags go where `where` says.

    `claiming`: \\Recent of the new ones, in the same transaction, if there is nothing else to be claimed.
    Several are noted first, so that those files can be taken back which a crash leaves without the others.
    """
    for incoming, _, date in items:
        incoming.sync(date)
    if len(items) == 1:
        return box.index.write(partial(_add, box=box, items=items, where=where, claiming=claiming))
    with box.index.at_work():
        work = {"kind": "append", "guid": box.guid, "bases": [incoming.base for incoming, _, _ in items]}
        intent = box.index.write(lambda transaction: transaction.note_intent(work))
        try:
            return box.index.write(
                partial(_add_noted, box=box, items=items, where=where, claiming=claiming, intent=intent)
            )
        except BaseException:
            box.index.write(lambda transaction: transaction.forget_intent(intent), durable=False)
            raise


def _add(transaction: Transaction, box: Box, items: Sequence[Item], where: Where, *, claiming: bool) -> Added:
    admit(transaction, box, items)
    row = box.row(transaction)
    claimed = claiming and where == "cur" and row.first_recent == row.uidnext
    uids = add(transaction, box, items, where)
    if claimed:
        row.first_recent = row.uidnext
    return Added(uids, claimed)


def _add_noted(
    transaction: Transaction, box: Box, items: Sequence[Item], where: Where, *, claiming: bool, intent: int
) -> Added:
    added = _add(transaction, box, items, where, claiming=claiming)
    transaction.forget_intent(intent)
    return added


def admit(transaction: Transaction, box: Box, items: Sequence[Item]) -> None:
    """OverQuota where there is no room for the messages."""
    box.admit(transaction, sum(incoming.size for incoming, _, _ in items), len(items))


def add(transaction: Transaction, box: Box, items: Sequence[Item], where: Where) -> list[int]:
    """Adds messages that are synced and admitted, within a transaction; their UIDs."""
    row = box.row(transaction)
    keywords = letters_for(transaction, box, row, [name for _, flags, _ in items for name in sorted(flags)])
    box.reserve(transaction, row, row.uidnext + len(items))
    modseq = row.next_modseq(transaction.now_us)
    messages: list[Message] = []
    with box.changing(row):
        for uid, (incoming, flags, _) in enumerate(items, row.uidnext):
            place: Where = "cur" if flags else where
            info = info_of(keywords.letters(flags)) if place == "cur" else ""  # in new/ names have none
            entry = box.maildir.link_in(incoming, info, where=place)
            transaction.on_failure(partial(box.maildir.unlink, entry))
            messages.append(
                Message(
                    uid=uid,
                    entry=entry,
                    extra=tuple(keywords.without_letter(flags)),
                    modseq=modseq,
                    size=incoming.wire_size,
                    ending=LineEnding.CRLF if incoming.size == incoming.wire_size else LineEnding.MIXED,
                    stamp=storable(incoming.stamp),
                    saved=int(time.time()),
                    keys=(),
                )
            )
    for place in {message.entry.where for message in messages}:
        transaction.sync_before_commit(box.directory / place)
    transaction.add(row, messages)
    box.changed(transaction, sum(incoming.size for incoming, _, _ in items), len(items))
    save_extra(transaction, box, row, {message.entry.base: message.extra for message in messages if message.extra})
    return [message.uid for message in messages]
