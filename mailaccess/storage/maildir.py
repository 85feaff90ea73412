"""One Maildir as files: names, info letters, tmp -> new -> cur, scans that can be believed. Knows no UID and no index.

File names are str as `os.fsdecode` makes them: a name that is no UTF-8 holds surrogates, so store names by
`os.fsencode`. Failed system calls raise OSError (`errors.from_os` words them); FileNotFoundError always means that the
file, not something else, was not there.
"""

import contextlib
import errno
import itertools
import os
import re
import time
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, Self

from mailaccess.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN, Flags
from mailaccess.storage.disk import is_shared, rename_noreplace, sync_directory

Where = Literal["new", "cur"]

TMP_AGE = 36 * 3600
"""Seconds after which a file in tmp/ belongs to nobody."""

LETTERS = {"D": DRAFT, "F": FLAGGED, "R": ANSWERED, "S": SEEN, "T": DELETED}
"""The info letters that are system flags."""


class Entry(NamedTuple):
    """One message's file. `base` is the name up to its first colon and is the message's for life."""

    base: str
    info: str  # what follows the base, as it stands: "" or ":2,FS" or ":2,Sab,text" or anything a stranger wrote
    where: Where

    @property
    def name(self) -> str:
        """The file's name."""
        raise NotImplementedError

    @property
    def letters(self) -> str:
        """The flag letters, unknown ones too; empty for a name without `:2,`."""
        raise NotImplementedError


class Stamp(NamedTuple):
    """The state of new/ and cur/ as far as it can be told without reading them: their inodes, mtimes and ctimes in ns.

    The ctime is what catches a program that puts the mtime back (rsync, tar).
    """

    new_inode: int
    new_mtime: int
    new_ctime: int
    cur_inode: int
    cur_mtime: int
    cur_ctime: int


class Scan(NamedTuple):
    """What a reading of new/ and cur/ showed."""

    entries: dict[str, Entry]  # by base
    duplicates: list[Entry]  # further files of a base that is in `entries`; real ones only if settled
    stamp: Stamp  # taken before
    settled: bool  # nothing changed meanwhile: what is not here does not exist


def parse_name(name: str, where: Where) -> Entry:
    """The entry of a file name."""
    raise NotImplementedError


def info_of(letters: str, old: str = "") -> str:
    """The info that says `letters`, sorted as Dovecot sorts them; text after a second comma in `old` is kept."""
    raise NotImplementedError


def system_flags(letters: str) -> Flags:
    """The system flags that the letters stand for."""
    raise NotImplementedError


def system_letters(flags: Flags) -> str:
    """The letters of the system flags among `flags`."""
    raise NotImplementedError


def size_hints(base: str) -> tuple[int | None, int | None]:
    """What the name says of its size (S=) and wire size (W=). Other programs' names may lie."""
    raise NotImplementedError


def delivery_order(base: str) -> tuple[int, int, str]:
    """The key that puts new files in the order of their delivery: seconds, microseconds, name."""
    raise NotImplementedError


def new_base(size: int | None = None, wire_size: int | None = None) -> str:
    """A base name that no other message has or had."""
    raise NotImplementedError


def settled(stamp: Stamp, now_ns: int) -> bool:
    """The stamp is older than the file system's tick at `now_ns` (time.time_ns()): a later change must differ from it."""
    raise NotImplementedError


class Incoming:
    """A message on its way in: a file in tmp/, counted as it is written. A context manager; discarded unless linked."""

    size: int  # octets on disk
    wire_size: int  # octets once every line ends in CRLF

    def write(self, data: bytes) -> None:
        """Appends octets as they arrived. Nothing is held back in memory."""
        raise NotImplementedError

    def sync(self, date: int | None = None) -> None:
        """Sets the date (seconds since the epoch; None: the time of writing), makes the file durable and closes it."""
        raise NotImplementedError

    def discard(self) -> None:
        """Removes the file unless it was linked in. May be called twice."""
        raise NotImplementedError


class Maildir:
    """One directory with new/, cur/ and tmp/. Holds no state but its path; safe for any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Makes what is missing of the directory and its three, durably; cur/ last, since it is what makes a mailbox."""
        raise NotImplementedError

    def exists(self) -> bool:
        """There is a mailbox here."""
        raise NotImplementedError

    def file(self, entry: Entry) -> str:
        """The path of an entry's file."""
        raise NotImplementedError

    def stamp(self) -> Stamp:
        """The directories' present stamp: two stat calls."""
        raise NotImplementedError

    def scan(self) -> Scan:
        """Reads new/, then cur/, once. Beside a renaming program it may miss files and see some twice."""
        raise NotImplementedError

    def settled_scan(self, attempts: int = 8) -> Scan:
        """Scans until nothing changed meanwhile, at most `attempts` times; `settled` says whether it came to that.

        Unsettled, it returns the union of all attempts (each base with its last seen name).
        """
        raise NotImplementedError

    def find(self, entry: Entry) -> Entry | None:
        """The message's file at its last known name or at the likely next ones (new/ -> cur/, `:2,` and `:2,S`).

        None means that it is at none of these, not that it is gone: only a settled scan proves that.
        """
        raise NotImplementedError

    def rename(self, entry: Entry, info: str, where: Where = "cur") -> Entry:
        """Gives the file another info. FileNotFoundError: it is not there; FileExistsError: another has that name."""
        raise NotImplementedError

    def unlink(self, entry: Entry) -> None:
        """Removes the file. FileNotFoundError: it is not there."""
        raise NotImplementedError

    def separate(self, kept: Entry, other: Entry) -> Entry | None:
        """Ends a duplicate that a settled scan found: `other` gets a base of its own and is returned.

        None: nothing is left to do, as one of the two is gone, or both were names of one file and `other` is removed,
        or are and may be another program's unfinished rename: that is left for a later scan.
        """
        raise NotImplementedError

    def incoming(self) -> Incoming:
        """A new file in tmp/."""
        raise NotImplementedError

    def link_in(self, incoming: Incoming, info: str = ":2,", date: int | None = None, where: Where = "cur") -> Entry:
        """Syncs the file and moves it from tmp/ into place under its final base. Durable after `sync(where)`."""
        raise NotImplementedError

    def link_copy(self, entry: Entry, target: "Maildir", info: str) -> Entry:
        """A second message with the same content in `target`'s cur/: a hard link, or a copy where there can be none.

        The mtime is the same. Durable after `target.sync("cur")`. FileNotFoundError: the source is not there.
        """
        raise NotImplementedError

    def move(self, entry: Entry, target: "Maildir", info: str) -> Entry:
        """Moves the file to `target`'s cur/ under a new base. Durable after `sync` of both directories."""
        raise NotImplementedError

    def sync(self, *where: Where) -> None:
        """Makes the renames, links and removals in these directories durable (both, if none is named)."""
        raise NotImplementedError

    def clean_tmp(self, now: float, age: float = TMP_AGE) -> int:
        """Removes files in tmp/ that were not touched for `age` seconds (by ctime: mtime is the message's date)."""
        raise NotImplementedError
