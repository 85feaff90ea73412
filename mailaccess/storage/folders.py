"""The Maildir++ tree: which directories of an account's root are mailboxes, and what they are called.

INBOX is the root itself; `a/b` is the directory `.a.b` in it. Names on disk are modified UTF-7; a dot or backslash in a
name, and a tilde that begins it, are escaped as Dovecot's listescape does (`\\2e`). Directories that other programs named
differently are found by listing.
"""

from pathlib import Path

SEPARATOR = "/"


def normal_name(name: str) -> str:
    """The one spelling of a mailbox name: NFC, INBOX in capitals (also as the first part). InvalidName if it is none."""
    raise NotImplementedError


def directory_name(name: str) -> str:
    """The canonical directory of a (normal) mailbox name, relative to the root; "" for INBOX."""
    raise NotImplementedError


def mailbox_name(directory: str) -> str | None:
    """The mailbox name of a directory in the root, or None where it cannot be a mailbox's."""
    raise NotImplementedError


class Folders:
    """One account's mailboxes as directories. Holds no state but the root; nothing is cached."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def mailboxes(self) -> dict[str, Path]:
        """Every mailbox that exists as a directory, by name: INBOX first, then sorted."""
        raise NotImplementedError

    def find(self, name: str) -> Path | None:
        """The mailbox's directory, or None. NoSuchMailbox rather than a directory outside the root."""
        raise NotImplementedError

    def create(self, name: str) -> Path:
        """Makes the mailbox, durably. MailboxExists, InvalidName."""
        raise NotImplementedError

    def delete(self, name: str) -> None:
        """Removes the mailbox and all its mail; its children stay. NoSuchMailbox. INBOX: InvalidName."""
        raise NotImplementedError

    def rename(self, old: str, new: str) -> None:
        """Renames the directory and those of its children. NoSuchMailbox, MailboxExists, InvalidName (into itself).

        Not atomic where there are children: after a crash `finish_rename` does the rest.
        """
        raise NotImplementedError

    def finish_rename(self, old: str, new: str) -> None:
        """Moves what is still at its old name; does nothing where all is moved."""
        raise NotImplementedError

    def purge(self) -> None:
        """Removes what a crash left of deleted mailboxes."""
        raise NotImplementedError


def read_special_use(directory: Path) -> frozenset[str]:
    """The mailbox's special uses, such as "\\Sent"."""
    raise NotImplementedError


def write_special_use(directory: Path, uses: frozenset[str]) -> None:
    """Sets the mailbox's special uses, durably."""
    raise NotImplementedError
