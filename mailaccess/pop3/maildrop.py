"""The maildrop: the INBOX as it was at login, locked against other POP3 sessions. Blocking; for `call`."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from mailaccess.mail.flags import SEEN
from mailaccess.storage import rights
from mailaccess.storage.access import Access
from mailaccess.storage.content import Content
from mailaccess.storage.errors import MessageGone
from mailaccess.storage.mailbox import Action
from mailaccess.storage.messages import UNSIZED

_AHEAD = 32  # messages of which the index is asked together


class Maildrop:
    """Messages are known by their number, 1 to `len(maildrop.uids)`, which never changes during a session."""

    def __init__(self, account: Access, rest: float = 0.0) -> None:
        """Locks the maildrop and takes the list of its messages.

        MaildropBusy; MaildropResting if the last session began less than `rest` seconds ago.
        """
        self._held = ExitStack()
        lock: AbstractContextManager[object] = account.maildrop_lock(rest)
        self._held.enter_context(lock)
        try:
            self._mailbox = account.mailbox("INBOX")
            messages = self._mailbox.messages
            self.uids = list(messages.uids)
            unsized = [uid for uid, size in zip(self.uids, messages.sizes, strict=False) if size == UNSIZED]
            made = self._mailbox.make_sizes(unsized) if unsized else {}
            # A message that went away just now keeps its number; RETR will say that it is gone.
            self.sizes = [
                made.get(uid, 0) if size == UNSIZED else size
                for uid, size in zip(self.uids, messages.sizes, strict=False)
            ]
            self.uidls = self._mailbox.uidls(self.uids)
        except BaseException:
            self._held.close()
            raise
        self.deleted: set[int] = set()
        self._ahead: Callable[[int], Content | None] = lambda _: None
        self._asked: frozenset[int] = frozenset()  # UIDs of messages that `_ahead` opens

    def close(self) -> None:
        """Gives the lock back."""
        self._held.close()

    def content(self, number: int) -> Content:
        """The message, open; MessageGone, which speaks of the number."""
        try:
            return self._mailbox.content(self.uids[number - 1])
        except MessageGone:
            raise MessageGone(number) from None

    def content_at_hand(self, number: int) -> Content | None:
        """The same, fit for the reactor; None where its file would have to be looked for.

        A client that asks for one will mostly ask for those behind it: the index is asked for them together.
        """
        uid = self.uids[number - 1]
        try:
            if uid not in self._asked:
                following = self.uids[number - 1 : number - 1 + _AHEAD]
                self._ahead, self._asked = self._mailbox.opening_at_hand(following), frozenset(following)
            return self._ahead(uid) or self._mailbox.content_at_hand(uid)
        except MessageGone:
            return None

    def mark_seen(self, numbers: list[int]) -> None:
        """Sets \\Seen, so that an IMAP client sees what was read here; not without the right to."""
        if rights.SEEN not in self._mailbox.rights:
            return
        uids = sorted({self.uids[number - 1] for number in numbers})
        self._mailbox.store(uids, Action.ADD, frozenset([SEEN]))

    def remove_deleted(self) -> None:
        """The UPDATE state: removes what was marked, and nothing else."""
        if self.deleted:
            self._mailbox.remove([self.uids[number - 1] for number in sorted(self.deleted)])

    @property
    def count(self) -> int:
        """How many messages are not marked."""
        return len(self.uids) - len(self.deleted)

    @property
    def counted(self) -> str:
        """`count` in words: "1 message", "2 messages"."""
        return f"{self.count} message{'' if self.count == 1 else 's'}"

    @property
    def octets(self) -> int:
        """The size of all that are not marked."""
        return sum(self.sizes) - sum(self.sizes[number - 1] for number in self.deleted)

    @property
    def remaining(self) -> list[int]:
        """Numbers of the messages that are not marked."""
        return [number for number in range(1, len(self.uids) + 1) if number not in self.deleted]
