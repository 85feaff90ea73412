"""Special uses of mailboxes (RFC 6154), such as "\\Sent": those a mailbox was given, and what names suggest."""

from collections.abc import Iterable
from pathlib import Path

from mailaccess.storage.disk import replace_file
from mailaccess.storage.errors import UnknownUse

FILE = "mailaccess-special-use"
USES = ("\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash")
"""RFC 6154 section 2"""

_SPELLED = {use.upper(): use for use in USES}

_WELL_KNOWN = {
    "\\Drafts": ("Drafts", "Draft"),
    "\\Sent": ("Sent", "Sent Items", "Sent Messages", "Sent Mail"),
    "\\Junk": ("Junk", "Spam", "Junk E-mail", "Junk Email", "Bulk Mail"),
    "\\Trash": ("Trash", "Deleted Items", "Deleted Messages", "Deleted"),
    "\\Archive": ("Archive", "Archives"),
}
"""What mailboxes of a special use are usually called, the likeliest name first; compared without regard to case."""


def spelled(names: Iterable[str]) -> frozenset[str]:
    """Uses in their one spelling, of which case is no part. UnknownUse."""
    found = {name: _SPELLED.get(name.upper()) for name in names}
    unknown = sorted(name for name, use in found.items() if use is None)
    if unknown:
        raise UnknownUse(f"{unknown[0]} is not a special use this server knows")
    return frozenset(use for use in found.values() if use is not None)


def read(directory: Path | str) -> frozenset[str]:
    """Those the mailbox in a directory was given."""
    try:
        with open(f"{directory}/{FILE}", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - asked of hundreds
            return frozenset(file.read().split())
    except FileNotFoundError:
        return frozenset()


def write(directory: Path, uses: frozenset[str]) -> None:
    """Sets them, durably."""
    replace_file(directory / FILE, "".join(f"{use}\n" for use in sorted(uses)).encode("ascii"))


def by_name(found: Iterable[str], given: set[str]) -> dict[str, frozenset[str]]:
    """Special uses that no mailbox was given, for the mailboxes whose names say that they have them."""
    names = {name.lower(): name for name in found}
    likely = {
        use: next((names[each.lower()] for each in usual if each.lower() in names), None)
        for use, usual in _WELL_KNOWN.items()
        if use not in given
    }
    return {name: frozenset([use]) for use, name in likely.items() if name is not None}
