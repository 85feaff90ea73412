"""The lock on a maildrop: what one POP3 session at a time may have (RFC 1939, the TRANSACTION state)."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mailaccess.storage.errors import MaildropBusy, MaildropResting

_FILE = "maildrop.lock"


def open_lock(directory: Path) -> int:
    """The lock's file, in the index's directory, which is made if need be; a descriptor."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(directory / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def held(fd: int, rest: float) -> Iterator[None]:
    """Holds the lock, and closes the descriptor at the end.

    MaildropBusy; MaildropResting if it was last taken less than `rest` seconds ago.
    """
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MaildropBusy("another session has the maildrop open") from None
        before = os.fstat(fd)
        if before.st_size and 0 <= time.time() - before.st_mtime < rest:
            raise MaildropResting(f"wait {rest:g} seconds between two sessions")
        with suppress(OSError):  # a full disk keeps nobody from reading, and from removing
            os.pwrite(fd, b"\n", 0)  # which also dates it; an empty one has never been taken
        yield
    finally:
        os.close(fd)
