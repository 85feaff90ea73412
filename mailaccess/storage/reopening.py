"""Opening a large mailbox that is known, in a process that did not have it open yet.

What SELECT says stands in its row; what takes time is to unpack its messages. So a session is told at once, and they
are unpacked meanwhile, as they were at that moment: in the same transaction.
"""

from sqlite3 import Connection

from mailaccess.storage.box import Box
from mailaccess.storage.disk import is_remote
from mailaccess.storage.index import reading
from mailaccess.storage.index.promising import promise
from mailaccess.storage.index.reading import News
from mailaccess.storage.memory import Memory
from mailaccess.storage.opening import Opening

LARGE = 5_000
"""Messages for which it is worth while: to unpack so many takes a millisecond or two."""

_REST = 0.02
"""Seconds in which SELECT is answered."""


def begin(box: Box) -> "Reopening | None":
    """Begins one, where there is nothing to claim. None: all has to be read first."""
    row = box.look()
    if row.messages < LARGE or row.first_recent != row.uidnext or is_remote(box.directory) or box.maildir.names("new"):
        return None
    return Reopening(box).start()


class Reopening(Opening):
    """`news` has the mailbox's row."""

    _everything: News | None = None

    def claim(self) -> int | None:
        """There was nothing to claim."""
        return self.news.row.first_recent

    def complete(self, memory: Memory) -> bool:
        assert self._everything is not None
        return memory.complete(self._everything)

    # -- the thread

    def _open(self) -> bool:
        self._everything = self._box.index.read_apart(self._read)
        return self._everything is not None

    def _read(self, connection: Connection) -> News | None:
        told = promise(connection, self._box.id)
        if told is None or told.instance != self._box.instance or told.row.first_recent != told.row.uidnext:
            return None
        self._tell(told)
        self._rest(_REST)
        return reading.everything(connection, self._box.id)
