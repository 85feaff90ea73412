"""One account's full-text index, as its mailboxes and whoever fills it know it."""

import threading
from collections.abc import Callable

from mailaccess.storage.box import Box
from mailaccess.storage.index.database import Index
from mailaccess.storage.text.asking import Asking, Unanswered
from mailaccess.storage.text.database import TextFile
from mailaccess.storage.text.filling import Filling, Progress


class FullText:
    """Asked by searches, filled by whoever has the time. Any thread may call."""

    def __init__(
        self, index: Index, box: Callable[[str], Box], due: Callable[["FullText"], None] = lambda _: None
    ) -> None:
        """`box` gives the mailbox in a directory below the account's root; `due` is told when there is work to do."""
        self._file = TextFile(index.directory)
        self._filling = Filling(index, self._file, box)
        self._lock = threading.Lock()  # around filling
        self._due = due

    def ask(self, instance: str, mailbox: int, uidvalidity: int) -> Asking | None:
        """What answers a search, until it is closed; None: nothing does. `mailbox` is the number in that index."""
        opened = self._file.open(instance)
        if opened is None:
            return None
        try:
            return Asking(self._file, opened, mailbox, uidvalidity)
        except Unanswered:
            return None

    def want(self, mailbox: int) -> None:
        """A mailbox is to be filled, from now on; fit for the reactor."""
        self._filling.want(mailbox)
        self._due(self)

    def changed(self) -> None:
        """Messages came or went."""
        if self._file.exists():
            self._due(self)

    def fill(self, *, patient: bool = False) -> bool:
        """Some 20 ms of work; whether there is more. `patient`: waits for another process that is at it."""
        with self._lock:
            more = self._filling.step(patient=patient)
            if not more:
                self._filling.rest()
            return more

    def progress(self) -> Progress:
        """How far the mailboxes are."""
        with self._lock:
            return self._filling.progress()

    def size(self) -> int:
        """Octets on disk."""
        return self._file.size()

    def remove(self) -> bool:
        """Removes the file; not while somebody uses it."""
        self.close()
        return self._file.remove()

    def close(self) -> None:
        """Gives up what is kept between two calls."""
        with self._lock:
            self._filling.rest()
