"""Somebody who looks at a mailbox, which of its flags are his own, and its messages with these laid over the shared."""

from dataclasses import dataclass
from pathlib import Path

from mailaccess.mail.flags import DELETED, SEEN, SYSTEM, Flags
from mailaccess.storage import rights
from mailaccess.storage.box import Box
from mailaccess.storage.index import reading
from mailaccess.storage.index.packing import Columns
from mailaccess.storage.index.reading import News
from mailaccess.storage.memory import Memory
from mailaccess.storage.messages import Messages
from mailaccess.storage.personal import Change, Reader, file_of

SHARED_FILE = "dovecot-shared"
"""Where this file is, Dovecot keeps \\Seen apart for each user."""

NO_FLAGS: Flags = frozenset()

_CACHED = 4096


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks at a mailbox."""

    user: str
    owner: bool  # of the account
    personal: bool  # his \\Seen and keywords are his own
    prefix: str = ""  # before the mailbox's name as he knows it


def right_for(flag: str) -> str:
    """The right to set or clear a flag (RFC 4314 section 4)."""
    return rights.SEEN if flag == SEEN else rights.DELETE_MESSAGES if flag == DELETED else rights.WRITE


class Personal:
    """Which flags are the viewer's own."""

    def __init__(self, directory: Path, viewer: Viewer) -> None:
        self.keywords = viewer.personal and not viewer.owner
        self.seen = self.keywords or (directory / SHARED_FILE).exists()

    def __bool__(self) -> bool:
        return self.seen

    def __call__(self, flag: str) -> bool:
        return self.seen if flag == SEEN else self.keywords and flag not in SYSTEM


def unseen_and_recent(box: Box, viewer: Viewer) -> tuple[int, int] | None:
    """How many messages the viewer has not seen, and how many are \\Recent to him. None: as many as to everybody."""
    if not Personal(box.directory, viewer):
        return None
    row = box.look()
    reader = Reader(row.uidvalidity)
    seen: set[int] = set()
    for change in reader.read(file_of(box.directory, viewer.user)):
        for first, last in change.uids:
            told = range(first, min(last, row.uidnext) + 1)
            seen.update(told) if SEEN in change.flags else seen.difference_update(told)
    uids = box.index.read_apart(lambda connection: reading.uids(connection, box.id))
    return sum(uid not in seen for uid in uids), sum(uid >= reader.recent for uid in uids)


class ViewedMemory(Memory):
    """One mailbox's messages with one viewer's flags laid over them."""

    __slots__ = ("_file", "_is_personal", "_laid", "_names", "_pending", "_reader", "_root")

    def __init__(self, everything: News, root: Path, user: str, personal: Personal) -> None:
        self._root = root
        self._file = user
        self._is_personal = personal
        self._reader = Reader(everything.row.uidvalidity)
        self._pending: list[Change] = []  # of transactions that the index does not show yet
        self._laid: dict[tuple[Flags, Flags], Flags] = {}
        self._names: dict[str, str] = {}  # keywords seen, by name in lower case
        super().__init__(everything)

    @property
    def recent(self) -> int:
        """UIDs from here on are \\Recent to the viewer."""
        return self._reader.recent

    @property
    def behind(self) -> bool:
        """There are changes above what the index says is the highest: its last commits were lost."""
        return bool(self._pending)

    def _columns(self, columns: Columns) -> Columns:
        own: Columns = columns._replace(flags=[self._lay(each, NO_FLAGS) for each in columns.flags])
        self._reader.rewind()
        self._pending = []
        self._further(Messages.of(*own, highest=0))  # which changes these columns
        return own

    def _merged(self, flags: Flags, modseq: int, old: Flags, old_modseq: int) -> tuple[Flags, int]:
        return self._lay(flags, old), max(modseq, old_modseq)

    def _further(self, messages: Messages) -> list[tuple[int, int]]:
        directory = self._root / self.row.directory if self.row.directory else self._root
        changes = self._pending + self._reader.read(file_of(directory, self._file))
        # The file is written before the commit: what is above the row's mod-sequence is not true yet.
        self._pending = [change for change in changes if change.modseq > self.row.highestmodseq]
        noted: list[tuple[int, int]] = []
        for change in changes:
            if change.modseq > self.row.highestmodseq:
                continue
            for first, last in change.uids:
                noted += [(change.modseq, uid) for uid in self._apply(messages, change, first, last)]
        return noted

    def _apply(self, messages: Messages, change: Change, first: int, last: int) -> list[int]:
        found = messages.uids_between(first, last)
        row = messages.position(found[0]) if found else 0
        changed = []
        for at, uid in enumerate(found, row):
            flags = self._lay(messages.flags[at], change.flags)
            if flags != messages.flags[at] or change.modseq > messages.modseqs[at]:
                messages.change(at, flags, max(change.modseq, messages.modseqs[at]))
                changed.append(uid)
        return changed

    def _lay(self, shared: Flags, own: Flags) -> Flags:
        """The shared ones of the first and the viewer's of the second; one object for all messages with these."""
        flags = self._laid.get((shared, own))
        if flags is None:
            if len(self._laid) > _CACHED:
                self._laid.clear()
            mine = self._is_personal
            flags = frozenset(f for f in shared if not mine(f)) | frozenset(f for f in own if mine(f))
            self._laid[shared, own] = flags
            for name in sorted(flags - SYSTEM):
                self._names.setdefault(name.lower(), name)
        return flags

    def keywords(self) -> tuple[str, ...]:
        """The names known in this mailbox to this viewer."""
        return tuple(self._names.values()) if self._is_personal.keywords else super().keywords()
