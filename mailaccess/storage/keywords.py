"""Keywords on disk: `dovecot-keywords` names the letters a-z of a mailbox's file names; a sidecar has what exceeds 26.

Both files are replaced atomically and are durable when a call returns, so that no file bears a letter without a name.
Callers hold the account's write lock around reading, changing and writing.
"""

import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from mailaccess.mail.flags import Flags
from mailaccess.storage.disk import replace_file, sync_directory
from mailaccess.storage.errors import LimitReached
from mailaccess.storage.names import LETTERS, system_flags, system_letters

FILE = "dovecot-keywords"
SIDECAR = "mailaccess-keywords"

LONGEST = 255
"""Characters of a keyword that a client gives."""
MOST_OF_MESSAGE, MOST_OF_MAILBOX = 100, 1000
"""How many it can give: each is in memory, in the index and in a file that is written anew when one of them changes."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_LINE = re.compile(r"([0-9]{1,4}) (.+)")  # a line without a space is from the older .customflags
_ATOM = re.compile(r"[^\x00-\x20\x7f-\U0010ffff(){%*\"\\\]]+")  # what a client can write as a keyword
_CACHED = 4096


class Keywords:
    """One mailbox's letters and names; immutable. Names are compared case-insensitively, spelled as first seen."""

    __slots__ = ("_flags", "_letters", "_lines", "_listed", "_names")

    def __init__(self, names: Mapping[int, str] | None = None) -> None:
        """`names` by index: 0-25 stand for a-z. One that no client can write stays in the file and is not shown."""
        self._lines = dict(names or {})
        self._names: dict[str, str] = {}  # by letter
        self._letters: dict[str, str] = {}  # by name in lower case
        self._flags: dict[str, Flags] = {}
        spelling: dict[str, str] = {}
        for index, name in sorted(self._lines.items()):
            if index < len(_ALPHABET) and _ATOM.fullmatch(name):
                self._letters.setdefault(name.lower(), _ALPHABET[index])
                self._names[_ALPHABET[index]] = spelling.setdefault(name.lower(), name)
        self._listed = tuple(dict.fromkeys(self._names.values()))

    @property
    def lines(self) -> dict[int, str]:
        """The file's lines: names by index."""
        return dict(self._lines)

    def names(self) -> tuple[str, ...]:
        """All names in the order of their letters."""
        return self._listed

    def letter(self, name: str) -> str | None:
        """The keyword's letter, if it has one."""
        return self._letters.get(name.lower())

    def flags(self, letters: str) -> Flags:
        """What info letters stand for, system flags and keywords; letters without a name say nothing. Cached."""
        known = self._flags.get(letters)
        if known is None:
            if len(self._flags) >= _CACHED:
                self._flags.clear()
            known = system_flags(letters) | {self._names[letter] for letter in letters if letter in self._names}
            self._flags[letters] = known
        return known

    def letters(self, flags: Flags, old: str = "") -> str:
        """The info letters for `flags`, sorted. Letters of `old` that we have no name for (P, strangers') are kept.

        Keywords without a letter are left out: see `without_letter`.
        """
        unknown = {letter for letter in old if letter not in LETTERS and letter not in self._names}
        named = {self._letters[name.lower()] for name in flags if name.lower() in self._letters}
        return "".join(sorted(unknown | named | set(system_letters(flags))))

    def without_letter(self, flags: Iterable[str]) -> list[str]:
        """The keywords among `flags` that have no letter here, sorted."""
        return sorted(name for name in flags if not name.startswith("\\") and name.lower() not in self._letters)

    def with_letters(self, wanted: Iterable[str], in_use: Collection[str]) -> "Keywords":
        """These and, as far as letters are left, `wanted`; self if nothing changes.

        `in_use`: every letter that a file name of the mailbox bears now. A letter is given only if no file has it:
        first those without a name, then those whose name no file uses any more.
        """
        asked: set[str] = set()
        missing: dict[str, str] = {}
        for name in wanted:
            asked.add(name.lower())
            if self.letter(name) is None and _ATOM.fullmatch(name):
                missing.setdefault(name.lower(), name)
        idle = [index for index, letter in enumerate(_ALPHABET) if letter not in in_use]
        unnamed = [index for index in idle if index not in self._lines]
        reusable = [
            index
            for index in idle
            if index in self._lines and self._names.get(_ALPHABET[index], "").lower() not in asked
        ]
        given = dict(zip([*unnamed, *reusable], missing.values(), strict=False))
        return Keywords(self._lines | given) if given else self


def is_name(name: str) -> bool:
    """Can a client write it as a keyword?"""
    return _ATOM.fullmatch(name) is not None


def check(flags: Flags) -> None:
    """LimitReached, if no message can be given these flags."""
    names = [name for name in flags if not name.startswith("\\")]
    if len(names) > MOST_OF_MESSAGE:
        raise LimitReached(f"a message has at most {MOST_OF_MESSAGE} keywords")
    if any(len(name) > LONGEST for name in names):
        raise LimitReached(f"a keyword has at most {LONGEST} characters")


def check_room(flags: Iterable[str], known: Collection[str]) -> None:
    """LimitReached, if a mailbox cannot have the keywords among `flags` beside those that it has."""
    new = {name.lower() for name in flags if not name.startswith("\\")}.difference(name.lower() for name in known)
    if new and len(new) + len(known) > MOST_OF_MAILBOX:
        raise LimitReached(f"a mailbox has at most {MOST_OF_MAILBOX} keywords")


def read_keywords(directory: Path) -> Keywords:
    """The mailbox's letters; none where there is no file."""
    try:
        text = os.fsdecode((directory / FILE).read_bytes())
    except FileNotFoundError:
        return Keywords()
    lines = (_LINE.fullmatch(line.rstrip("\r")) for line in text.split("\n"))
    return Keywords({int(line[1]): line[2] for line in lines if line})


def write_keywords(directory: Path, keywords: Keywords) -> None:
    """Replaces the file."""
    lines = (f"{index} {name}\n" for index, name in sorted(keywords.lines.items()))
    replace_file(directory / FILE, os.fsencode("".join(lines)))


def read_extra(directory: Path) -> dict[str, tuple[str, ...]]:
    """The keywords without a letter, by base name."""
    try:
        text = os.fsdecode((directory / SIDECAR).read_bytes())
    except FileNotFoundError:
        return {}
    lines = (line.partition(" :") for line in text.split("\n"))
    found = {base: tuple(names.split()) for names, colon, base in lines if colon}
    return {base: names for base, names in found.items() if names}


def add_extra(directory: Path, extra: Mapping[str, Iterable[str]], most: int) -> bool:
    """Adds lines to the sidecar, for messages that may have lines there; none of the keywords: they have none any more.

    False, and nothing is done, if there is no sidecar or it would have more than `most` octets.
    """
    lines = "".join(_line(base, names) for base, names in extra.items() if "\n" not in base)
    data = os.fsencode("\n" + lines)  # what a crash left of the last line is no part of these
    try:
        fd = os.open(directory / SIDECAR, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    with os.fdopen(fd, "ab") as file:
        if os.fstat(fd).st_size + len(data) > most:
            return False
        file.write(data)
        file.flush()
        os.fsync(fd)
    return True


def write_extra(directory: Path, extra: Mapping[str, Collection[str]]) -> None:
    """Replaces the sidecar; removes it where nothing is left.

    One line a message, its keywords and its base name: `$Work $Later :1795428656.M1P2Q3.host,S=28,W=32`. Of several
    lines with one base the last one is true.
    """
    lines = sorted(_line(base, names) for base, names in extra.items() if "\n" not in base and names)
    if lines:
        replace_file(directory / SIDECAR, os.fsencode("".join(lines)))
    elif (directory / SIDECAR).exists():
        (directory / SIDECAR).unlink()
        sync_directory(directory)


def _line(base: str, names: Iterable[str]) -> str:
    return f"{' '.join(sorted(names))} :{base}\n"
