"""From disk to index: what other programs did to a mailbox's files.

A scan runs outside the write lock; each difference it shows is looked at again inside. That a file is new or renamed
is seen by asking for it; that one is gone is believed only where a scan that nothing disturbed does not show it.
"""

import os
import stat
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from mailaccess.storage.box import Box
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import MailboxRow, Message, file_stamp, same_content
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.keywords import read_extra
from mailaccess.storage.maildir import Scan, Stamp
from mailaccess.storage.names import Entry, delivery_order
from mailaccess.storage.takeover import read_keywords_anew, read_list_anew
from mailaccess.storage.uidlist import Record, UidList, read_courier_uidls, stamp_of

_ROUNDS = 4
"""Scans after which a mailbox that never rests is left as it is known."""

_SOON = 0.05  # seconds after which an unsettled stamp is verified, at the soonest
_SHARE = 100  # verifying takes at most this part of the time


class _Survey(NamedTuple):
    """What a scan showed that the index does not know."""

    scan: Scan
    version: int  # of the row it was compared with
    found: list[Entry]  # files whose name is unknown
    missing: list[Entry]  # messages none of whose names was seen


class _File(NamedTuple):
    """A file that is to become a message."""

    entry: Entry
    stamp: FileStamp
    saved: int


def sync(box: Box, *, thorough: bool = False) -> None:
    """Takes in what changed on disk. NoSuchMailbox. `thorough`: scans even where nothing seems to have happened."""
    for _ in range(_ROUNDS):
        row = box.look()
        if not (thorough or is_due(box, row, box.maildir.stamp()) or _lists_changed(box, row)):
            return
        survey = _compare(box, row)
        announces = bool(survey.found) or _lists_changed(box, row)
        if box.index.write(partial(_apply, box=box, survey=survey), durable=announces):
            return


def recheck(box: Box, uids: Sequence[int]) -> None:
    """Makes new messages of those whose file was found to be another one than it was."""

    def work(transaction: Transaction) -> None:
        row = box.row(transaction)
        _, fresh = _take_in(transaction, box, row, [each.entry for each in transaction.messages(row, uids)])
        _add(transaction, box, row, fresh, None)

    box.index.write(work)


def is_due(box: Box, row: MailboxRow, stamp: Stamp) -> bool:
    """The directories differ from what the index reflects, or it is time to verify that they do not."""
    if stamp != row.stamp:
        return True
    if row.settled:
        return False
    age = time.time() - max(stamp.new_ctime, stamp.cur_ctime) / 10**9
    return abs(age) > max(_SOON, _SHARE * box.scan_seconds)


def _lists_changed(box: Box, row: MailboxRow) -> bool:
    """Another program wrote the uidlist or the keywords."""
    return row.uidlist is None or row.uidlist != stamp_of(box.directory) or row.keywords_stamp != box.keywords_stamp()


def _compare(box: Box, row: MailboxRow) -> _Survey:
    begun = time.monotonic()
    # At first sight a file that a scan missed would lose the UID the uidlist has for it: look as often as it takes.
    scan = box.maildir.scan() if row.stamp is not None else box.maildir.settled_scan()
    known = box.index.read_apart(lambda connection: reading.entries(connection, box.id))
    found, missing = _differences(scan, known)
    box.scan_seconds = time.monotonic() - begun
    if missing:
        # Perhaps they were only being renamed; and the clock behind file times has to move on before one can tell.
        scan = box.maildir.settled_scan(2)
        found, missing = _differences(scan, known)
    return _Survey(scan, row.version, found, missing)


def _differences(scan: Scan, known: set[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Files whose name is unknown, and messages none of whose names was seen."""
    shown = set(scan.entries.values())
    for other in scan.duplicates:
        if other in known:  # of several names for one base, the known one is the message's
            shown.discard(scan.entries[other.base])
            shown.add(other)
    return list(shown - known), [Entry(*entry) for entry in known - shown if entry[0] not in scan.entries]


def _apply(transaction: Transaction, box: Box, survey: _Survey) -> bool:
    """Inside the lock: takes in what is still so. True if the index then reflects the directories."""
    row = box.row(transaction)
    compared = row.version == survey.version
    uidlist = read_list_anew(box, row)
    rewrite = row.uidlist is None
    read_keywords_anew(transaction, box, row)
    found, settled = survey.found, survey.scan.settled and not survey.scan.duplicates
    complete = True
    if survey.missing or survey.scan.duplicates:
        scan = box.maildir.settled_scan(2)
        renamed, complete = _remove_missing(transaction, box, row, survey.missing, scan)
        found = found + renamed
        if scan.settled:
            complete &= not _separate(transaction, box, row, scan)
    taken, fresh = _take_in(transaction, box, row, found)
    _add(transaction, box, row, fresh, uidlist)
    if row.stamp is None:
        row.floor = row.next_modseq(transaction.now_us)  # what was expunged before is not known
    if rewrite:
        row.reserved = max(row.reserved, row.uidnext)
        box.write_list(transaction, row)
    if compared and complete and taken and box.maildir.stamp() == survey.scan.stamp:
        row.stamp, row.settled = survey.scan.stamp, settled
        return True
    if row.stamp is None:
        row.stamp = survey.scan.stamp._replace(new_ctime=0, cur_ctime=0)  # seen, but no stamp to be trusted
    return False


def _remove_missing(
    transaction: Transaction, box: Box, row: MailboxRow, missing: Sequence[Entry], scan: Scan
) -> tuple[list[Entry], bool]:
    """Removes what is proved to be gone. Returns what the scan did find, and whether nothing is left in doubt."""
    found: list[Entry] = []
    gone: list[Message] = []
    certain = True
    for entry in missing:
        message = transaction.message_of_base(row, entry.base)
        if message is None:
            continue
        if entry.base in scan.entries:
            found.append(scan.entries[entry.base])
        elif scan.settled and not os.path.lexists(box.maildir.file(message.entry)):
            gone.append(message)
        else:
            certain = False
    transaction.remove(row, sorted(gone))
    return found, certain


def _separate(transaction: Transaction, box: Box, row: MailboxRow, scan: Scan) -> bool:
    """Gives a further file of a base a base of its own. True if any was renamed: the next scan shows it."""
    renamed = False
    for other in scan.duplicates:
        shown = scan.entries[other.base]
        message = transaction.message_of_base(row, other.base)
        kept, parted = (other, shown) if message is not None and message.entry == other else (shown, other)
        renamed |= box.maildir.separate(kept, parted) is not None
    return renamed


def _take_in(transaction: Transaction, box: Box, row: MailboxRow, found: Sequence[Entry]) -> tuple[bool, list[_File]]:
    """Follows renames. Returns whether all that was found is accounted for, and the files that are new messages."""
    complete = True
    fresh: list[_File] = []
    replaced: list[Message] = []
    modseq = 0
    for entry in found:
        try:
            status = os.lstat(box.maildir.file(entry))
        except FileNotFoundError:
            complete = False
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        message = transaction.message_of_base(row, entry.base)
        if message is not None and message.entry != entry and os.path.lexists(box.maildir.file(message.entry)):
            complete = False  # two files of one base: the next scan shows them as such
        elif message is None or not same_content(message.stamp, file_stamp(status)):
            replaced += [message] if message is not None else []
            fresh.append(_File(entry, file_stamp(status), min(int(status.st_ctime), int(time.time()))))
        elif message.entry != entry:
            if set(message.entry.letters) != set(entry.letters):
                modseq = modseq or row.next_modseq(transaction.now_us)
                message_now = message._replace(entry=entry, modseq=modseq)
            else:
                message_now = message._replace(entry=entry)
            transaction.change(row, message, message_now)
    transaction.remove(row, sorted(replaced))
    return complete, fresh


def _add(transaction: Transaction, box: Box, row: MailboxRow, fresh: Sequence[_File], uidlist: UidList | None) -> None:
    """Enters new messages: those that the uidlist names under their UIDs there, the others in order of delivery."""
    listed = {record.base: record for record in uidlist.records} if uidlist is not None else {}
    first_sight = row.stamp is None
    extra = read_extra(box.directory) if first_sight else {}
    courier = read_courier_uidls(box.directory) if first_sight else {}
    known: list[tuple[Record, _File]] = []
    unknown: list[_File] = []
    for file in fresh:
        record = listed.get(file.entry.base)
        if record is not None and record.uid >= row.uidnext:
            known.append((record, file))
        else:
            unknown.append(file)
    known.sort(key=lambda pair: pair[0].uid)
    unknown.sort(key=lambda file: delivery_order(file.entry.base))
    next_uid = max(row.uidnext, _next_uid(row, uidlist))
    numbered = known + [(Record(uid, file.entry.base), file) for uid, file in enumerate(unknown, next_uid)]
    if not numbered:
        row.uidnext = next_uid
        return
    box.reserve(transaction, row, max(next_uid, numbered[-1][0].uid + 1))
    modseq = row.next_modseq(transaction.now_us)
    transaction.add(
        row,
        [
            Message(
                uid=record.uid,
                entry=file.entry,
                extra=tuple(sorted(extra.get(file.entry.base, ()))),
                modseq=modseq,
                size=None,
                ending=None,
                stamp=file.stamp,
                saved=file.saved,
                keys=record.keys or _uidl_key(courier.get(file.entry.base)),
            )
            for record, file in numbered
        ],
    )
    row.uidnext = max(row.uidnext, next_uid)


def _next_uid(row: MailboxRow, uidlist: UidList | None) -> int:
    """What the uidlist says UIDs not in it must exceed.

    Its N is ours, a block ahead, unless another program has raised it or the index is being made anew.
    """
    if uidlist is None:
        return 1
    if row.stamp is None or uidlist.next_uid > row.reserved:
        return uidlist.next_uid
    return uidlist.records[-1].uid + 1 if uidlist.records else 1


def _uidl_key(uidl: str | None) -> tuple[str, ...]:
    return (f"P{uidl}",) if uidl else ()
