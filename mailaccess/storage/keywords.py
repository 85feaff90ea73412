"""Keywords on disk: `dovecot-keywords` names the letters a-z of one mailbox's file names, a sidecar holds what exceeds 26.

Both files are replaced atomically and are durable when a call returns, so that no file bears a letter without a name.
Callers hold the account's write lock around reading, changing and writing.
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from mailaccess.mail.flags import Flags

FILE = "dovecot-keywords"
SIDECAR = "mailaccess-keywords"


class Keywords:
    """One mailbox's letters and names; immutable. Names are compared case-insensitively, spelled as first seen."""

    def __init__(self, names: Mapping[int, str]) -> None:
        """`names` by index: 0-25 stand for a-z."""
        raise NotImplementedError

    def names(self) -> tuple[str, ...]:
        """All names in the order of their letters."""
        raise NotImplementedError

    def letter(self, name: str) -> str | None:
        """The keyword's letter, if it has one."""
        raise NotImplementedError

    def flags(self, letters: str) -> Flags:
        """What info letters stand for, system flags and keywords; letters without a name say nothing. Cached."""
        raise NotImplementedError

    def letters(self, flags: Flags, old: str = "") -> str:
        """The info letters for `flags`, sorted. Letters of `old` that we have no name for (P, strangers') are kept.

        Keywords without a letter are left out: see `without_letter`.
        """
        raise NotImplementedError

    def without_letter(self, flags: Iterable[str]) -> list[str]:
        """The keywords among `flags` that have no letter here, sorted."""
        raise NotImplementedError

    def with_letters(self, wanted: Iterable[str], in_use: Collection[str]) -> "Keywords":
        """These and, as far as letters are left, `wanted`; self if nothing changes.

        `in_use`: every letter that a file name of the mailbox bears now. A letter is given only if no file has it: first
        the ones without a name, then those whose name no file uses any more.
        """
        raise NotImplementedError


def read_keywords(directory: Path) -> Keywords:
    """The mailbox's letters; none where there is no file."""
    raise NotImplementedError


def write_keywords(directory: Path, keywords: Keywords) -> None:
    """Replaces the file."""
    raise NotImplementedError


def read_extra(directory: Path) -> dict[str, tuple[str, ...]]:
    """The keywords without a letter, by base name."""
    raise NotImplementedError


def write_extra(directory: Path, extra: Mapping[str, Iterable[str]]) -> None:
    """Replaces the sidecar; removes it where nothing is left."""
    raise NotImplementedError
