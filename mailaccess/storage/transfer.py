"""COPY and MOVE between two mailboxes, of one account or, by `crossing`, of two.

A copy is a hard link under a new base name, a move a rename to one: a base that comes back to a mailbox would be taken
for the message it once was there.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from mailaccess.mail.flags import Flags
from mailaccess.storage import crossing
from mailaccess.storage.box import Box
from mailaccess.storage.disk import rename_noreplace
from mailaccess.storage.expunging import expunge
from mailaccess.storage.flagging import letters_for, save_extra, slices
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.rows import MailboxRow, Message, keywords_of
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.keywords import Keywords
from mailaccess.storage.locating import Locator
from mailaccess.storage.names import Entry, info_of
from mailaccess.storage.sync import sync

Pairs = list[tuple[int, int]]
"""(UID in the source, UID in the target), ascending."""


GivenFlags = Mapping[int, Flags] | None
"""By UID in the source, the flags to give instead of those in its index."""

_Work = Callable[[Transaction, Sequence[int]], Pairs]


def copy(box: Box, uids: Sequence[int], target: Box, flags: GivenFlags = None) -> Pairs:
    """Copies all of the messages, or none (RFC 3501 6.4.7); those that are gone are passed over.

    What takes several transactions is noted with the first, so that a crash between two of them can be made good.
    """
    pieces = list(slices(uids))
    done: Pairs = []
    intent: int | None = None
    transfer: _Work = partial(_transfer, box=box, target=target, flags=flags, moving=False)
    if box.index is not target.index:
        transfer = partial(crossing.bring, box=box, target=target, flags=flags)
    with target.index.at_work():
        try:
            for piece in pieces:
                last = piece is pieces[-1]
                work = partial(_copy, transfer=transfer, uids=piece, target=target, done=done, intent=intent, last=last)
                pairs, intent = target.index.write(work)
                done += pairs
        except BaseException:
            if intent is not None:
                _take_back(target, intent, [new for _, new in done])
            raise
    return done


def take_back_unfinished(root: Path, index: Index) -> None:
    """Removes what a COPY or APPEND that a crash interrupted had made, unless there may be one that goes on."""
    unfinished = index.read(lambda asked: reading.intents(asked, "copy") | reading.intents(asked, "append"))
    if not unfinished:
        return
    with index.nobody_at_work() as certain:
        for number, work in unfinished.items() if certain else ():
            row = index.read(partial(reading.mailbox_of_guid, guid=work["guid"]))
            if row is not None and row.directory is not None:
                box = Box(root, index, row.directory)
                _take_back(box, number, work["uids"] if work["kind"] == "copy" else _adopted(box, work["bases"]))


def move(box: Box, uids: Sequence[int], target: Box, flags: GivenFlags = None) -> Pairs:
    """Moves messages; each is at every moment in one of the mailboxes, or in both where they are of two accounts.
    Those that are gone are passed over."""
    done: Pairs = []
    for piece in slices(uids):
        if box.index is target.index:
            work = partial(_transfer, box=box, uids=piece, target=target, flags=flags, moving=True)
            done += target.index.write(work)
        else:
            done += target.index.write(partial(crossing.bring, box=box, uids=piece, target=target, flags=flags))
            expunge(box, piece, only_deleted=False)
    return done


def _copy(
    transaction: Transaction,
    transfer: _Work,
    uids: Sequence[int],
    target: Box,
    done: Pairs,
    intent: int | None,
    last: bool,
) -> tuple[Pairs, int | None]:
    """One slice; returns also under which number it is noted that there are more to come."""
    pairs = transfer(transaction, uids)
    if last:
        if intent is not None:
            transaction.forget_intent(intent)
        return pairs, None
    work = {"kind": "copy", "guid": target.guid, "uids": [new for _, new in [*done, *pairs]]}
    return pairs, transaction.note_intent(work, intent)


def _adopted(box: Box, bases: Sequence[str]) -> list[int]:
    """The messages that files have become which were placed, but not entered."""
    sync(box)
    return box.index.read(lambda connection: reading.uids_of(connection, box.id, bases))


def _take_back(target: Box, intent: int, uids: Sequence[int]) -> None:
    expunge(target, uids, only_deleted=False)
    target.index.write(lambda transaction: transaction.forget_intent(intent))


def _transfer(
    transaction: Transaction, uids: Sequence[int], box: Box, target: Box, flags: GivenFlags, moving: bool
) -> Pairs:
    row, target_row = box.row(transaction), target.row(transaction)
    messages = transaction.messages(row, uids)
    if not moving:
        target.admit(transaction, sum(message.stamp.size for message in messages), len(messages))
    keywords = keywords_of(row.keywords)
    given = {each.uid: crossing.flags_of(each, keywords, flags) for each in messages}
    wanted = {name for names in set(given.values()) for name in names}
    target_keywords = letters_for(transaction, target, target_row, sorted(wanted))
    marks = cache(partial(_marks, target_keywords))
    now = int(time.time())
    target.reserve(transaction, target_row, target_row.uidnext + len(messages))
    locator = Locator(transaction, box, row)
    made: list[tuple[Message, Message]] = []
    modseq = target_row.next_modseq(transaction.now_us)
    with box.changing(row), target.changing(target_row):
        for known in messages:
            message: Message | None = known
            while message is not None:
                info, extra = marks(crossing.flags_of(message, keywords, flags), message.entry.info)
                try:
                    entry = _place(transaction, box, message, target, info, moving)
                except FileNotFoundError:
                    message = locator.again(message)
                    continue
                new = message._replace(
                    uid=target_row.uidnext + len(made),
                    entry=entry,
                    extra=extra,
                    modseq=modseq,
                    saved=now,
                    keys=(),
                )
                made.append((message, new))
                break
    transaction.sync_before_commit(target.directory / "cur")  # first: it must be there before it may be gone
    for where in {old.entry.where for old, _ in made} if moving else ():
        transaction.sync_before_commit(box.directory / where)
    _enter(transaction, row, target_row, made, moving)
    if not moving:
        target.changed(transaction, sum(new.stamp.size for _, new in made), len(made))
    save_extra(transaction, target, target_row, {new.entry.base: new.extra for _, new in made if new.extra})
    return [(old.uid, new.uid) for old, new in made]


def _marks(keywords: Keywords, names: Flags, info: str) -> tuple[str, tuple[str, ...]]:
    """The info that says these flags, and the keywords that have no letter."""
    return info_of(keywords.letters(names), info), tuple(keywords.without_letter(names))


def _place(transaction: Transaction, box: Box, message: Message, target: Box, info: str, moving: bool) -> Entry:
    """Puts the message's file, or a second link to it, into the target."""
    if moving:
        entry = box.maildir.move(message.entry, target.maildir, info)
        transaction.on_failure(lambda: rename_noreplace(target.maildir.file(entry), box.maildir.file(message.entry)))
    else:
        entry = box.maildir.link_copy(message.entry, target.maildir, info)
        transaction.on_failure(lambda: target.maildir.unlink(entry))
    return entry


def _enter(
    transaction: Transaction, row: MailboxRow, target_row: MailboxRow, made: list[tuple[Message, Message]], moving: bool
) -> None:
    transaction.add(target_row, [new for _, new in made])
    transaction.copy_facts(row, target_row, ((old.uid, new.uid) for old, new in made))
    if moving:
        transaction.remove(row, [old for old, _ in made])
