"""The secrets by which a user's own URLs are told from forged ones (RFC 4467 2.2): one for each mailbox.

They stand beside the mail, in a file that only the server reads: a line each, a mailbox's GUID and the key. A mailbox
that is made anew has another GUID: no URL of the old one leads to it.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailaccess.storage.disk import locked, replace_file
from mailaccess.storage.errors import LimitReached, from_os

FILE = "mailaccess-urlauth"

MOST = 10_000
"""Keys of one user; those of mailboxes that were deleted count until all are reset."""

_KEY = 32  # octets; RFC 4467 wants 128 bits at least
_LINE = re.compile(r"([0-9a-f]{32}) ([0-9a-f]{64})")


def known_key(root: Path, guid: str) -> bytes | None:
    """The key for a mailbox in the table of the user whose mail is at `root`; None if there is none. StorageError."""
    try:
        return _read(root).get(guid)
    except OSError as error:
        raise from_os(error) from error


def access_key(root: Path, guid: str) -> bytes:
    """The same; made, durably, if there is none. StorageError."""
    key = known_key(root, guid)
    if key is not None:
        return key
    with _changing(root) as keys:
        return keys.setdefault(guid, secrets.token_bytes(_KEY))


def reset_keys(root: Path, guid: str | None = None) -> None:
    """Takes back, durably, all URLs of one mailbox, or of all. StorageError."""
    with _changing(root) as keys:
        if guid is None:
            keys.clear()
        else:
            keys[guid] = secrets.token_bytes(_KEY)


@contextmanager
def _changing(root: Path) -> Iterator[dict[str, bytes]]:
    """The table, to be changed while nobody else does."""
    file = root / FILE
    try:
        with locked(file):
            keys = _read(root)
            before = dict(keys)
            yield keys
            if len(keys) > MOST:
                raise LimitReached(f"at most {MOST} mailboxes have keys; RESETKEY without a name removes all")
            if keys != before:
                replace_file(file, "".join(f"{guid} {key.hex()}\n" for guid, key in sorted(keys.items())).encode())
                file.chmod(0o600)  # also if somebody had opened it to others
    except OSError as error:
        raise from_os(error) from error


def _read(root: Path) -> dict[str, bytes]:
    try:
        lines = (root / FILE).read_text("ascii", "replace").splitlines()
    except FileNotFoundError:
        return {}
    return {found[1]: bytes.fromhex(found[2]) for found in map(_LINE.fullmatch, lines) if found}
