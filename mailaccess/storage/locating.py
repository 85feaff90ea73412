"""Where a message's file is, when another program renamed it since the index last looked."""

import os
from collections import Counter

from mailaccess.storage.box import Box
from mailaccess.storage.errors import Unavailable
from mailaccess.storage.index.rows import MailboxRow, Message, file_stamp, same_content
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.maildir import Scan
from mailaccess.storage.names import Entry

_TRIES = 50
_BUSY = "another program is changing this mailbox; try again"


class Locator:
    """Finds the files of one mailbox within one transaction; scans at most once, if at all."""

    def __init__(self, transaction: Transaction, box: Box, row: MailboxRow) -> None:
        self._transaction = transaction
        self.box = box
        self._row = row
        self._scan: Scan | None = None
        self._asked: Counter[int] = Counter()

    def again(self, message: Message) -> Message | None:
        """The message as its file is now, or None if it is gone. The index follows.

        Unavailable: another program renames so busily that neither can be told.
        """
        self._asked[message.uid] += 1
        if self._asked[message.uid] > _TRIES:
            raise Unavailable(_BUSY)
        maildir = self.box.maildir
        entry = self.box.find(message.entry)
        if entry is None:
            self._scan = self._scan or maildir.settled_scan(4)
            entry = self._scan.entries.get(message.entry.base)
            if entry is None and not self._scan.settled:
                raise Unavailable(_BUSY)
        if entry is None or not self._is_same(message, entry):
            self._transaction.remove(self._row, [message])
            return None
        if entry == message.entry:
            return message
        found = message._replace(entry=entry)
        if set(entry.letters) != set(message.entry.letters):
            found = found._replace(modseq=self._row.next_modseq(self._transaction.now_us))
        self._transaction.change(self._row, message, found)
        return found

    def _is_same(self, message: Message, entry: Entry) -> bool:
        try:
            return same_content(message.stamp, file_stamp(os.lstat(self.box.maildir.file(entry))))
        except FileNotFoundError:
            raise Unavailable(_BUSY) from None
