"""Short texts of messages that FETCH has read, in memory, for who fetches them again: the octets as they are sent.

Unlike what facts say, a text tells that its file is there, and what it was: it is told from memory only as long as the
kernel, which tells of every change, has told of none.
"""

from collections import Counter
from collections.abc import Sequence

from mailaccess.imap.kept import ALONE, Kept
from mailaccess.imap.values import Batch
from mailaccess.imap.wanted import Block, Said, Wanted
from mailaccess.storage.mailbox import Mailbox

SHORT = 8 * 1024
"""Octets of a text that is kept: 128 of them are no more than is read from files at a time."""


class Retold:
    """The texts of all mailboxes that sessions of this process have selected. For one thread."""

    def __init__(self, limit: int = 64 << 20) -> None:
        """`limit`: octets, roughly."""
        self._kept = Kept(limit)
        self._most = limit * 3 // 4
        self._sessions: Counter[Mailbox] = Counter()

    @property
    def octets(self) -> int:
        return self._kept.octets

    def enter(self, mailbox: Mailbox) -> None:
        """A session selects it."""
        self._sessions[mailbox] += 1

    def leave(self, mailbox: Mailbox) -> None:
        """It does so no more; the last one leaves nothing behind."""
        self._sessions[mailbox] -= 1
        if self._sessions[mailbox] <= 0:
            del self._sessions[mailbox]
            self._kept.forget(mailbox)

    def recall(self, mailbox: Mailbox, items: Sequence[Wanted], block: Block, columns: list[Sequence[Said]]) -> None:
        """Puts texts that are known into the columns, in place of what would read them."""
        current = mailbox.messages
        if any(messages is not current for messages, _ in block.stretches) or not mailbox.is_unchanged():
            return
        for index, item in enumerate(items):
            if item.read_as is not None:
                texts = self._kept.column(mailbox, item.read_as, block.uids)
                pairs = zip(columns[index], texts, strict=True)
                columns[index] = [said if text is None else text for said, text in pairs]

    def command(self, mailbox: Mailbox, items: Sequence[Wanted]) -> "Telling":
        """What one command reads is handed to this."""
        return Telling(self._kept, mailbox, items, self._most)


class Telling:
    """Keeps what one command reads. Of more than there is room for it keeps the beginning: who goes through a large
    mailbox again and again finds that, and does not drive out all that others have read."""

    def __init__(self, kept: Kept, mailbox: Mailbox, items: Sequence[Wanted], room: int) -> None:
        self._kept = kept
        self._mailbox = mailbox
        self._room = room
        self._items = [(index, item.read_as) for index, item in enumerate(items) if item.read_as is not None]

    def keep(self, batch: Batch) -> None:
        """Keeps what is short of what was read."""
        if self._room <= 0:
            return
        for index, name in self._items:
            rows = zip(batch.uids, batch.said[index], batch.columns[index], strict=True)
            texts = {
                uid: text
                for uid, said, text in rows
                if text is not said and isinstance(text, bytes) and len(text) <= SHORT
            }
            self._room -= sum(map(len, texts.values())) + ALONE * len(texts)
            self._kept.add(self._mailbox, name, texts)
