"""Names of message files: base, info letters, size hints, order. Pure."""

import itertools
import os
import re
import time
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from mailaccess.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN, Flags

Where = Literal["new", "cur"]
Names = dict[Where, dict[bytes, bool]]
"""By directory, which names are there and which are not, as the kernel spells them."""

LETTERS = {"D": DRAFT, "F": FLAGGED, "R": ANSWERED, "S": SEEN, "T": DELETED}
"""The info letters that are system flags."""

_FLAGS = ":2,"
_SIZE = re.compile(r",S=([0-9]{1,18})(?![^,])")
_WIRE_SIZE = re.compile(r",W=([0-9]{1,18})(?![^,])")
_TIMES = re.compile(r"([0-9]{1,18})(?:\.[^.]*?M([0-9]{1,18}))?")  # Postfix puts device and inode before the M
_counter = itertools.count(1)


class Entry(NamedTuple):
    """One message's file. `base` is the name up to its first colon and is the message's for life."""

    base: str
    info: str  # what follows the base, as it stands: "" or ":2,FS" or ":2,Sab,text" or anything a stranger wrote
    where: Where

    @property
    def name(self) -> str:
        """The file's name."""
        return self.base + self.info

    @property
    def letters(self) -> str:
        """The flag letters, unknown ones too; empty for a name without `:2,`."""
        return self.info[3:].partition(",")[0] if self.info.startswith(_FLAGS) else ""


def parse_name(name: str, where: Where) -> Entry:
    """The entry of a file name."""
    base, colon, rest = name.partition(":")
    return Entry(base, colon + rest, where)


def no_names() -> Names:
    """None yet, of either directory."""
    return {"new": {}, "cur": {}}


def info_of(letters: str, old: str = "") -> str:
    """The info that says `letters`, sorted as Dovecot sorts them; text after a second comma in `old` is kept."""
    text = old[3:].partition(",")[2] if old.startswith(_FLAGS) else ""
    return _FLAGS + "".join(sorted(set(letters))) + (f",{text}" if text else "")


@lru_cache(maxsize=4096)
def system_flags(letters: str) -> Flags:
    """The system flags that the letters stand for."""
    return frozenset(LETTERS[letter] for letter in letters if letter in LETTERS)


def system_letters(flags: Flags) -> str:
    """The letters of the system flags among `flags`."""
    return "".join(letter for letter, flag in LETTERS.items() if flag in flags)


def size_hints(base: str) -> tuple[int | None, int | None]:
    """What the name says of its size (S=) and wire size (W=). Other programs' names may lie."""
    size, wire_size = _SIZE.search(base), _WIRE_SIZE.search(base)
    return size and int(size[1]), wire_size and int(wire_size[1])


def delivery_order(base: str) -> tuple[int, int, str]:
    """The key that puts new files in the order of their delivery: seconds, microseconds, name."""
    times = _TIMES.match(base)
    return (int(times[1]), int(times[2] or 0), base) if times else (0, 0, base)


def new_base(size: int | None = None, wire_size: int | None = None) -> str:
    """A base name that no other message has or had."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    name = f"{seconds}.M{nanoseconds // 1000}P{os.getpid()}Q{next(_counter)}.{_host()}"
    if size is not None:
        name += f",S={size}"
    if wire_size is not None:
        name += f",W={wire_size}"
    return name


@cache
def _host() -> str:
    """This host's name as Maildir file names may hold it."""
    return os.uname().nodename.replace("/", "\\057").replace(":", "\\072").replace(",", "\\054") or "localhost"
