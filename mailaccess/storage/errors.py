"""What storage refuses or fails at. `str(error)` is fit for the user."""

import errno


class StorageError(Exception):
    """Any refusal or failure of storage that a caller is expected to meet."""


class NoSuchMailbox(StorageError):  # noqa: N818
    """There is no mailbox of this name."""


class MailboxExists(StorageError):  # noqa: N818
    """There is a mailbox of this name already."""


class InvalidName(StorageError):  # noqa: N818
    """The name cannot be a mailbox's or a user's."""


class NotSelectable(StorageError):  # noqa: N818
    """The name is only the parent of mailboxes."""


class UnknownUse(StorageError):  # noqa: N818
    """A mailbox cannot be marked as of this special use: there is none that is called so."""


class NoSuchQuotaRoot(StorageError):  # noqa: N818
    """There is no quota root of this name."""


class HasChildren(StorageError):  # noqa: N818
    """The mailbox has others below it."""


class NotPermitted(StorageError):  # noqa: N818
    """The user lacks the right to do this to a mailbox that he may know of."""


class MaildropBusy(StorageError):  # noqa: N818
    """Another session holds the maildrop."""


class MaildropResting(StorageError):  # noqa: N818
    """The maildrop was opened too short a time ago."""


class MessageGone(StorageError):  # noqa: N818
    """The message is no longer there."""

    def __init__(self, uid: int) -> None:
        super().__init__(f"message {uid} is no longer there")
        self.uid = uid


class ContentChanged(StorageError):  # noqa: N818
    """The file is not the one that was expected: another program has written to it or put another in its place."""


class ShortRead(StorageError):  # noqa: N818
    """A message's file ends before its announced size."""


class TooBig(StorageError):  # noqa: N818
    """The message is larger than allowed."""


class LimitReached(StorageError):  # noqa: N818
    """More than is kept of something that is not mail."""


class TooManyAnnotations(LimitReached):
    """An account or a mailbox has as many annotations as it may have."""


class Unavailable(StorageError):  # noqa: N818
    """The mail cannot be reached just now; the same request may succeed later."""


class DiskFull(Unavailable):
    """No space is left where the mail is kept."""


class OverQuota(StorageError):  # noqa: N818
    """The user's quota is used up."""


def from_os(error: OSError) -> StorageError:
    """The storage error to raise for a failed system call. Its text names no path."""
    if error.errno == errno.ENOSPC:
        return DiskFull("no space is left where the mail is kept")
    if error.errno == errno.EDQUOT:
        return OverQuota("the disk quota is used up")
    return Unavailable(f"the mail cannot be reached: {error.strerror or 'input/output error'}")
