"""The first scan of a mailbox: perhaps a million files at once, so of each no more is made than its row.

What `sync` does with single files is done here in the same order: each is looked at, those that the uidlist names get
the UIDs they have there and the others the next ones, and all are entered.
"""

import gc
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Generic, NamedTuple

from mailaccess.storage import pieces
from mailaccess.storage.box import Box
from mailaccess.storage.delivery import T, in_order
from mailaccess.storage.index.rows import MailboxRow, NewFile
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.names import Entry
from mailaccess.storage.takeover import keywords_without_letter
from mailaccess.storage.uidlist import Record, UidList, read_courier_uidls


class Numbering(NamedTuple, Generic[T]):
    """Which files get which UIDs."""

    files: list[tuple[int, tuple[str, ...], T]]  # UID, keys of the uidlist's line, file; ascending
    next_uid: int  # that was the next one when the first of those got theirs that are not in the list
    first_recent: int  # what is listed below, and was moved to cur/, was \\Recent to somebody before

    @property
    def end(self) -> int:
        """The next UID from now on."""
        return max(self.next_uid, self.files[-1][0] + 1) if self.files else self.next_uid

    def records(self) -> Iterator[Record]:
        """The lines of the uidlist."""
        return (Record(uid, file.base, keys) for uid, keys, file in self.files)


def enter(
    transaction: Transaction, box: Box, row: MailboxRow, found: Iterable[Entry], uidlist: UidList | None
) -> tuple[Iterator[Record] | None, bool]:
    """Makes messages of all these files. The lines of the uidlist, if it is to be written anew; and whether none was
    gone meanwhile."""
    seen = list(look_at(box, found, transaction.now_us // 10**6))
    files = [file for file in seen if file is not None]
    anew = row.uidlist is None
    extra = keywords_without_letter(box, uidlist)
    numbering = number(box, row, files, uidlist)
    if numbering.files:
        box.reserve(transaction, row, numbering.end, rewritten=anew)
        transaction.enter(row, numbering.files, extra)
    row.uidnext = max(row.uidnext, numbering.next_uid)
    row.first_recent = numbering.first_recent
    return numbering.records() if anew else None, len(files) == len(seen)


def number(box: Box, row: MailboxRow, files: Iterable[T], uidlist: UidList | None) -> Numbering[T]:
    """Gives all these files, each of a base of its own, their UIDs."""
    next_uid = max(row.uidnext, uidlist.next_uid if uidlist is not None else 1)
    records = uidlist.records if uidlist is not None else ()
    listed = {record.base: record for record in records if record.uid >= row.uidnext}
    known: list[tuple[int, tuple[str, ...], T]] = []
    fresh: Iterable[T] = files
    if listed:
        known = [(listed[file.base].uid, listed[file.base].keys, file) for file in files if file.base in listed]
        fresh = [file for file in files if file.base not in listed]
    first_recent = max((uid for uid, _, file in known if file.where == "cur"), default=0) + 1
    numbered = [each for piece in pieces.in_order(known, itemgetter(0)) for each in piece]
    numbered += ((uid, (), file) for uid, file in enumerate(in_order(fresh), next_uid))
    uidls = read_courier_uidls(box.directory)
    if uidls:
        numbered = [(uid, keys or _uidl_key(uidls.get(file.base)), file) for uid, keys, file in numbered]
    return Numbering(numbered, next_uid, first_recent)


def look_at(box: Box, entries: Iterable[Entry], now: int) -> Iterator[NewFile | None]:
    """These files, one after the other; None where there is none. `now`: seconds since the epoch."""
    places = {where: os.open(box.directory / where, os.O_RDONLY | os.O_DIRECTORY) for where in ("new", "cur")}
    try:
        for base, info, where in entries:
            try:
                status = os.stat(base + info, dir_fd=places[where], follow_symlinks=False)
            except FileNotFoundError:
                yield None
                continue
            saved = min(status.st_ctime_ns // 10**9, now)
            file = NewFile(base, info, where, status.st_size, status.st_mtime_ns, status.st_ino, saved)
            yield file if stat.S_ISREG(status.st_mode) else None
    finally:
        for descriptor in places.values():
            os.close(descriptor)


@contextmanager
def keeping_garbage() -> Iterator[None]:
    """Around the first scan: a quarter of it would be a search for cycles among a million objects that have none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _uidl_key(uidl: str | None) -> tuple[str, ...]:
    return (f"P{uidl}",) if uidl else ()
