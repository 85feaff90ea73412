"""The first scan of a mailbox: perhaps a million files at once, so of each no more is made than its row.

What `sync` does with single files is done here in the same order: each is looked at, those that the uidlist names get
the UIDs they have there and the others the next ones, and all are entered.
"""

import os
import stat
from collections.abc import Iterable, Sequence
from heapq import merge
from operator import itemgetter

from mailaccess.storage.box import Box
from mailaccess.storage.index.rows import MailboxRow, NewFile, Numbered
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.names import Entry, delivery_order
from mailaccess.storage.takeover import keywords_without_letter
from mailaccess.storage.uidlist import Record, UidList, read_courier_uidls

_PIECE = 5_000
"""Files sorted in one step, in which no other thread gets on: some milliseconds."""


def enter(
    transaction: Transaction, box: Box, row: MailboxRow, found: Iterable[Entry], uidlist: UidList | None
) -> tuple[list[Record] | None, bool]:
    """Makes messages of all these files. The lines of the uidlist, if it is to be written anew; and whether none was
    gone meanwhile."""
    files, complete = _look(box, found, transaction.now_us // 10**6)
    anew = row.uidlist is None
    next_uid = max(row.uidnext, uidlist.next_uid if uidlist is not None else 1)
    extra = keywords_without_letter(box, uidlist)
    known, numbered = _number(row, files, next_uid, uidlist.records if uidlist is not None else ())
    uidls = read_courier_uidls(box.directory)
    if uidls:
        numbered = [(uid, keys or _uidl_key(uidls.get(file.base)), file) for uid, keys, file in numbered]
    if numbered:
        box.reserve(transaction, row, max(next_uid, numbered[-1][0] + 1), rewritten=anew)
        transaction.enter(row, numbered, extra)
    row.uidnext = max(row.uidnext, next_uid)
    # What is listed, and was moved to cur/, was \Recent to somebody before.
    row.first_recent = max((uid for uid, _, file in numbered[:known] if file.where == "cur"), default=0) + 1
    return [Record(uid, file.base, keys) for uid, keys, file in numbered] if anew else None, complete


def _look(box: Box, found: Iterable[Entry], now: int) -> tuple[list[NewFile], bool]:
    """Those that are regular files; and whether all were there."""
    files: list[NewFile] = []
    complete = True
    places = {where: os.open(box.directory / where, os.O_RDONLY | os.O_DIRECTORY) for where in ("new", "cur")}
    try:
        for base, info, where in found:
            try:
                status = os.stat(base + info, dir_fd=places[where], follow_symlinks=False)
            except FileNotFoundError:
                complete = False
                continue
            if stat.S_ISREG(status.st_mode):
                saved = min(status.st_ctime_ns // 10**9, now)
                files.append(NewFile(base, info, where, status.st_size, status.st_mtime_ns, status.st_ino, saved))
    finally:
        for descriptor in places.values():
            os.close(descriptor)
    return files, complete


def _number(
    row: MailboxRow, files: Sequence[NewFile], next_uid: int, records: Iterable[Record]
) -> tuple[int, list[Numbered]]:
    """All files with their UIDs, ascending; how many of them, at the beginning, are in the list."""
    listed = {record.base: record for record in records if record.uid >= row.uidnext}
    numbered: list[Numbered] = []
    fresh = files
    if listed:
        known = [(listed[file.base], file) for file in files if file.base in listed]
        numbered = sorted((record.uid, record.keys, file) for record, file in known)
        fresh = [file for file in files if file.base not in listed]
    pieces = (_in_order(fresh[start : start + _PIECE]) for start in range(0, len(fresh), _PIECE))
    ordered = merge(*pieces, key=_delivered)
    return len(numbered), numbered + [(uid, (), file) for uid, file in enumerate(ordered, next_uid)]


def _in_order(files: Sequence[NewFile]) -> list[NewFile]:
    """By name first, which is quick, and from where it is not far."""
    return sorted(sorted(files, key=itemgetter(0)), key=_delivered)


def _delivered(file: NewFile) -> tuple[int, int, str]:
    return delivery_order(file.base)


def _uidl_key(uidl: str | None) -> tuple[str, ...]:
    return (f"P{uidl}",) if uidl else ()
