"""Access control lists: who may do what with a mailbox, in Dovecot's file `dovecot-acl` in the mailbox's directory.

A line is an identifier and letters of rights, `user=bob lrs`; a minus before it takes rights away; an identifier with a
space in it is quoted. Of the entries that concern a user the most specific decides, not their sum: group-override,
user, owner, group, authenticated, anyone. What no entry says: the owner may do everything, others nothing.
"""

import logging
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mailaccess.storage import rights
from mailaccess.storage.disk import FileStamp, replace_file, sync_directory
from mailaccess.storage.errors import LimitReached, Unavailable
from mailaccess.storage.rights import ADMINISTER, ALL, LOOKUP, NONE, Rights

log = logging.getLogger(__name__)

FILE = "dovecot-acl"
LIST = "dovecot-acl-list"
"""Dovecot's cache, in the root, of which mailboxes have lists; it makes a new one where there is none."""

ANYONE, AUTHENTICATED, GROUP, OWNER, USER, GROUP_OVERRIDE = (
    "anyone",
    "authenticated",
    "group",
    "owner",
    "user",
    "group-override",
)
_ORDER = (ANYONE, AUTHENTICATED, GROUP, OWNER, USER, GROUP_OVERRIDE)  # the last that matches decides
_NAMED = (GROUP, USER, GROUP_OVERRIDE)

OWNERS = frozenset([LOOKUP, ADMINISTER])
"""What no change of a list takes from the owner: he could not even undo it."""

MOST_ENTRIES = 1000
LONGEST = 255
"""Characters of an identifier that a client gives."""

_LINE = re.compile(r'(?P<minus>-?)(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s"]\S*))(?P<rights>.*)')
_NAMES = {
    "lookup": "l",
    "read": "r",
    "write": "w",
    "write-seen": "s",
    "write-deleted": "t",
    "insert": "i",
    "post": "p",
    "expunge": "e",
    "create": "k",
    "delete": "x",
    "admin": "a",
}


@dataclass(frozen=True, slots=True)
class Who:
    """Whom an entry concerns: a kind of identifier, and a name if it has one."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        """As the file has it."""
        return f"{self.kind}={self.name}" if self.kind in _NAMED else self.kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `negative`: the rights are taken away."""

    who: Who
    rights: Rights
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Acl:
    """One mailbox's list."""

    entries: tuple[Entry, ...] = ()
    readable: bool = True  # False: it has a line that cannot be understood; then nobody but the owner gets anything

    def of(self, user: str, *, owner: bool) -> Rights:
        """What a user may do; `owner`: the mailbox is in his own account. An owner always sees what he has."""
        granted, taken = NONE, NONE
        for kind in _ORDER:
            if kind == OWNER and owner:
                granted = ALL
            for entry in self.entries if self.readable else ():
                if entry.who.kind == kind and _concerns(entry.who, user, owner=owner):
                    granted, taken = (granted, entry.rights) if entry.negative else (entry.rights, taken)
        return granted - taken | ({LOOKUP} if owner else NONE)

    def entry(self, who: Who, *, negative: bool = False) -> Entry | None:
        """The entry of exactly this identifier."""
        return next((each for each in self.entries if each.who == who and each.negative == negative), None)

    def with_entry(self, entry: Entry) -> "Acl":
        """This entry in the place of the one with its identifier, or added."""
        if self.entry(entry.who, negative=entry.negative) is None:
            return replace(self, entries=(*self.entries, entry))
        same = entry.who, entry.negative
        return replace(self, entries=tuple(entry if (e.who, e.negative) == same else e for e in self.entries))

    def without(self, who: Who, *, negative: bool = False) -> "Acl":
        """Without the entry of this identifier."""
        return replace(self, entries=tuple(e for e in self.entries if (e.who, e.negative) != (who, negative)))

    def concerned(self) -> set[Who]:
        """Who gets to see the mailbox by this list, the owner apart."""
        return {e.who for e in self.entries if not e.negative and LOOKUP in e.rights and e.who.kind != OWNER}


def _concerns(who: Who, user: str, *, owner: bool) -> bool:
    """Groups concern nobody: the server knows of none. Their entries are kept for the program that does."""
    if who.kind == USER:
        return who.name == user
    return who.kind in (ANYONE, AUTHENTICATED) or (who.kind == OWNER and owner)


# -- the file


def read_acl(directory: Path) -> Acl:
    """The list of the mailbox in a directory; an empty one where there is no file."""
    try:
        text = (directory / FILE).read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return Acl()
    found: list[Entry] = []
    readable = True
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            found.append(_entry(line))
        except ValueError as error:
            log.warning(
                "%s: line %d: %s; it is the owner's alone until that is mended", directory / FILE, number, error
            )
            readable = False
    return Acl(tuple(found), readable)


def write_acl(directory: Path, acl: Acl) -> None:
    """Replaces the file, durably; removes it where nothing is left to say."""
    if acl.entries:
        lines = [_line(entry) for entry in sorted(acl.entries, key=_place)]
        replace_file(directory / FILE, "".join(lines).encode("utf-8", "surrogateescape"))
    elif (directory / FILE).exists():
        (directory / FILE).unlink()
        sync_directory(directory)


def is_listed(directory: str | Path) -> bool:
    """There is a list: asked before each SELECT and STATUS, so by str; a Path costs more than the call."""
    return os.path.exists(f"{directory}/{FILE}")  # noqa: PTH110


def stamp(directory: Path) -> FileStamp | None:
    """What tells one list from the next without reading it; None: there is none."""
    try:
        return FileStamp.of((directory / FILE).stat())
    except FileNotFoundError:
        return None


def _entry(line: str) -> Entry:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise ValueError("no identifier")
    identifier = found["plain"] or re.sub(r"\\(.)", r"\1", found["quoted"] or "")
    negative = bool(found["minus"]) or identifier.startswith("-")
    return Entry(_who(identifier.removeprefix("-")), _rights(found["rights"]), negative)


def _who(identifier: str) -> Who:
    kind, equals, name = identifier.partition("=")
    if kind == "anonymous":
        kind = ANYONE
    if kind not in _ORDER or bool(name) != (kind in _NAMED) or bool(equals) != bool(name):
        raise ValueError(f"unknown identifier {identifier!r}")
    return Who(kind, name)


def _rights(text: str) -> Rights:
    short, _, long = text.partition(":")
    found = rights.parse("".join(short.split()))
    for name in long.replace(":", " ").split():
        if name not in _NAMES:
            raise ValueError(f"unknown right {name!r}")
        found |= {_NAMES[name]}
    return found


def _line(entry: Entry) -> str:
    identifier = ("-" if entry.negative else "") + str(entry.who)
    if re.search(r"\s", identifier) or identifier.startswith('"'):
        identifier = '"' + re.sub(r'(["\\])', r"\\\1", identifier) + '"'
    return f"{identifier} {rights.letters(entry.rights)}".rstrip() + "\n"


def _place(entry: Entry) -> tuple[int, str, bool]:
    return _ORDER.index(entry.who.kind), entry.who.name, entry.negative


def change_acl(directory: Path, who: Who, change: str | None, owner: str | None, *, negative: bool = False) -> None:
    """Changes an entry of the list in a directory, or with None removes it; under a lock of the caller's.

    UnknownRight; Unavailable, rather than that a line is lost that we do not understand; LimitReached.
    """
    now = read_acl(directory)
    if not now.readable:
        raise Unavailable("the mailbox's access control list is damaged; the administrator has to mend it")
    after = now.without(who, negative=negative)
    if change is not None:
        after = changed(now, who, change, owner, negative=negative)
    if len(after.entries) > MOST_ENTRIES:
        raise LimitReached(f"an access control list has at most {MOST_ENTRIES} entries")
    write_acl(directory, after)


def inherit(parent: Path, directory: Path) -> None:
    """A new mailbox "SHOULD inherit the ACL from the parent mailbox" (RFC 4314 section 4)."""
    with suppress(FileNotFoundError):
        replace_file(directory / FILE, (parent / FILE).read_bytes())


# -- identifiers as clients write them


def from_identifier(identifier: str) -> tuple[Who, bool]:
    """What an identifier of RFC 4314 stands for, and whether it is a negative one: `fred`, `anyone`, `authenticated`,
    `owner`, `$group`, `!$group` (which goes before a user's own entry), with or without a `-` before it."""
    negative = identifier.startswith("-")
    name = identifier.removeprefix("-")
    if not name or name in ("$", "!$") or any(ord(char) < 32 for char in name):
        raise ValueError("the identifier is empty" if not name.strip("$!") else "the identifier has control characters")
    if name in (ANYONE, AUTHENTICATED, OWNER):
        return Who(name), negative
    if name.startswith("!$"):
        return Who(GROUP_OVERRIDE, name[2:]), negative
    if len(name) > LONGEST:
        raise ValueError(f"an identifier has at most {LONGEST} characters")
    return (Who(GROUP, name[1:]) if name.startswith("$") else Who(USER, name)), negative


def to_identifier(who: Who, *, negative: bool = False) -> str:
    """The other way round."""
    before = {GROUP: "$", GROUP_OVERRIDE: "!$"}.get(who.kind, "")
    return ("-" if negative else "") + (before + who.name if who.kind in _NAMED else who.kind)


def listed(acl: Acl, owner: str | None) -> list[tuple[str, Rights]]:
    """Identifiers and rights as GETACL tells them. `owner`: whose account it is; None for one that is everybody's."""
    found = [(to_identifier(e.who, negative=e.negative), e.rights) for e in sorted(acl.entries, key=_place)]
    if owner is not None and acl.entry(Who(USER, owner)) is None and acl.entry(Who(OWNER)) is None:
        found.insert(0, (owner, ALL))
    return found


def granted(acl: Acl, who: Who, owner: str | None, *, negative: bool = False) -> Rights:
    """What the list gives, or takes by its negative entry, to an identifier; the owner's rights need not be written."""
    entry = acl.entry(who, negative=negative)
    if entry is not None:
        return entry.rights
    if negative or not _is_owner(who, owner):
        return NONE
    general = acl.entry(Who(OWNER))
    return general.rights if general is not None else ALL


def required(who: Who, owner: str | None) -> Rights:
    """What an identifier is always granted, whatever a client sets."""
    return OWNERS if _is_owner(who, owner) else NONE


def changed(acl: Acl, who: Who, change: str, owner: str | None, *, negative: bool = False) -> Acl:
    """The list after SETACL. UnknownRight."""
    now = granted(acl, who, owner, negative=negative)
    kept = required(who, owner)
    after = rights.modified(now, change)
    if negative and not after - kept:
        return acl.without(who, negative=True)  # it would say nothing
    return acl.with_entry(Entry(who, after - kept if negative else after | kept, negative))


def visible_to(user: str) -> Iterable[Who]:
    """The identifiers by which a user comes to see other people's mailboxes."""
    return (Who(USER, user), Who(ANYONE), Who(AUTHENTICATED))


def _is_owner(who: Who, owner: str | None) -> bool:
    return owner is not None and who in (Who(OWNER), Who(USER, owner))
