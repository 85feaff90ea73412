"""Flags: STORE, the letters and the sidecar that keep keywords, and the claim of \\Recent.

Flags are durable as soon as the rename is, without fsync: as any Maildir program does it.
"""

import contextlib
import errno
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import cache, partial

from mailaccess.mail.flags import Flags
from mailaccess.storage.box import Box
from mailaccess.storage.disk import rename_noreplace
from mailaccess.storage.index.rows import MailboxRow, Message, keywords_column, keywords_of
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.keywords import SIDECAR, Keywords, add_extra, check, write_extra, write_keywords
from mailaccess.storage.locating import Locator
from mailaccess.storage.names import Entry, info_of, parse_name
from mailaccess.storage.takeover import read_keywords_anew

SLICE = 100
"""Messages changed in one transaction, so that others wait milliseconds, not seconds."""

_SMALL = 4096  # octets of a sidecar that is written whole each time


class Action(Enum):
    """What STORE does with the flags it is given."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


def slices(uids: Sequence[int]) -> Iterable[Sequence[int]]:
    """The UIDs in pieces of what one transaction takes."""
    return (uids[start : start + SLICE] for start in range(0, len(uids), SLICE))


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
    locator = Locator(transaction, box, row)
    refused: list[int] = []
    modseq = 0
    rekeyed: list[Message] = []
    wanted = cache(partial(_wanted, keywords=keywords, action=action, flags=flags, may=may))
    with box.changing(row):
        for known in transaction.messages(row, uids):
            message: Message | None = known
            while message is not None:
                if unchanged_since is not None and message.modseq > unchanged_since:
                    refused.append(message.uid)
                    break
                info, extra = wanted(message.entry.info, message.extra)
                if info is None:
                    break
                try:
                    entry = set_info(transaction, box, message.entry, info)
                except FileNotFoundError:
                    message = locator.again(message)
                    continue
                modseq = modseq or row.next_modseq(transaction.now_us)
                changed = message._replace(entry=entry, extra=extra, modseq=modseq)
                transaction.change(row, message, changed)
                rekeyed += [changed] if extra != message.extra else []
                break
    save_extra(transaction, box, row, rekeyed)
    return refused


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


def save_extra(transaction: Transaction, box: Box, row: MailboxRow, changed: Sequence[Message]) -> None:
    """Writes beside the mail which keywords without a letter these messages have now.

    Lines are added until the sidecar is twice as long as when it was last written whole: so many changes cost no more
    than they are many.
    """
    extra = {message.entry.base: message.extra for message in changed}
    if not extra:
        return
    if box.extra_size > _SMALL and add_extra(box.directory, extra, most=2 * box.extra_size):
        return
    write_extra(box.directory, transaction.extra_keywords(row))
    with contextlib.suppress(FileNotFoundError):
        box.extra_size = (box.directory / SIDECAR).stat().st_size


def _wanted(
    info: str,
    extra: tuple[str, ...],
    *,
    keywords: Keywords,
    action: Action,
    flags: Flags,
    may: Callable[[str], bool] | None,
) -> tuple[str | None, tuple[str, ...]]:
    """The info and further keywords that a message with these will have; None for the info if that is no change."""
    present = Entry("", info, "cur").letters
    now = keywords.flags(present) | frozenset(extra)
    if action is Action.REPLACE:
        wanted = flags if may is None else flags | {flag for flag in now if not may(flag)}
    elif action is Action.ADD:
        wanted = now | flags
    else:
        folded = {flag.lower() for flag in flags}
        wanted = frozenset(flag for flag in now if flag.lower() not in folded)
    if len(wanted) > len(now):
        check(wanted)
    letters, further = keywords.letters(wanted, present), tuple(keywords.without_letter(wanted))
    return None if set(letters) == set(present) and further == extra else info_of(letters, info), further
