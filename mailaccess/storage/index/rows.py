"""A mailbox's row and a message's row as values, and how their columns are written."""

import dataclasses
import json
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from mailaccess.mail.lines import LineEnding
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.keywords import Keywords
from mailaccess.storage.maildir import Stamp
from mailaccess.storage.names import Entry, Where

ENDINGS = (LineEnding.CRLF, LineEnding.LF, LineEnding.MIXED)
ABSENT = FileStamp(-1, -1, -1)
"""The stamp of a file that is not there; one that is to be read has None."""

_TOP = 1 << 63


class File(NamedTuple):
    """What the index knows of one message's file, as its columns are: many are looked up at a time."""

    uid: int
    base: str | bytes
    info: str | bytes
    place: Where
    size: int | None  # octets on the wire
    line_ends: int | None  # among ENDINGS
    disk_size: int
    mtime: int
    signed_inode: int

    @property
    def entry(self) -> Entry:
        """Where it was last."""
        return entry_of(self.base, self.info, self.place)

    @property
    def ending(self) -> LineEnding | None:
        return None if self.line_ends is None else ENDINGS[self.line_ends]

    @property
    def stamp(self) -> FileStamp:
        """At first sight."""
        inode = self.signed_inode
        return FileStamp(self.disk_size, self.mtime, inode if inode >= 0 else inode + 2 * _TOP)


class Message(NamedTuple):
    """One message as the index knows it."""

    uid: int
    entry: Entry  # where its file was last
    extra: tuple[str, ...]  # keywords without a letter, sorted
    modseq: int
    size: int | None  # octets on the wire
    ending: LineEnding | None
    stamp: FileStamp  # of its file at first sight
    saved: int  # seconds since the epoch
    keys: tuple[str, ...]  # of its uidlist line


class NewFile(NamedTuple):
    """A file that is to become a message, as it was found."""

    base: str
    info: str
    where: Where
    size: int  # octets on disk
    mtime_ns: int
    inode: int
    saved: int  # seconds since the epoch


Numbered = tuple[int, tuple[str, ...], NewFile]
"""With its UID and the keys of its uidlist line."""


@dataclass(slots=True)
class MailboxRow:
    """One mailbox as the index knows it; the schema says what the columns are."""

    id: int
    directory: str | None
    guid: str
    uidvalidity: int
    uidnext: int = 1
    reserved: int = 1
    highestmodseq: int = 1
    first_recent: int = 1
    floor: int = 1
    messages: int = 0
    unseen: int = 0
    deleted: int = 0
    unsized: int = 0
    size: int = 0
    stamp: Stamp | None = None
    new_settled: bool = False
    cur_settled: bool = False
    uidlist: FileStamp | None = None
    listed: int = 0
    lines: int = 0
    header: tuple[str, ...] = ()
    keywords: str = "{}"
    keywords_stamp: FileStamp | None = None
    changed: int = 0
    stored: int = 0
    stored_deleted: int = 0
    version: int = 0

    def next_modseq(self, now_us: int) -> int:
        """A mod-sequence that this mailbox never had: not even where its latest commits or its index were lost."""
        self.highestmodseq = max(self.highestmodseq + 1, now_us)
        return self.highestmodseq

    def count(self, messages: Sequence[Message], by: int = 1) -> None:
        """Takes messages into (by=1) or out of (by=-1) the sums."""
        deleted = set()
        for info, number in Counter(message.entry.info for message in messages).items():
            unseen, is_deleted = marks(info)
            self.unseen += by * number * unseen
            if is_deleted:
                self.deleted += by * number
                deleted.add(info)
        self.stored += by * sum(message.stamp.size for message in messages)
        if deleted:
            self.stored_deleted += by * sum(each.stamp.size for each in messages if each.entry.info in deleted)
        sizes = [message.size for message in messages if message.size is not None]
        self.messages += by * len(messages)
        self.unsized += by * (len(messages) - len(sizes))
        self.size += by * sum(sizes)

    def count_files(self, files: Iterable[NewFile]) -> None:
        """Takes new messages into the sums, whose size on the wire is not known yet."""
        octets: defaultdict[str, int] = defaultdict(int)
        numbers: defaultdict[str, int] = defaultdict(int)
        for file in files:
            octets[file.info] += file.size
            numbers[file.info] += 1
        for info, number in numbers.items():
            unseen, is_deleted = marks(info)
            self.messages += number
            self.unsized += number
            self.unseen += number * unseen
            self.deleted += number * is_deleted
            self.stored += octets[info]
            self.stored_deleted += octets[info] * is_deleted

    def recount(self, old: "Message", new: "Message") -> None:
        """Takes a message into the sums as it is now, and out of them as it was."""
        if old.entry.info == new.entry.info and old.size == new.size and old.stamp == new.stamp:
            return
        (was_unseen, was_deleted), (unseen, deleted) = marks(old.entry.info), marks(new.entry.info)
        self.unseen += unseen - was_unseen
        self.deleted += deleted - was_deleted
        self.stored += new.stamp.size - old.stamp.size
        self.stored_deleted += deleted * new.stamp.size - was_deleted * old.stamp.size
        self.unsized += (new.size is None) - (old.size is None)
        self.size += (new.size or 0) - (old.size or 0)

    def recount_infos(self, old: str, new: str, messages: int, octets: int) -> None:
        """The same of several, whose files have another info now."""
        (was_unseen, was_deleted), (unseen, deleted) = marks(old), marks(new)
        self.unseen += (unseen - was_unseen) * messages
        self.deleted += (deleted - was_deleted) * messages
        self.stored_deleted += (deleted - was_deleted) * octets


@lru_cache(maxsize=4096)
def marks(info: str) -> tuple[bool, bool]:
    """Whether the info says that a message is not \\Seen, and that it is \\Deleted."""
    letters = Entry("", info, "cur").letters
    return "S" not in letters, "T" in letters


MAILBOX_COLUMNS = tuple(field.name for field in dataclasses.fields(MailboxRow))
SELECT_MAILBOX = f"SELECT {', '.join(MAILBOX_COLUMNS)} FROM mailbox"  # noqa: S608
SELECT_WITH_INSTANCE = f"SELECT (SELECT id FROM instance), {', '.join(MAILBOX_COLUMNS)} FROM mailbox"  # noqa: S608
# A column that is set is written in its indexes too, even if it is what it was: not these two, each time.
_SAVED = tuple(name for name in MAILBOX_COLUMNS[1:] if name not in ("directory", "guid"))
SAVE_MAILBOX = f"UPDATE mailbox SET {', '.join(f'{name} = ?' for name in _SAVED)} WHERE id = ?"  # noqa: S608
INSERT_MAILBOX = (
    f"INSERT INTO mailbox ({', '.join(MAILBOX_COLUMNS[1:])}) "  # noqa: S608
    f"VALUES ({', '.join('?' * (len(MAILBOX_COLUMNS) - 1))})"
)

SELECT_MESSAGE = (
    "SELECT uid, base, info, place, extra, modseq, size, ending, disk_size, mtime, inode, saved, keys FROM message"
)
SELECT_FILE = "SELECT uid, base, info, place, size, ending, disk_size, mtime, inode FROM message"
SELECT_PLACE = "SELECT uid, base, info, place, ending, disk_size, mtime FROM message"
Place = tuple[int, str | bytes, str | bytes, Where, int | None, int, int]
"""Its columns: what is needed of a file to read it."""
LEFT_FACTS = (
    "SELECT facts.id FROM gone CROSS JOIN facts"  # in this order: each range is looked up among the facts
    " ON facts.id BETWEEN (gone.mailbox << 32 | gone.first) AND (gone.mailbox << 32 | gone.last)"
)
INSERT_MESSAGE = "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def file_stamp(status: os.stat_result) -> FileStamp:
    """A file's stamp as the index can keep it."""
    return storable(FileStamp(status.st_size, status.st_mtime_ns, status.st_ino))


def storable(stamp: FileStamp) -> FileStamp:
    """The stamp as the index can keep it: times beyond the year 2262 are cut."""
    if -_TOP <= stamp.mtime_ns < _TOP:
        return stamp
    return stamp._replace(mtime_ns=_storable_time(stamp.mtime_ns))


def _storable_time(mtime_ns: int) -> int:
    return min(max(mtime_ns, -_TOP), _TOP - 1)


def same_content(one: FileStamp, other: FileStamp) -> bool:
    """The file was not written to. It may have got another inode, as when a backup is restored with its times."""
    return one.size == other.size and one.mtime_ns == other.mtime_ns


def packed(text: str) -> str | bytes:
    """Text that may hold undecodable octets (as `os.fsdecode` keeps them), as a column value."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text


def unpacked(value: str | bytes) -> str:
    """The text of `packed`."""
    return value if isinstance(value, str) else os.fsdecode(value)


def entry_of(base: str | bytes, info: str | bytes, place: Where) -> Entry:
    """A file's entry from its three columns."""
    return Entry(unpacked(base), unpacked(info), place)


def mailbox_values(row: MailboxRow) -> tuple[Any, ...]:
    """The columns of a mailbox's row but its id."""
    return (None if row.directory is None else packed(row.directory), row.guid, *saved_values(row), row.version)


def saved_values(row: MailboxRow) -> tuple[Any, ...]:
    """The columns of SAVE_MAILBOX but the version: all but those which say what mailbox it is, and where."""
    return (
        row.uidvalidity,
        row.uidnext,
        row.reserved,
        row.highestmodseq,
        row.first_recent,
        row.floor,
        row.messages,
        row.unseen,
        row.deleted,
        row.unsized,
        row.size,
        stamp_column(row.stamp),
        row.new_settled,
        row.cur_settled,
        stamp_column(row.uidlist),
        row.listed,
        row.lines,
        packed(" ".join(row.header)),
        packed(row.keywords),
        stamp_column(row.keywords_stamp),
        row.changed,
        row.stored,
        row.stored_deleted,
    )


def mailbox_of(values: tuple[Any, ...]) -> MailboxRow:
    """A mailbox's row from what SELECT_MAILBOX gives."""
    row = MailboxRow(*values)
    row.directory = None if row.directory is None else unpacked(row.directory)
    row.stamp = _stamp(values[14])
    row.new_settled, row.cur_settled = bool(row.new_settled), bool(row.cur_settled)
    row.uidlist = _file_stamp(values[17])
    row.header = tuple(unpacked(values[20]).split())
    row.keywords = unpacked(values[21])
    row.keywords_stamp = _file_stamp(values[22])
    return row


def message_values(mailbox: int, message: Message) -> tuple[Any, ...]:
    """The columns of a message's row."""
    entry, stamp = message.entry, message.stamp
    return (
        mailbox,
        message.uid,
        packed(entry.base),
        packed(entry.info),
        entry.where,
        packed_words(message.extra),
        message.modseq,
        message.size,
        None if message.ending is None else ENDINGS.index(message.ending),
        stamp.size,
        stamp.mtime_ns,
        stamp.inode if stamp.inode < _TOP else stamp.inode - 2 * _TOP,
        message.saved,
        packed_words(message.keys),
    )


def new_values(
    mailbox: int, modseq: int, numbered: Iterable[Numbered], extra: Mapping[str, Iterable[str]]
) -> Iterator[tuple[Any, ...]]:
    """The same of new messages, one after the other. `extra`: keywords without a letter, by base."""
    for uid, keys, (base, info, where, size, mtime, inode, saved) in numbered:
        further = extra.get(base)
        yield (
            mailbox,
            uid,
            base if base.isascii() else packed(base),
            info if info.isascii() else packed(info),
            where,
            packed_words(tuple(sorted(further))) if further else None,
            modseq,
            None,
            None,
            size,
            mtime if -_TOP <= mtime < _TOP else _storable_time(mtime),
            inode if inode < _TOP else inode - 2 * _TOP,
            saved,
            packed_words(keys) if keys else None,
        )


def message_of(values: tuple[Any, ...]) -> Message:
    """A message from what SELECT_MESSAGE gives."""
    uid, base, info, place, extra, modseq, size, ending, disk_size, mtime, inode, saved, keys = values
    return Message(
        uid,
        entry_of(base, info, place),
        words(extra),
        modseq,
        size,
        None if ending is None else ENDINGS[ending],
        FileStamp(disk_size, mtime, inode if inode >= 0 else inode + 2 * _TOP),
        saved,
        words(keys),
    )


def words(value: str | bytes | None) -> tuple[str, ...]:
    """Those of a column that holds several, or none."""
    return tuple(unpacked(value).split()) if value else ()


def packed_words(values: tuple[str, ...]) -> str | bytes | None:
    """Words as a column."""
    return packed(" ".join(values)) if values else None


@lru_cache(maxsize=256)
def keywords_of(column: str) -> Keywords:
    """A mailbox's letters, from its `keywords`; the same object as long as it is remembered."""
    return Keywords({int(index): name for index, name in json.loads(column).items()})


def keywords_column(keywords: Keywords) -> str:
    """The other way round."""
    return json.dumps(keywords.lines, separators=(",", ":"), sort_keys=True)


def facts_id(mailbox: int, uid: int) -> int:
    """The key of a message's facts."""
    return mailbox << 32 | uid


def load_mailbox(connection: sqlite3.Connection, mailbox: int) -> MailboxRow | None:
    """A mailbox's row."""
    values = connection.execute(f"{SELECT_MAILBOX} WHERE id = ?", (mailbox,)).fetchone()
    return None if values is None else mailbox_of(values)


@lru_cache(maxsize=1024)
def stamp_column(stamp: tuple[int, ...] | None) -> str:
    """A stamp as a column."""
    return " ".join(map(str, stamp)) if stamp else ""


@lru_cache(maxsize=1024)
def _stamp(column: str) -> Stamp | None:
    return Stamp(*map(int, column.split())) if column else None


@lru_cache(maxsize=4096)
def _file_stamp(column: str) -> FileStamp | None:
    return FileStamp(*map(int, column.split())) if column else None
