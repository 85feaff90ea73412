"""Who opens one message after the other: the index is asked for the files of some behind it, at once.

A row that was asked for earlier says where a file was and what it was then. Both are looked at when it is opened; where
they do not hold, the index is asked again.
"""

import threading
from collections import OrderedDict

from mailaccess.storage.box import Box
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import File

_TOGETHER = 32  # UIDs of which the index is asked together
_NEAR = 8  # a UID so little above the last one follows it: those between may be gone
_MAILBOXES = 64  # of which rows are kept: about 15 KB each


class _Row:
    """Where somebody is in a mailbox."""

    __slots__ = ("files", "last")

    def __init__(self) -> None:
        self.last = -_NEAR - 1
        self.files: dict[int, File] = {}


class Ahead:
    """Rows by mailbox; those that were not asked for longest go first. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: OrderedDict[tuple[str, int], _Row] = OrderedDict()

    def known(self, box: Box, uid: int) -> File | None:
        """A message's file as it was when the index was asked for another one, if it was."""
        with self._lock:
            row = self._rows.get((box.instance, box.id))
            return None if row is None else row.files.pop(uid, None)

    def ask(self, box: Box, uid: int) -> File | None:
        """As it is now. None: the index has no such message."""
        place = box.instance, box.id
        with self._lock:
            row = self._rows.pop(place, None) or _Row()
            self._rows[place] = row
            if len(self._rows) > _MAILBOXES:
                self._rows.popitem(last=False)
            follows = 0 < uid - row.last <= _NEAR
        uids = range(uid, uid + _TOGETHER) if follows else (uid,)
        files = box.index.read(lambda connection: reading.files_of(connection, box.id, uids))
        file = files.pop(uid, None)
        with self._lock:
            row.last = max(files, default=uid) if follows else uid
            row.files = {uid: file for uid, file in files.items() if file.line_ends is not None}
        return file
