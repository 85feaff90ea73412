"""What an account needs from time to time, and the comparison of index and disk for `mailaccess check`."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from mailaccess.storage.box import Box
from mailaccess.storage.folders import Folders
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.rows import Message, file_stamp, same_content
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.keywords import read_extra, write_extra
from mailaccess.storage.maildir import Maildir
from mailaccess.storage.sync import recheck, sync

QUIET = 60.0
"""Seconds without coming and going after which a mailbox's uidlist is brought up to date."""

REMEMBERED = 30 * 86400.0
"""Seconds for which it is known which messages were expunged when, and of a directory that was there."""

MOST_GONE = 100_000
"""Ranges of expunged UIDs that are remembered for a mailbox at most."""


UNTOLD = 600.0
"""Seconds for which the facts of an expunged message are kept, for sessions that may not be told of the expunge yet."""

_FACTS_AT_ONCE = 500


def maintain(root: Path, index: Index, folders: Folders, now: float) -> None:
    """All that is due."""
    folders.purge()
    for path in folders.mailboxes().values():
        Maildir(path).clean_tmp(now)
    write_lists(root, index, folders, changed_before=now - QUIET)
    drop_left_facts(index, int((now - UNTOLD) * 10**6))
    index.write(partial(_forget, root=root, old=int((now - REMEMBERED) * 10**6)), durable=False)


def drop_left_facts(index: Index, before: int) -> None:
    """Forgets the facts of messages expunged below a mod-sequence."""
    left = index.read_apart(partial(reading.left_facts, modseq=before))
    for start in range(0, len(left), _FACTS_AT_ONCE):
        index.write(partial(Transaction.drop_facts, numbers=left[start : start + _FACTS_AT_ONCE]), durable=False)


def write_lists(root: Path, index: Index, folders: Folders, changed_before: float | None = None) -> None:
    """Brings uidlists up to date, of mailboxes in which nothing came or went since `changed_before`."""
    if not root.is_dir():
        return  # the account was removed; to ask the index would make it again
    there = {"" if path == root else path.name for path in folders.mailboxes().values()}
    for row in index.read_apart(reading.mailboxes):
        quiet = changed_before is None or row.changed < changed_before * 10**6
        if quiet and row.directory in there and (row.listed < row.uidnext - 1 or row.lines > row.messages):
            index.write(partial(_write_list, box=Box(root, index, row.directory)), durable=False)


def check(root: Path, index: Index, folders: Folders) -> list[str]:
    """Compares all mailboxes with their files, looking at every one; what was mended, in lines for people."""
    lines = [] if index.is_sound() else ["the index was corrupt: it is set aside and made anew"]
    for name, path in folders.mailboxes().items():
        box = Box(root, index, "" if path == root else path.name)
        lines += [f"{name}: {line}" for line in _check_mailbox(box)]
    return lines


def _write_list(transaction: Transaction, box: Box) -> None:
    row = box.row(transaction)
    box.update_list(transaction, row)
    extra = transaction.extra_keywords(row)
    if extra != read_extra(box.directory):
        write_extra(box.directory, extra)


def _forget(transaction: Transaction, root: Path, old: int) -> None:
    """Forgets old expunges, and mailboxes whose directory has been missing for as long."""
    for seen in transaction.mailboxes():
        if seen.changed < old and (seen.directory is None or not (root / seen.directory).is_dir()):
            transaction.forget_mailbox(seen.id)
            continue
        floor = transaction.forget_expunges(seen.id, old, MOST_GONE)
        if floor:
            row = transaction.mailbox(seen.id)
            row.floor = max(row.floor, floor)


def _check_mailbox(box: Box) -> list[str]:
    sync(box)
    before = _messages(box)
    rewritten = [message.uid for message in before.values() if not _is_as_known(box, message)]
    if rewritten:
        recheck(box, rewritten)
    sync(box, thorough=True)
    after = _messages(box)
    both = before.keys() & after.keys()
    found = {
        "of unknown files entered": len(after.keys() - before.keys()),
        "whose files are gone, or have other content, removed": len(before.keys() - after.keys()),
        "whose files have other names, followed": sum(before[uid].entry != after[uid].entry for uid in both),
    }
    lines = [f"{count} messages {what}" for what, count in found.items() if count]
    if box.index.write(partial(_recount, box=box), durable=False):
        lines.append("the sums were wrong, and are counted anew")
    return lines


def _messages(box: Box) -> dict[int, Message]:
    return {message.uid: message for message in box.index.read_apart(lambda asked: reading.messages(asked, box.id))}


def _is_as_known(box: Box, message: Message) -> bool:
    try:
        status = os.lstat(box.maildir.file(message.entry))
    except FileNotFoundError:
        return True  # the scan is to tell
    return same_content(message.stamp, file_stamp(status))


def _recount(transaction: Transaction, box: Box) -> bool:
    row = box.row(transaction)
    counted = replace(row, messages=0, unseen=0, deleted=0, unsized=0, size=0, stored=0, stored_deleted=0)
    counted.count(transaction.messages_from(row))
    wrong = counted != row
    row.messages, row.unseen, row.deleted = counted.messages, counted.unseen, counted.deleted
    row.unsized, row.size = counted.unsized, counted.size
    row.stored, row.stored_deleted = counted.stored, counted.stored_deleted
    return wrong
