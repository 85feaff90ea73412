"""Storage errors are fit for the user."""

import errno
import os

import pytest

from mailaccess.storage.errors import DiskFull, MessageGone, OverQuota, StorageError, Unavailable, from_os


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, DiskFull), (errno.EDQUOT, OverQuota), (errno.EIO, Unavailable)]
)
def test_a_failed_call_becomes_the_error_that_tells_what_to_do(code: int, kind: type[StorageError]) -> None:
    """And no path of the server's is shown."""
    error = from_os(OSError(code, os.strerror(code), "/srv/mail/secret"))

    assert type(error) is kind
    assert "secret" not in str(error)


def test_a_message_that_is_gone_is_named() -> None:
    """By its UID."""
    error = MessageGone(7)

    assert (error.uid, str(error)) == (7, "message 7 is no longer there")
