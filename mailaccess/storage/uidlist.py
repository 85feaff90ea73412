"""`dovecot-uidlist`: the UIDs of one mailbox beside its mail, so that they outlive the index. Courier's files are read.

The next UID is always max(N, last UID + 1). The files' own lock (`dovecot-uidlist.lock`) is honoured, but never waited
for longer than LOCK_WAIT: the lock of a program that died must not keep mail away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mailaccess.storage.disk import FileStamp

FILE = "dovecot-uidlist"
LOCK_WAIT = 2.0
LOCK_STALE = 120.0


class Record(NamedTuple):
    """One line."""

    uid: int
    base: str
    keys: tuple[str, ...] = ()  # each a letter and its value, as written: "W4711", "Pabc", "O3", "G…"

    def get(self, letter: str) -> str | None:
        """A key's value: S size, W wire size, P POP3 UIDL, O POP3 order, G message GUID."""
        raise NotImplementedError


@dataclass(slots=True)
class UidList:
    """The whole file."""

    uidvalidity: int
    next_uid: int  # max(N, last UID + 1)
    guid: str | None  # the mailbox's, 32 hex digits
    records: list[Record]  # ascending
    header: tuple[str, ...] = ()  # further keys of the first line, as written: "P%u…", unknown ones
    stamp: FileStamp | None = None  # of the file this was read from; None: from Courier's file, or not written yet

    @property
    def pop3_format(self) -> str | None:
        """The header's P: how POP3 UIDLs are made of UIDs."""
        raise NotImplementedError


def read_uidlist(directory: Path) -> UidList | None:
    """The mailbox's list; None where there is none, or none that can be understood."""
    raise NotImplementedError


def stamp_of(directory: Path) -> FileStamp | None:
    """The file's stamp, to be compared with the last one known: another program has replaced it if they differ."""
    raise NotImplementedError


def write_uidlist(directory: Path, uidlist: UidList) -> FileStamp:
    """Replaces the file, durably; its stamp."""
    raise NotImplementedError


def append_records(directory: Path, records: Iterable[Record], stamp: FileStamp) -> FileStamp | None:
    """Appends lines, durably, if the file is still the one of `stamp`; None: it is not, nothing was written."""
    raise NotImplementedError


def raise_next(directory: Path, next_uid: int) -> FileStamp:
    """Makes the header's N at least `next_uid`, durably, before any UID at or above the old N is announced.

    Overwrites ten digits in place where the header was written by us. FileNotFoundError: there is no file.
    """
    raise NotImplementedError


def read_courier_uidls(directory: Path) -> dict[str, str]:
    """The UIDLs that Courier's POP3 server gave (`courierpop3dsizelist`), by base name; empty without the file."""
    raise NotImplementedError
