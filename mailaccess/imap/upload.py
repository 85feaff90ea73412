"""The messages that one command brings, until all are there and stored: small ones in memory, large ones in tmp/."""

from dataclasses import dataclass, field

from mailaccess.imap.append_data import Options
from mailaccess.mail.flags import Flags
from mailaccess.storage.mailbox import Added, Incoming, Mailbox

SMALL = 64 * 1024
"""A message of at most so many octets waits in memory for the one call that stores the command's messages ..."""
SMALL_TOGETHER = 1024 * 1024
"""... unless there are so many of them."""

Item = tuple[Incoming, Flags, int | None]


@dataclass(slots=True)
class Upload:
    """All calls that write block. No more than one file is open at a time."""

    _items: list[tuple[bytes | Incoming, Options]] = field(default_factory=list)
    _held: int = 0  # octets in memory

    def fits(self, size: int) -> bool:
        """A message of `size` octets may be held in memory."""
        return size <= SMALL and self._held + size <= SMALL_TOGETHER

    def hold(self, message: bytes, options: Options) -> None:
        """Keeps a message that fits."""
        self._items.append((message, options))
        self._held += len(message)

    def begin(self, mailbox: Mailbox, options: Options) -> Incoming:
        """The file of a message that arrives in pieces; whoever writes it calls `sync` at its end. StorageError."""
        incoming = mailbox.incoming()
        self._items.append((incoming, options))
        return incoming

    def written(self, mailbox: Mailbox) -> list[Item]:
        """All of the messages as storage wants them, those in memory written out. StorageError."""
        for number, (message, options) in enumerate(self._items):
            if isinstance(message, bytes):
                incoming = mailbox.incoming()
                self._items[number] = incoming, options
                incoming.write(message)
                incoming.sync(options.date)
        return [(message, o.flags, o.date) for message, o in self._items if not isinstance(message, bytes)]

    def store(self, mailbox: Mailbox, *, claiming: bool) -> Added:
        """Puts them into the mailbox, whose `room` was asked for, all or none. StorageError.

        `claiming`: see Mailbox.append_claiming."""
        items = self.written(mailbox)
        if claiming:
            return mailbox.append_claiming(items)
        return Added(mailbox.append(items, asked=True), claimed=False)

    def discard(self) -> None:
        """Leaves nothing in tmp/."""
        for message, _ in self._items:
            if not isinstance(message, bytes):
                message.discard()
