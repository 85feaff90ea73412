"""Flags: STORE, the letters and the sidecar that keep keywords, and the claim of \\Recent.

Flags are durable as soon as the rename is, without fsync: as any Maildir program does it.
"""

import contextlib
import errno
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import cache, lru_cache, partial

from mailaccess.mail.flags import Flags
from mailaccess.storage.box import Box
from mailaccess.storage.disk import rename_noreplace
from mailaccess.storage.index.infos import Change, File, encoded
from mailaccess.storage.index.rows import (
    MailboxRow,
    Message,
    keywords_column,
    keywords_of,
    packed,
    packed_words,
    unpacked,
    words,
)
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.keywords import SIDECAR, Keywords, add_extra, check, write_extra, write_keywords
from mailaccess.storage.locating import Locator
from mailaccess.storage.names import Entry, info_of, parse_name
from mailaccess.storage.takeover import read_keywords_anew

SLICE = 250
"""Messages changed in one transaction, so that others wait milliseconds, not seconds."""

_SMALL = 4096  # octets of a sidecar that is written whole each time


_Wanted = Callable[[str | bytes, str | bytes | None], tuple[str | bytes | None, str | bytes | None]]
"""The info and further keywords that a message with these will have; None for the info if that is no change."""


class Action(Enum):
    """What STORE does with the flags it is given."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


def slices(uids: Sequence[int], most: int | None = None) -> Iterable[Sequence[int]]:
    """The UIDs in pieces of what one transaction takes, or of so many."""
    size = most or SLICE
    return (uids[start : start + size] for start in range(0, len(uids), size))


def store(box: Box, uids: Sequence[int], action: Action, flags: Flags, unchanged_since: int | None) -> list[int]:
    """Changes flags. The UIDs refused: those whose mod-sequence is above `unchanged_since`."""
    refused: list[int] = []
    for piece in slices(uids):
        work = partial(store_slice, box=box, uids=piece, action=action, flags=flags, unchanged_since=unchanged_since)
        refused += box.index.write(work, durable=False)
    return refused


def store_slice(
    transaction: Transaction,
    box: Box,
    uids: Sequence[int],
    action: Action,
    flags: Flags,
    unchanged_since: int | None,
    may: Callable[[str], bool] | None = None,
) -> list[int]:
    """The same within one transaction. `may`: the flags that are changed; REPLACE leaves others as they are."""
    row = box.row(transaction)
    keywords = letters_for(transaction, box, row, () if action is Action.REMOVE else flags)
    wish = _wanted if may is None else cache(_wanted.__wrapped__)  # that is one viewer's
    wanted = partial(wish, keywords=keywords, action=action, flags=flags, may=may)
    files = transaction.files(row, uids)
    refused: list[int] = []
    if unchanged_since is not None:
        refused = [file.uid for file in files if file.modseq > unchanged_since]
        files = [file for file in files if file.modseq <= unchanged_since]
    with box.changing(row):
        changes, further = _rename(transaction, box, files, wanted)
        transaction.change_infos(row, changes)
        differing = [each for each in changes if each.extra != each.extra_before]
        rekeyed = {unpacked(file.base): words(each.extra) for each in differing for file in each.files}
        locator = Locator(transaction, box, row)
        for uid in further:
            changed, may_not = _store_one(transaction, row, uid, locator, wanted, unchanged_since)
            refused += [uid] if may_not else []
            rekeyed |= {changed.entry.base: changed.extra} if changed is not None else {}
    save_extra(transaction, box, row, rekeyed)
    return sorted(refused)


def _rename(
    transaction: Transaction, box: Box, files: Sequence[File], wanted: _Wanted
) -> tuple[list[Change], list[int]]:
    """Gives files in cur/ the info that is wanted. Returns also the UIDs of those that are not so simple."""
    alike: defaultdict[tuple[str | bytes, str | bytes | None], list[File]] = defaultdict(list)
    for file in files:
        alike[file.info, file.extra].append(file)
    changes: list[Change] = []
    further: list[int] = []
    cur = os.open(f"{box.directory}/cur", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        transaction.on_failure(partial(_rename_back, box, changes))
        for (before, extra_before), some in alike.items():
            info, extra = wanted(before, extra_before)
            if info is not None:
                changes.append(Change(before, extra_before, info, extra))
                further += _rename_alike(cur, some, changes[-1])
    finally:
        os.close(cur)
    return [change for change in changes if change.files], sorted(further)


def _rename_alike(cur: int, files: Sequence[File], change: Change) -> list[int]:
    """Makes a change of files, notes it there, and returns the UIDs of those where that is not so simple."""
    ending, new_ending = encoded(change.before), encoded(change.info)
    further: list[int] = []
    for file in files:
        if file.place == "new":
            further.append(file.uid)
            continue
        if ending != new_ending:
            base = encoded(file.base)
            names = base + ending, base + new_ending
            try:
                rename_noreplace(*names, within=cur)
            except OSError:
                further.append(file.uid)
                continue
            change.renamed.append(names)
        change.files.append(file)
    return further


def _rename_back(box: Box, changes: Sequence[Change]) -> None:
    """As many as can be; OSError if not all could."""
    failed: OSError | None = None
    cur = os.open(box.directory / "cur", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for old, new in (names for change in changes for names in change.renamed):
            try:
                rename_noreplace(new, old, within=cur)
            except OSError as error:
                failed = error
    finally:
        os.close(cur)
    if failed is not None:
        raise failed


def _store_one(
    transaction: Transaction,
    row: MailboxRow,
    uid: int,
    locator: Locator,
    wanted: _Wanted,
    unchanged_since: int | None,
) -> tuple[Message | None, bool]:
    """Changes the flags of a message wherever its file is: as it is then, if it was, and whether that is refused."""
    message = transaction.message(row, uid)
    while message is not None:
        if unchanged_since is not None and message.modseq > unchanged_since:
            return None, True
        info, extra = wanted(packed(message.entry.info), packed_words(message.extra))
        if info is None:
            return None, False
        try:
            entry = set_info(transaction, locator.box, message.entry, unpacked(info))
        except FileNotFoundError:
            message = locator.again(message)
            continue
        changed = message._replace(entry=entry, extra=words(extra), modseq=row.next_modseq(transaction.now_us))
        transaction.change(row, message, changed)
        return changed, False
    return None, False


def claim_recent(box: Box) -> int:
    """Moves new/ to cur/ and makes all messages there are old ones. Returns the first UID that was \\Recent."""
    row = box.look()
    waiting = sorted(box.maildir.names("new"))
    for start in range(0, len(waiting), SLICE):
        box.index.write(partial(_move_to_cur, box=box, names=waiting[start : start + SLICE]), durable=False)
    if row.first_recent == row.uidnext:
        return row.first_recent
    return box.index.write(partial(_claim, box=box), durable=False)


def _move_to_cur(transaction: Transaction, box: Box, names: Sequence[str]) -> None:
    row = box.row(transaction)
    with box.changing(row):
        for entry in (parse_name(name, "new") for name in names):
            message = transaction.message_of_base(row, entry.base)
            if message is None or message.entry != entry:
                continue
            try:
                moved = set_info(transaction, box, entry, info_of(entry.letters, entry.info))
            except FileNotFoundError:
                continue  # sync will see what became of it
            transaction.change(row, message, message._replace(entry=moved))


def _claim(transaction: Transaction, box: Box) -> int:
    row = box.row(transaction)
    first, row.first_recent = row.first_recent, row.uidnext
    return first


def set_info(transaction: Transaction, box: Box, entry: Entry, info: str) -> Entry:
    """Gives a file another info, in cur/; a new base too, where the name would be too long or is taken."""
    try:
        renamed = box.maildir.rename(entry, info)
    except OSError as error:
        if error.errno not in (errno.ENAMETOOLONG, errno.EEXIST):
            raise
        renamed = box.maildir.move(entry, box.maildir, info)
    transaction.on_failure(lambda: rename_noreplace(box.maildir.file(renamed), box.maildir.file(entry)))
    return renamed


def letters_for(transaction: Transaction, box: Box, row: MailboxRow, flags: Iterable[str]) -> Keywords:
    """The mailbox's letters, with new ones for keywords among `flags` as far as there are any left.

    The file that names them is durable before any message's file bears them.
    """
    read_keywords_anew(transaction, box, row)
    keywords = keywords_of(row.keywords)
    missing = keywords.without_letter(flags)
    if not missing:
        return keywords
    used = transaction.letters(row)
    if keywords.with_letters(missing, used) is keywords:
        return keywords
    used |= {letter for entry in box.maildir.scan().entries.values() for letter in entry.letters}
    extended = keywords.with_letters(missing, used)
    if extended is not keywords:
        write_keywords(box.directory, extended)
        row.keywords, row.keywords_stamp = keywords_column(extended), box.keywords_stamp()
        transaction.touched.add(row.id)
    return extended


def save_extra(transaction: Transaction, box: Box, row: MailboxRow, extra: Mapping[str, Sequence[str]]) -> None:
    """Writes beside the mail which keywords without a letter messages have now, by base name.

    Lines are added until the sidecar is twice as long as when it was last written whole: so many changes cost no more
    than they are many.
    """
    if not extra:
        return
    if box.extra_size > _SMALL and add_extra(box.directory, extra, most=2 * box.extra_size):
        return
    write_extra(box.directory, transaction.extra_keywords(row))
    with contextlib.suppress(FileNotFoundError):
        box.extra_size = (box.directory / SIDECAR).stat().st_size


@lru_cache(maxsize=4096)
def _wanted(
    info: str | bytes,
    extra: str | bytes | None,
    *,
    keywords: Keywords,
    action: Action,
    flags: Flags,
    may: Callable[[str], bool] | None,
) -> tuple[str | bytes | None, str | bytes | None]:
    """The info and further keywords that a message with these will have; None for the info if that is no change. All
    as columns."""
    text, further = unpacked(info), words(extra)
    present = Entry("", text, "cur").letters
    now = keywords.flags(present) | frozenset(further)
    if action is Action.REPLACE:
        wanted = flags if may is None else flags | {flag for flag in now if not may(flag)}
    elif action is Action.ADD:
        wanted = now | flags
    else:
        folded = {flag.lower() for flag in flags}
        wanted = frozenset(flag for flag in now if flag.lower() not in folded)
    if len(wanted) > len(now):
        check(wanted)
    letters, left = keywords.letters(wanted, present), tuple(keywords.without_letter(wanted))
    same = set(letters) == set(present) and left == further
    return None if same else packed(info_of(letters, text)), packed_words(left)
