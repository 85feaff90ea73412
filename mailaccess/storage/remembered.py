"""The part of a mailbox that is answered from what is known of it; all of it fit for the reactor."""

from mailaccess.storage import status
from mailaccess.storage.folders import INBOX, mailbox_name
from mailaccess.storage.memory import Memory
from mailaccess.storage.messages import Messages
from mailaccess.storage.status import Status


class Remembered:
    """What a mailbox is like, as far as this process knows."""

    _memory: Memory

    @property
    def name(self) -> str:
        """The mailbox's name at present."""
        directory = self._memory.row.directory
        return (mailbox_name(directory) if directory else None) or INBOX

    @property
    def directory(self) -> str | None:
        """Where it is in the account's root, "" for the root itself; None: nowhere."""
        return self._memory.row.directory

    @property
    def messages(self) -> Messages:
        """The current generation."""
        return self._memory.messages

    @property
    def guid(self) -> str:
        return self._memory.row.guid

    @property
    def uidvalidity(self) -> int:
        return self._memory.row.uidvalidity

    @property
    def uidnext(self) -> int:
        return self._memory.row.uidnext

    @property
    def highestmodseq(self) -> int:
        return self._memory.row.highestmodseq

    @property
    def recent_floor(self) -> int:
        """UIDs from here on are \\Recent to whoever claims them."""
        return self._memory.row.first_recent

    def keywords(self) -> tuple[str, ...]:
        """The keywords known in this mailbox."""
        return self._memory.keywords()

    def status_in_memory(self, *, size: bool) -> Status | None:
        """The sums of a mailbox that is at hand; None where files have still to be read for its size."""
        row, messages = self._memory.row, self.messages
        if size and row.unsized:
            return None
        return status.of(row, len(messages.uids_between(row.first_recent, row.uidnext)))
