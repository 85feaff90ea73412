"""The Maildir++ tree: which directories of an account's root are mailboxes, and what they are called.

INBOX is the root itself; `a/b` is the directory `.a.b` in it. Names on disk are modified UTF-7; a dot or backslash in
a part of the name, and a tilde that begins it, are escaped as Dovecot's listescape does (`\\2e`). Directories that
other programs named differently (Courier's UTF-8, NFD) are found by listing.
"""
# Paths are str where every mailbox is looked at: a Path costs more than the calls.
# ruff: noqa: PTH112, PTH113, S108

import os
import re
import shutil
import unicodedata
from functools import lru_cache
from pathlib import Path

from mailaccess.mail import mutf7
from mailaccess.storage.disk import rename_noreplace, sync_directory
from mailaccess.storage.errors import InvalidName, MailboxExists, NoSuchMailbox
from mailaccess.storage.maildir import Maildir
from mailaccess.storage.names import new_base

INBOX = "INBOX"
SEPARATOR = "/"

_MARK = "maildirfolder"  # an empty file that tells delivery programs of a sub-folder
_HALF_MADE = "mailaccess-new-"  # without a leading dot: no Maildir++ program takes it for a mailbox
_TRASH = "mailaccess-trash-"
_LONGEST = 255  # octets of a file name
_TO_ESCAPE = re.compile(r"^~|[.\\]")
_ESCAPED = re.compile(r"\\([0-9a-fA-F]{2})")
_NO_CHARACTERS = {"Cc", "Cs", "Zl", "Zp"}  # controls, surrogates, line and paragraph separators (RFC 6855 3)
_STRAY_DOT = re.compile(r"\.(?=\.|$)")


@lru_cache(4096)
def normal_name(name: str) -> str:
    """The one spelling of a mailbox name: NFC, INBOX in capitals, also as the first part. InvalidName if it is none."""
    parts = unicodedata.normalize("NFC", name).split(SEPARATOR)
    if parts[0].casefold() == INBOX.casefold():  # in capitals, a dotless i is one, too
        parts[0] = INBOX
    if not all(parts):
        raise InvalidName("a mailbox name and each of its parts need at least one character")
    if any(unicodedata.category(char) in _NO_CHARACTERS for char in name):
        raise InvalidName("a mailbox name holds no control characters and no ends of lines")
    normal = SEPARATOR.join(parts)
    if len(directory_name(normal)) > _LONGEST:
        raise InvalidName("the mailbox name is too long")
    return normal


def part_to_disk(part: str) -> str:
    """One part of a mailbox name as it stands between the dots of a directory's name. ASCII."""
    return mutf7.encode(_TO_ESCAPE.sub(lambda found: f"\\{ord(found[0]):02x}", part)).decode("ascii")


def part_from_disk(raw: str) -> str:
    """The part of a mailbox name that another program may have written in its own way."""
    data = os.fsencode(raw)
    try:
        part = mutf7.decode(data)
    except ValueError:
        try:
            part = data.decode()
        except ValueError:
            part = data.decode("latin-1")
    return _ESCAPED.sub(_unescape, part)


@lru_cache(4096)
def directory_name(name: str) -> str:
    """The canonical directory of a (normal) mailbox name, relative to the root; "" for INBOX."""
    return "" if name == INBOX else "." + ".".join(map(part_to_disk, name.split(SEPARATOR)))


def mailbox_name(directory: str) -> str | None:
    """The mailbox name of a directory in the root, or None where it cannot be a mailbox's.

    `..DOVECOT-TRASHED` and its like are none. A dot with nothing after it belongs to the part before it.
    """
    if not directory.startswith(".") or directory.startswith("..") or directory == ".":
        return None
    parts = _STRAY_DOT.sub(r"\\2e", directory[1:]).split(".")
    try:
        name = normal_name(SEPARATOR.join(map(part_from_disk, parts)))
    except InvalidName:
        return None
    return None if name == INBOX else name


def parents(name: str) -> list[str]:
    """The names that a mailbox is below, outermost first; they need not exist."""
    parts = name.split(SEPARATOR)
    return [SEPARATOR.join(parts[:depth]) for depth in range(1, len(parts))]


class Folders:
    """One account's mailboxes as directories. Holds no state but the root; nothing is cached.

    Callers hold the account's write lock around what changes the tree.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def mailboxes(self) -> dict[str, Path]:
        """Every mailbox that exists as a directory, by name: INBOX first, then sorted."""
        found: dict[str, Path] = {}
        with os.scandir(self.root) as entries:
            directories = sorted(entry.name for entry in entries if entry.name.startswith(".") and entry.is_dir())
        for directory in directories:
            name = self.name(directory)
            if name is not None and (name not in found or directory == directory_name(name)):
                found[name] = self.root / directory
        ordered = dict(sorted(found.items()))
        return {INBOX: self.root, **ordered} if self._is_mailbox(self.root) else ordered

    def name(self, directory: str) -> str | None:
        """The name of the mailbox in a directory of the root, "" for the root itself; None if there is none."""
        name = mailbox_name(directory) if directory else INBOX
        return name if name is not None and self._is_mailbox(self.root / directory) else None

    def find(self, name: str) -> Path | None:
        """The mailbox's directory, or None; never one outside the root."""
        directory = self.root / directory_name(name)
        if self._is_mailbox(directory):
            if not Maildir(directory).exists():
                Maildir(directory).create()  # a backup left out its empty cur/
            return directory
        return None if name == INBOX else self.mailboxes().get(name)

    def create(self, name: str) -> Path:
        """Makes the mailbox, durably and whole. MailboxExists, InvalidName."""
        name = normal_name(name)
        if self.find(name) is not None:
            raise MailboxExists(f"there is a mailbox {name} already")
        if name == INBOX:
            Maildir(self.root).create()
            return self.root
        made = self.root / f"{_HALF_MADE}{new_base()}"
        Maildir(made).create()
        (made / _MARK).touch(0o600)
        sync_directory(made)
        directory = self.root / directory_name(name)
        try:
            rename_noreplace(made, directory)
        except FileExistsError:
            shutil.rmtree(made, ignore_errors=True)
            raise MailboxExists(f"the place of {name} is taken") from None
        sync_directory(self.root)
        return directory

    def delete(self, name: str) -> None:
        """Removes the mailbox and all its mail; its children stay. NoSuchMailbox. INBOX: InvalidName."""
        if name == INBOX:
            raise InvalidName("INBOX cannot be deleted")
        directory = self._existing(name)
        trash = self.root / f"{_TRASH}{new_base()}"
        rename_noreplace(directory, trash)
        sync_directory(self.root)
        _remove(trash)

    def rename(self, old: str, new: str) -> None:
        """Renames the directory and those of its children. NoSuchMailbox, MailboxExists, InvalidName (into itself).

        `old` may be only the parent of mailboxes. Not atomic where there are several directories: after a crash
        `finish_rename` does the rest.
        """
        self.check_rename(old, new)
        self.finish_rename(old, normal_name(new))

    def check_rename(self, old: str, new: str) -> dict[str, str]:
        """Raises what stands against a rename; else says which names would get which."""
        new = normal_name(new)
        if old == INBOX or new.startswith(old + SEPARATOR):
            raise InvalidName(f"{old} cannot become {new}")
        mailboxes = self.mailboxes()
        moves = _moves(mailboxes, old, new)
        if not moves:
            raise NoSuchMailbox(f"there is no mailbox {old}")
        if new == old:
            raise MailboxExists(f"there is a mailbox {new} already")
        for name, target in moves.items():
            directory = self.root / directory_name(normal_name(target))
            if target not in moves and (target in mailboxes or os.path.lexists(directory)):
                raise MailboxExists(f"there is a mailbox {target} already, where {name} would go")
        return moves

    def finish_rename(self, old: str, new: str) -> None:
        """Moves what is still at its old name; does nothing where all is moved. What is in the way stays."""
        mailboxes = self.mailboxes()
        for name, target in _moves(mailboxes, old, new).items():
            try:
                rename_noreplace(mailboxes[name], self.root / directory_name(target))
            except (FileNotFoundError, FileExistsError):
                continue
        sync_directory(self.root)

    def purge(self) -> None:
        """Removes what a crash left of mailboxes half made or half deleted."""
        with os.scandir(self.root) as entries:
            remains = [Path(entry.path) for entry in entries if entry.name.startswith((_HALF_MADE, _TRASH))]
        for path in remains:
            _remove(path)

    def _existing(self, name: str) -> Path:
        directory = self.find(name)
        if directory is None:
            raise NoSuchMailbox(f"there is no mailbox {name}")
        return directory

    def _is_mailbox(self, directory: Path) -> bool:
        """It looks like one, and no symbolic link leads out of the root."""
        path = str(directory)
        if not os.path.isdir(f"{path}/cur") and not os.path.isfile(f"{path}/{_MARK}"):
            return False
        own = [] if directory == self.root else [path]  # the root itself is wherever the operator wants it
        links = filter(os.path.islink, [*own, f"{path}/cur", f"{path}/new", f"{path}/tmp"])
        return all(Path(link).resolve().is_relative_to(self.root.resolve()) for link in links)


def _moves(mailboxes: dict[str, Path], old: str, new: str) -> dict[str, str]:
    """From name to name, for `old` and its children; shorter ones first, so that `a/a/b` finds its place `a/b` free."""
    names = [name for name in mailboxes if name == old or name.startswith(old + SEPARATOR)]
    return {name: new + name[len(old) :] for name in sorted(names, key=len)}


def _remove(directory: Path) -> None:
    if directory.is_symlink():
        directory.unlink(missing_ok=True)
    else:
        shutil.rmtree(directory, ignore_errors=True)  # what stays is purged another time


def _unescape(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return found[0] if char == SEPARATOR or unicodedata.category(char) == "Cc" else char
