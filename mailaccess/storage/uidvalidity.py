"""`dovecot-uidvalidity`: an account's highest UIDVALIDITY, so that no mailbox is ever given one again.

The file holds eight hex digits; an empty marker beside it, `dovecot-uidvalidity.<hex>`, is renamed with each
allocation, and that renaming is what decides between processes.
"""

import os
import re
from pathlib import Path

from mailaccess.storage.disk import rename_noreplace, replace_file
from mailaccess.storage.errors import Unavailable

FILE = "dovecot-uidvalidity"

_MARKER = re.compile(rf"{FILE}\.([0-9a-fA-F]{{8}})")
_HEX = re.compile(rb"[0-9a-fA-F]{8}")
_ATTEMPTS = 100


def next_uidvalidity(root: Path, now: int, floor: int = 0, number: int = 1) -> int:
    """A UIDVALIDITY above every earlier one of the account and above `floor`; at least `now`. Durable when returned.

    `number`: so many, of which this is the last; the others are just below.
    """
    for _ in range(_ATTEMPTS):
        marked = [int(found[1], 16) for name in os.listdir(root) if (found := _MARKER.fullmatch(name))]  # noqa: PTH208
        value = max(now, floor + 1, _last(root) + 1, *(each + 1 for each in marked)) + number - 1
        if value >= 2**32:
            raise Unavailable("no UIDVALIDITY is left")
        if _mark(root, max(marked, default=None), value):
            replace_file(root / FILE, b"%08x" % value)  # its sync of the directory is the marker's too
            return value
    raise Unavailable("no UIDVALIDITY could be reserved")


def _last(root: Path) -> int:
    try:
        found = _HEX.match((root / FILE).read_bytes())
    except FileNotFoundError:
        return 0
    return int(found[0], 16) if found else 0


def _mark(root: Path, old: int | None, value: int) -> bool:
    """Moves or makes the marker; False: another process was first."""
    marker = root / f"{FILE}.{value:08x}"
    try:
        if old is None:
            os.close(os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444))
        else:
            rename_noreplace(root / f"{FILE}.{old:08x}", marker)
    except (FileNotFoundError, FileExistsError):
        return False
    return True
