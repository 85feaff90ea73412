"""The first scan of a mailbox: perhaps a million files at once, so of each no more is made than its row.

What `sync` does with single files is done here in the same order: each is looked at, those that the uidlist names get
the UIDs they have there and the others the next ones, and all are entered.
"""

import gc
import os
import stat
from array import array
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from mailaccess.storage import pieces
from mailaccess.storage.box import Box
from mailaccess.storage.delivery import in_order
from mailaccess.storage.index.rows import MailboxRow, NewFile
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.names import Entry, Where
from mailaccess.storage.takeover import keywords_without_letter
from mailaccess.storage.uidlist import Line, UidList, read_courier_uidls


class Numbering(NamedTuple):
    """Which files get which UIDs: columns of equal length, in ascending order of UID."""

    uids: "array[int]"
    bases: list[str]
    infos: list[str]  # one object for all files of the same
    places: list[Where]
    keys: dict[int, tuple[str, ...]]  # of the uidlist's lines, by UID, where there are any
    next_uid: int  # that was the next one when the first of those got theirs that are not in the list
    first_recent: int  # what is listed below, and was moved to cur/, was \\Recent to somebody before

    @property
    def end(self) -> int:
        """The next UID from now on."""
        return max(self.next_uid, self.uids[-1] + 1) if self.uids else self.next_uid

    def lines(self) -> Iterator[Line]:
        """Those of the uidlist."""
        keys = self.keys
        return ((uid, base, keys.get(uid, ())) for uid, base in zip(self.uids, self.bases, strict=True))

    def files(self) -> Iterator[tuple[str, str, Where]]:
        """What an `Entry` is, of each."""
        return zip(self.bases, self.infos, self.places, strict=True)


def enter(
    transaction: Transaction, box: Box, row: MailboxRow, found: Iterable[Entry], uidlist: UidList | None
) -> tuple[Iterator[Line] | None, bool]:
    """Makes messages of all these files. The lines of the uidlist, if it is to be written anew; and whether none was
    gone meanwhile."""
    seen = list(look_at(box, found, transaction.now_us // 10**6))
    files = {file.base: file for file in seen if file is not None}
    anew = row.uidlist is None
    extra = keywords_without_letter(box, uidlist)
    names = [file.base + file.info for file in files.values()]
    new = {file.base + file.info for file in files.values() if file.where == "new"}
    numbering = number(box, row, names, new, uidlist)
    if names:
        box.reserve(transaction, row, numbering.end, rewritten=anew)
        keys = numbering.keys
        numbered = zip(numbering.uids, numbering.bases, strict=True)
        transaction.enter(row, [(uid, keys.get(uid, ()), files[base]) for uid, base in numbered], extra)
    row.uidnext = max(row.uidnext, numbering.next_uid)
    row.first_recent = numbering.first_recent
    return numbering.lines() if anew else None, len(files) == len(seen)


def number(box: Box, row: MailboxRow, names: Sequence[str], new: Set[str], uidlist: UidList | None) -> Numbering:
    """Gives all these files their UIDs. `new`: those that are in new/."""
    next_uid = max(row.uidnext, uidlist.next_uid if uidlist is not None else 1)
    records = uidlist.records if uidlist is not None else ()
    listed = {record.base: record for record in records if record.uid >= row.uidnext}
    known: list[tuple[int, str]] = []
    fresh = names
    keys: dict[int, tuple[str, ...]] = {}
    first_recent = 1
    if listed:
        fresh = []
        for name in names:
            record = listed.get(name.partition(":")[0])
            if record is None:
                fresh.append(name)
                continue
            known.append((record.uid, name))
            if record.keys:
                keys[record.uid] = record.keys
            if record.uid >= first_recent and name not in new:
                first_recent = record.uid + 1
    uids: array[int] = array("I")
    bases: list[str] = []
    infos: list[str] = []
    places: list[Where] = []
    kinds: dict[str, str] = {}
    numbered = (each for piece in pieces.in_order(known, itemgetter(0)) for each in piece)
    for uid, name in chain(numbered, enumerate(in_order(fresh), next_uid)):
        base, colon, rest = name.partition(":")
        info = colon + rest
        uids.append(uid)
        bases.append(base)
        infos.append(kinds.setdefault(info, info))
        places.append("new" if name in new else "cur")
    uidls = read_courier_uidls(box.directory)
    if uidls:
        for uid, base in zip(uids, bases, strict=True):
            if base in uidls:
                keys.setdefault(uid, (f"P{uidls[base]}",))
    return Numbering(uids, bases, infos, places, keys, next_uid, first_recent)


def look_at(box: Box, entries: Iterable[tuple[str, str, Where]], now: int) -> Iterator[NewFile | None]:
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
