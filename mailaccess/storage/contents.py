"""What is in the messages' files: opening them, and what is computed from them once and kept."""

import logging
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from mailaccess.mail.lines import Buffer, LineEnding
from mailaccess.storage.ahead import Ahead
from mailaccess.storage.box import Box
from mailaccess.storage.content import Content
from mailaccess.storage.errors import ContentChanged, DiskFull, MessageGone, StorageError, from_os
from mailaccess.storage.flagging import slices
from mailaccess.storage.index import reading, threads
from mailaccess.storage.index.rows import File, MailboxRow, file_stamp, same_content, words
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.names import Entry
from mailaccess.storage.sync import sync

log = logging.getLogger(__name__)

_AT_ONCE = 100
"""Messages read before what was found is written down."""

_AHEAD = Ahead()

_UIDL_PART = re.compile(r"%(0?)([0-9]{0,2})(X?)([uv%])")
_DEFAULT_UIDL = "%08Xu%08Xv"  # Dovecot's: eight hex digits of the UID, eight of the UIDVALIDITY


def open_at_hand(box: Box, uid: int) -> Content | None:
    """The message's octets, if its file is where the index has it: one question and one file, for who opens one after
    the other mostly no question. MessageGone, also where the file has other content now: it is another message then."""
    file = _AHEAD.known(box, uid)
    if file is not None:
        with suppress(MessageGone):  # for which the index is asked as it is now
            content = _open(box, uid, file, file.entry)
            if content is not None:
                return content
    file = _AHEAD.ask(box, uid)
    if file is None:
        raise MessageGone(uid)
    return _open(box, uid, file, file.entry)


def open_content(box: Box, uid: int) -> Content:
    """The message's octets, wherever its file is. MessageGone."""
    content = open_at_hand(box, uid)
    if content is not None:
        return content
    file = _file(box, uid)
    box.look()  # the mailbox may have been renamed
    entry = box.find(file.entry)
    if entry is None:
        sync(box)  # where other programs renamed or removed one, they did many: none has to be looked for after this
        file = _file(box, uid)
        entry = box.maildir.find(file.entry) or box.maildir.scan().entries.get(file.entry.base)
    content = _open(box, uid, file, entry) if entry is not None else None
    if content is None:
        raise MessageGone(uid)
    return content


def opening(box: Box, uids: Collection[int]) -> Callable[[int], Content]:
    """What opens these messages as `open_content` does, one by one; the index is asked for all of them at once."""
    files = box.index.read(lambda connection: reading.files_of(connection, box.id, uids))

    def open_known(uid: int) -> Content:
        file = files.get(uid)
        content = None if file is None else _open(box, uid, file, file.entry)
        return open_content(box, uid) if content is None else content

    return open_known


def opening_at_hand(box: Box, uids: Collection[int]) -> Callable[[int], Content | None]:
    """What opens these messages as `open_at_hand` does; the index is asked for all of them at once, now."""
    files = box.index.read(lambda connection: reading.files_of(connection, box.id, uids))
    return lambda uid: _open(box, uid, files[uid], files[uid].entry) if uid in files else None


def _file(box: Box, uid: int) -> File:
    files = box.index.read(lambda connection: reading.files_of(connection, box.id, (uid,)))
    if uid not in files:
        raise MessageGone(uid)
    return files[uid]


def _open(box: Box, uid: int, file: File, entry: Entry) -> Content | None:
    """None: there is no such file."""
    path = box.maildir.file(entry)
    try:
        try:
            return Content(path, file.stamp, file.ending, file.size)
        except ContentChanged:
            status = os.lstat(path)
            if not same_content(file.stamp, file_stamp(status)):
                raise MessageGone(uid) from None
        return Content(path, None, file.ending, file.size)
    except ContentChanged:
        raise MessageGone(uid) from None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os(error) from error


def make_sizes(box: Box, uids: Sequence[int]) -> dict[int, int]:
    """The wire sizes of messages, read from their files where they are not known yet; kept. Gone ones are missing."""
    sizes: dict[int, int] = {}
    for piece in slices(uids, _AT_ONCE):
        surveys = {uid: (content.size, content.ending) for uid, content in _contents(box, piece)}
        _keep_if_room(box, surveys)
        sizes |= {uid: size for uid, (size, _) in surveys.items()}
    return sizes


def make_facts(
    box: Box, uids: Sequence[int], build: Callable[[Buffer], bytes], version: int
) -> tuple[dict[int, bytes], dict[int, int]]:
    """What `build` makes of messages, and their sizes; kept. Those that are gone or cannot be read are missing."""
    facts: dict[int, bytes] = {}
    sizes: dict[int, int] = {}
    for piece in slices(uids, _AT_ONCE):
        made: dict[int, bytes] = {}
        surveys: dict[int, tuple[int, LineEnding]] = {}
        for uid, content in _contents(box, piece):
            try:
                made[uid] = build(content.as_buffer())
            except (OSError, StorageError) as error:
                log.warning("message %d of %s cannot be read: %s", uid, box.directory, error)
                continue
            surveys[uid] = content.size, content.ending
        _keep_if_room(box, surveys, made, version)
        facts |= made
        sizes |= {uid: size for uid, (size, _) in surveys.items()}
    return facts, sizes


def _keep_if_room(
    box: Box, surveys: Mapping[int, tuple[int, LineEnding]], facts: Mapping[int, bytes] | None = None, version: int = 0
) -> None:
    """On a full disk mail can still be read; what was found out is found out again by the next who asks."""
    try:
        box.index.write(partial(_keep, box=box, surveys=surveys, facts=facts, version=version), durable=False)
    except DiskFull as error:
        log.warning("sizes and facts of messages in %s cannot be kept: %s", box.directory, error)


def place(box: Box, messages: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """The threads of messages, found by their names, and kept."""
    return box.index.write(lambda transaction: threads.place(transaction.connection, box.row(transaction).id, messages))


def uidls(box: Box, row: MailboxRow, uids: Sequence[int]) -> list[str]:
    """The POP3 UIDLs of messages: what another server gave them before, or made of UID and UIDVALIDITY."""
    if not uids:
        return []
    keys = box.index.read_apart(lambda connection: reading.keys_of(connection, box.id, uids[0], uids[-1]))
    taken = {uid: key[1:] for uid, column in keys.items() for key in words(column) if key[0] == "P"}
    pattern = next((key[1:] for key in row.header if key[0] == "P"), _DEFAULT_UIDL)
    if "%" in _UIDL_PART.sub("", pattern) or not re.search("%[0-9]*X?u", pattern):
        pattern = _DEFAULT_UIDL  # made of what we do not know, or the same for all
    return [taken.get(uid) or _expand(pattern, uid, row.uidvalidity) for uid in uids]


def _expand(pattern: str, uid: int, uidvalidity: int) -> str:
    def expand(part: re.Match[str]) -> str:
        zero, width, is_hex, what = part.groups()
        if what == "%":
            return "%"
        number = uid if what == "u" else uidvalidity
        return format(number, f"{zero}{width}{'x' if is_hex else 'd'}")

    return _UIDL_PART.sub(expand, pattern)


def _contents(box: Box, uids: Collection[int]) -> Iterator[tuple[int, Content]]:
    """The messages, opened one after the other; those that are gone or cannot be opened are passed over."""
    open_known = opening(box, uids)
    for uid in uids:
        try:
            content = open_known(uid)
        except MessageGone:
            continue
        except StorageError as error:
            log.warning("message %d of %s cannot be read: %s", uid, box.directory, error)
            continue
        with content:
            yield uid, content


def _keep(
    transaction: Transaction,
    box: Box,
    surveys: Mapping[int, tuple[int, LineEnding]],
    facts: Mapping[int, bytes] | None = None,
    version: int = 0,
) -> None:
    row = box.row(transaction)
    for uid in transaction.measure(row, surveys):
        if facts is not None:
            transaction.save_facts(row, uid, version, facts[uid])
