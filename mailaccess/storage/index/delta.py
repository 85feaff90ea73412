"""What one piece of work did to a mailbox, so that who has that in memory need not ask the index for it."""

import os
from collections.abc import Iterable

from mailaccess.storage.index.reading import Loaded, News
from mailaccess.storage.index.rows import MailboxRow, Message, packed, packed_words
from mailaccess.storage.names import Entry, no_names


class Delta:
    """A mailbox's row, and what became of its messages and their files."""

    __slots__ = ("before", "entered", "gone", "instance", "messages", "names", "row")

    def __init__(self, instance: str, row: MailboxRow) -> None:
        self.instance = instance  # of the database
        self.before = row.version
        self.row = row  # as it is then; not to be changed any more once that is committed
        self.messages: dict[int, Loaded] = {}  # what is new, or has a new mod-sequence, by UID
        self.entered: list[tuple[int, int]] = []  # UIDs, as ranges: only the index tells what is new there
        self.gone: list[tuple[int, int]] = []  # UIDs, as ranges
        self.names = no_names()

    def news(self) -> News:
        """The same as `reading.news` says of it."""
        return News(self.instance, self.row, sorted(self.messages.values()), self.gone)

    def add(self, messages: Iterable[Message]) -> None:
        """They are new."""
        for message in messages:
            self.messages[message.uid] = _loaded(message)
            self._place(message.entry)

    def enter(self, first: int, last: int) -> None:
        """Those of these UIDs are new, at first sight of the mailbox."""
        self.entered.append((first, last))

    def change(self, old: Message, new: Message) -> None:
        """One is another now."""
        if new.modseq != old.modseq:
            self.messages[new.uid] = _loaded(new)
        if new.entry != old.entry:
            self._leave(old.entry)
            self._place(new.entry)

    def remove(self, messages: Iterable[Message], gone: Iterable[tuple[int, int]]) -> None:
        """They are gone; of which UIDs that is told."""
        for message in messages:
            self.messages.pop(message.uid, None)
            self._leave(message.entry)
        self.gone += gone

    def _place(self, entry: Entry) -> None:
        self.names[entry.where][os.fsencode(entry.name)] = True

    def _leave(self, entry: Entry) -> None:
        self.names[entry.where][os.fsencode(entry.name)] = False


def _loaded(message: Message) -> Loaded:
    seconds = abs(message.stamp.mtime_ns) // 10**9  # SQL's division cuts
    return (
        message.uid,
        packed(message.entry.info),
        packed_words(message.extra),
        message.modseq,
        message.size,
        seconds if message.stamp.mtime_ns >= 0 else -seconds,
        message.saved,
    )
