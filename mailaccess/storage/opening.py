"""Opening a large mailbox in two steps: what a session has to be told at once, and the rest, by a thread, meanwhile."""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

from mailaccess.storage.box import Box
from mailaccess.storage.errors import StorageError
from mailaccess.storage.index.reading import News
from mailaccess.storage.index.transaction import Forgotten
from mailaccess.storage.memory import Memory

log = logging.getLogger(__name__)

THREAD = "opening"
"""Name of the thread."""


class Opening(ABC):
    """One that is under way. Any thread may call."""

    knows_names = False
    """`news` has all that names of files tell: UIDs and flags."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._told = threading.Event()  # the first step is done, or nothing will come of it
        self._wanted = threading.Event()  # somebody waits for the rest
        self._over = threading.Event()
        self._news: News | None = None
        self._lock = threading.Lock()  # around the next one
        self._afterwards: Callable[[], None] | None = None
        self.is_complete = False  # asked when it is over

    def start(self) -> Self | None:
        """Returns when the first step is done. None: nothing comes of it."""
        threading.Thread(target=self._run, name=THREAD).start()
        self._told.wait()
        return self if self._news is not None else None

    @property
    def news(self) -> News:
        """What a memory begins with."""
        assert self._news is not None
        return self._news

    def wait(self) -> None:
        """Until it is over."""
        self._wanted.set()
        self._over.wait()

    def then(self, afterwards: Callable[[], None]) -> None:
        """Has that called when it is over: by its thread, or at once."""
        with self._lock:
            if not self._over.is_set():
                self._afterwards = afterwards
                return
        afterwards()

    @abstractmethod
    def claim(self) -> int | None:
        """As `flagging.claim_recent`. None: it cannot be done now."""

    @abstractmethod
    def complete(self, memory: Memory) -> bool:
        """Puts into memory what it began without. False: all has to be loaded."""

    # -- the thread

    def _tell(self, news: News) -> None:
        """The first step is done."""
        self._news = news
        self._told.set()

    def _rest(self, seconds: float) -> None:
        """For so long, unless the second step is waited for: who was told is answered sooner."""
        self._wanted.wait(seconds)

    def _run(self) -> None:
        try:
            self.is_complete = self._open()
        except (StorageError, Forgotten, OSError) as error:
            log.warning("%s could not be opened: %s", self._box.directory, error)
        finally:
            with self._lock:
                self._over.set()
            self._told.set()
            if self._afterwards is not None:
                self._afterwards()

    @abstractmethod
    def _open(self) -> bool:
        """Both steps; `_tell` between them. False: it came to nothing."""
