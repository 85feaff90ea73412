"""From disk to index: what other programs did to a mailbox's files.

A scan runs outside the write lock; each difference it shows is looked at again inside. That a file is new or renamed
is seen by asking for it; that one is gone is believed only where a scan that nothing disturbed does not show it.
"""

import os
import stat
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from enum import Enum
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mailaccess.storage.box import Box
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.errors import DiskFull
from mailaccess.storage.first_opening import FirstOpening
from mailaccess.storage.first_scan import enter, keeping_garbage
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.rows import MailboxRow, Message, file_stamp, same_content
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.maildir import Maildir, Scan
from mailaccess.storage.names import Entry, delivery_order
from mailaccess.storage.survey import BOTH, Glance, Survey, compare, compare_heard, doubtful, due
from mailaccess.storage.takeover import read_keywords_anew, read_list_anew
from mailaccess.storage.uidlist import Record, UidList, stamp_of
from mailaccess.storage.uidvalidity import next_uidvalidity

_ROUNDS = 4
"""Comparisons after which a mailbox that never rests is left as it is known."""

_SEVERAL = 4
"""Mailboxes that are entered together, if they are not fewer ..."""
_AT_ONCE = 20
"""... so many of them in one transaction ..."""
_FEW = 500
"""... if they have no more messages than that each."""


class _Outcome(Enum):
    """What the index is like after a difference was taken in."""

    REFLECTED = "as the directories were"
    BEHIND = "something happened meanwhile"
    DOUBLED = "there are two files of one base"
    UNHEARD = "directories differ of which nothing was heard"


class _File(NamedTuple):
    """A file that is to become a message."""

    entry: Entry
    stamp: FileStamp
    saved: int


def sync(box: Box, *, thorough: bool = False) -> None:
    """Takes in what changed on disk. NoSuchMailbox. `thorough`: compares even where nothing seems to have happened."""
    with box.heard.syncing:
        thorough |= box.heard.is_due
        if thorough or not _sync_heard(box):
            row = box.look()
            if row.stamp is None and FirstOpening(box).enter():
                row = box.look()
            with keeping_garbage() if row.stamp is None else nullcontext():
                _sync_all(box, row, thorough=thorough)


def sync_with_room(box: Box) -> None:
    """As `sync`, but where a full disk leaves no room to note what changed, it waits: what is known can be read."""
    try:
        sync(box)
    except DiskFull:
        if box.look().stamp is None:
            raise


def first_looks(root: Path, index: Index, directories: Collection[str]) -> bool:
    """Enters mailboxes that nobody has ever looked into, several in one transaction, since it is waiting for the disk
    that takes the time; large ones, and those where something is going on, are left to `sync`. False: they are few.
    """
    if len(directories) < _SEVERAL:
        return False
    unknown = set(directories) - index.read(reading.stamps).keys()
    if len(unknown) < _SEVERAL:
        return False
    scans = {directory: Maildir(root / directory).settled_scan(1) for directory in sorted(unknown)}
    chosen = [(each, scan) for each, scan in scans.items() if _is_simple(scan)]
    for start in range(0, len(chosen), _AT_ONCE):
        piece = dict(chosen[start : start + _AT_ONCE])
        index.write(partial(_look_first, root=root, index=index, scans=piece))
    return True


def _is_simple(scan: Scan) -> bool:
    return scan.settled and not scan.duplicates and len(scan.entries) <= _FEW


def _look_first(transaction: Transaction, root: Path, index: Index, scans: Mapping[str, Scan]) -> None:
    highest = transaction.highest_uidvalidity()
    last = next_uidvalidity(root, transaction.now_us // 10**6, highest, number=len(scans))
    for validity, (directory, scan) in enumerate(scans.items(), last - len(scans) + 1):
        box = Box(root, index, directory, within=transaction, uidvalidity=validity)
        row = box.row(transaction)
        if row.stamp is None:
            survey = Survey(row.version, scan.stamp, dict.fromkeys(BOTH, True), list(scan.entries.values()), [], False)
            _apply(transaction, box, survey, last=False)


def _sync_heard(box: Box) -> bool:
    """Takes in what was heard. False: there may be more than that."""
    for number in range(1, _ROUNDS + 1):
        row = box.look()
        glance = Glance(time.time_ns(), box.maildir.stamp())
        said = box.heard.take()
        if said is None:
            return False
        outcome = _Outcome.BEHIND
        try:
            survey = compare_heard(box, row, glance, said)
            outcome = _Outcome.UNHEARD if survey is None else _take_in_survey(box, row, survey, last=number == _ROUNDS)
        finally:
            if outcome is not _Outcome.REFLECTED:
                box.heard.put_back(said)
        if outcome is _Outcome.REFLECTED:
            return True
        if outcome is not _Outcome.BEHIND:
            box.heard.lose()
            return False
    return True


def settle(box: Box) -> None:
    """Has the index know that it reflects the directories, where all that happened there was heard: whoever opens the
    mailbox without having listened need not read them. Waits up to a tick of the clock behind their times."""
    with box.heard.syncing:
        row = box.look()
        if box.heard.covers and not (row.new_settled and row.cur_settled):
            box.maildir.await_tick()
            _sync_heard(box)


def _sync_all(box: Box, row: MailboxRow, *, thorough: bool) -> None:
    """Compares the directories with the index, whose row has just been looked at."""
    losses = box.heard.losses()
    # Our own processes change files under the write lock: what differs only until they commit is no reason for a scan.
    if not thorough and not (
        _differs(box, row) and box.index.write(lambda transaction: _differs(box, box.row(transaction)), durable=False)
    ):
        if losses is not None and not doubtful(row, box.maildir.stamp()):
            box.heard.cover(losses)
        return
    outcome = None
    for number in range(1, _ROUNDS + 1):
        row = box.look()
        glance = Glance(time.time_ns(), box.maildir.stamp())
        places = BOTH if thorough else due(box, row, glance.stamp)
        if not places and not lists_changed(box, row):
            return
        survey = compare(box, row, glance, places, doubled=outcome is _Outcome.DOUBLED)
        outcome = _take_in_survey(box, row, survey, last=number == _ROUNDS)
        if outcome is _Outcome.REFLECTED:
            if thorough or places == doubtful(row, glance.stamp):
                box.heard.cover(losses)
            return


def _take_in_survey(box: Box, row: MailboxRow, survey: Survey, *, last: bool) -> _Outcome:
    """What the index is like after the survey was taken into it. `last`: there will be no other."""
    differs = bool(survey.found or survey.missing or survey.doubled or lists_changed(box, row))
    settled = {"new": row.new_settled, "cur": row.cur_settled}
    if not differs and survey.stamp == row.stamp and survey.settled == settled:
        return _Outcome.REFLECTED
    return box.index.write(partial(_apply, box=box, survey=survey, last=last), durable=differs)


def recheck(box: Box, uids: Sequence[int]) -> None:
    """Makes new messages of those whose file was found to be another one than it was."""

    def work(transaction: Transaction) -> None:
        row = box.row(transaction)
        _, fresh = _take_in(transaction, box, row, [each.entry for each in transaction.messages(row, uids)])
        _add(transaction, box, row, fresh, None)

    box.index.write(work)


def _differs(box: Box, row: MailboxRow) -> bool:
    """The disk is not as the index has it, as far as stamps tell, or it is time to verify that it is."""
    return bool(due(box, row, box.maildir.stamp())) or lists_changed(box, row)


def lists_changed(box: Box, row: MailboxRow) -> bool:
    """Another program wrote the uidlist or the keywords."""
    return row.uidlist is None or row.uidlist != stamp_of(box.directory) or row.keywords_stamp != box.keywords_stamp()


def _apply(transaction: Transaction, box: Box, survey: Survey, *, last: bool) -> _Outcome:
    """Inside the lock: takes in what is still so."""
    row = box.row(transaction)
    compared = row.version == survey.version
    uidlist = read_list_anew(box, row)
    rewrite = row.uidlist is None
    read_keywords_anew(transaction, box, row)
    found, complete = survey.found, True
    if survey.missing or survey.doubled:
        scan = _proof(box, survey, last=last)
        renamed, complete = _remove_missing(transaction, box, row, survey.missing, scan)
        found = found + renamed
        if scan.settled:
            complete &= not _separate(transaction, box, row, scan)
    taken, records = _Outcome.REFLECTED, None
    if row.stamp is None and not row.messages:
        records, all_there = enter(transaction, box, row, found, uidlist)
        complete &= all_there
    else:
        taken, fresh = _take_in(transaction, box, row, found)
        complete &= taken is _Outcome.REFLECTED
        _add(transaction, box, row, fresh, uidlist)
    if row.stamp is None:
        row.floor = row.next_modseq(transaction.now_us)  # what was expunged before is not known
    if rewrite:
        row.reserved = max(row.reserved, row.uidnext)
        box.write_list(transaction, row, records)
    if compared and complete and box.maildir.stamp() == survey.stamp:
        row.stamp, row.new_settled, row.cur_settled = survey.stamp, survey.settled["new"], survey.settled["cur"]
        return _Outcome.REFLECTED
    if row.stamp is None:
        row.stamp = survey.stamp._replace(new_ctime=0, cur_ctime=0)  # seen, but no stamp to be trusted
    return _Outcome.DOUBLED if taken is _Outcome.DOUBLED else _Outcome.BEHIND


def _proof(box: Box, survey: Survey, *, last: bool) -> Scan:
    """The survey's scan, if nothing has happened since; else, in the end, one inside the lock."""
    scan = survey.scan
    if scan is not None and scan.settled and box.maildir.stamp() == scan.stamp:
        return scan
    if scan is not None and not last:
        return scan._replace(settled=False)
    return box.maildir.settled_scan(2)


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


def _take_in(
    transaction: Transaction, box: Box, row: MailboxRow, found: Sequence[Entry]
) -> tuple[_Outcome, list[_File]]:
    """Follows renames. Returns also the files that are new messages."""
    outcome = _Outcome.REFLECTED
    fresh: list[_File] = []
    replaced: list[Message] = []
    modseq, now = 0, transaction.now_us // 10**6
    for entry in found:
        try:
            status = os.lstat(box.maildir.file(entry))
        except FileNotFoundError:
            outcome = _Outcome.BEHIND
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        stamp = file_stamp(status)
        message = transaction.message_of_base(row, entry.base) if row.messages else None
        if message is not None and message.entry != entry and os.path.lexists(box.maildir.file(message.entry)):
            outcome = _Outcome.DOUBLED
        elif message is None or not same_content(message.stamp, stamp):
            replaced += [message] if message is not None else []
            fresh.append(_File(entry, stamp, min(int(status.st_ctime), now)))
        elif message.entry != entry:
            if set(message.entry.letters) != set(entry.letters):
                modseq = modseq or row.next_modseq(transaction.now_us)
                message_now = message._replace(entry=entry, modseq=modseq)
            else:
                message_now = message._replace(entry=entry)
            transaction.change(row, message, message_now)
    transaction.remove(row, sorted(replaced))
    return outcome, fresh


def _add(transaction: Transaction, box: Box, row: MailboxRow, fresh: Sequence[_File], uidlist: UidList | None) -> None:
    """Enters new messages: those that the uidlist names under their UIDs there, the others in order of delivery."""
    listed = {record.base: record for record in uidlist.records} if uidlist is not None else {}
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
                extra=(),
                modseq=modseq,
                size=None,
                ending=None,
                stamp=file.stamp,
                saved=file.saved,
                keys=record.keys,
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
