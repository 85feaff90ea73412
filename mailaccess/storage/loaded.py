"""The mailboxes of one account that are in memory: one object each, for all sessions that have it open.

A mailbox goes when the last of them has left it; a few stay longer, since the next session will open one of these.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakValueDictionary

from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.viewed import ViewedMailbox
from mailaccess.storage.viewer import Viewer

_KEPT = 8
"""Mailboxes that stay though no session has them open."""

Key = str | tuple[str, Viewer]
"""A mailbox's GUID; with the viewer, where it is as he sees it."""


class Loaded:
    """Any thread; fit for the reactor, but for what loads a mailbox."""

    def __init__(self) -> None:
        self._shared: WeakValueDictionary[str, Mailbox] = WeakValueDictionary()
        self._viewed: WeakValueDictionary[tuple[str, Viewer], ViewedMailbox] = WeakValueDictionary()
        self._kept: OrderedDict[Key, Mailbox] = OrderedDict()
        self._lock = threading.Lock()  # around all three, never held while one is loaded

    def mailbox(self, guid: str, load: Callable[[], Mailbox]) -> Mailbox:
        """The mailbox, the same for all; loaded if need be."""
        mailbox = self._known(guid)
        if mailbox is not None:
            return mailbox
        made = load()
        with self._lock:
            return self._shared.setdefault(guid, made)

    def viewed(self, guid: str, viewer: Viewer, load: Callable[[], ViewedMailbox]) -> ViewedMailbox:
        """The mailbox as one viewer sees it; loaded if need be."""
        key = guid, viewer
        with self._lock:
            mailbox = self._viewed.get(key)
        if mailbox is None or mailbox.is_lost:
            made = load()
            with self._lock:
                mailbox = self._viewed[key] = made
        return mailbox

    def keep(self, key: Key, mailbox: Mailbox) -> None:
        """Has it stay for a while when no session has it open any more."""
        with self._lock:
            self._kept[key] = mailbox
            self._kept.move_to_end(key)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def kept_in(self, directory: str) -> Mailbox | None:
        """The one in a directory, if it was kept, and it is no viewer's."""
        with self._lock:
            kept = [key for key, each in self._kept.items() if isinstance(key, str) and each.directory == directory]
        return self._known(kept[0]) if kept else None

    def shared(self) -> list[Mailbox]:
        """All that are in memory, but for viewers'."""
        with self._lock:
            return list(self._shared.values())

    def all(self) -> list[Mailbox]:
        """All that are in memory."""
        with self._lock:
            return [*self._shared.values(), *self._viewed.values()]

    def _known(self, guid: str) -> Mailbox | None:
        """The mailbox, if it is in memory; one that was lost is forgotten."""
        with self._lock:
            mailbox = self._shared.get(guid)
            if mailbox is not None and mailbox.is_lost:
                del self._shared[guid]
                return None
            return mailbox
