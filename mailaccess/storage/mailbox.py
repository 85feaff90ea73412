"""One mailbox, shared by all sessions of a process that have it open.

Reading goes to memory; every change goes to disk and index first, and is in memory when the call returns.
"""

from collections.abc import Mapping, Sequence

from mailaccess.mail.flags import DELETED, Flags
from mailaccess.storage import expunging, flagging, keywords, replacing, transfer, writing
from mailaccess.storage.errors import DiskFull, NoSuchMailbox, from_os
from mailaccess.storage.flagging import Action
from mailaccess.storage.following import Following
from mailaccess.storage.incoming import Incoming
from mailaccess.storage.index import reading
from mailaccess.storage.names import Where
from mailaccess.storage.openable import FactsMaker
from mailaccess.storage.quota import Room
from mailaccess.storage.rights import ALL, Rights
from mailaccess.storage.vanished import vanished_since
from mailaccess.storage.writing import Added

__all__ = ["Action", "Added", "FactsMaker", "Incoming", "Mailbox"]


class Mailbox(Following):
    """Properties, `poll`, `cached_...`, `content_at_hand`, `is_unchanged` and `subscribe` are fit for the reactor; all
    else is for threads."""

    # -- who looks

    @property
    def rights(self) -> Rights:
        """What may be done here; fit for the reactor, as the next three are."""
        return ALL

    def rights_differ(self) -> bool:
        """What may be done here has changed since the last `sync`."""
        return False

    @property
    def shares_flags(self) -> bool:
        """Is there a flag that may be changed for others to see? (RFC 4314 5.2)"""
        return True

    def flags_seen(self, uids: Sequence[int]) -> Mapping[int, Flags]:
        """The flags of those of the messages that are there, as whoever looks sees them."""
        messages = self.messages
        rows = ((uid, messages.position(uid)) for uid in uids)
        return {uid: messages.flags[row] for uid, row in rows if row >= 0}

    def vanished_since(self, modseq: int, known: Sequence[range] | None = None) -> list[int]:
        """UIDs (ascending) that were expunged above a mod-sequence; where that is too long ago, all that are absent.

        `known`: only those among these, which ascend and do not overlap.
        """
        return self._recovering(lambda: vanished_since(self._box, self.messages, self.uidnext, modseq, known))

    def is_unchanged(self) -> bool:
        """Nothing has happened to the messages' files that is not in memory; mostly one call of the kernel. Only while
        it is listened to."""
        if self._listeners.is_changing or self._suspects or self._lost or self._remote:
            return False
        heard = self._box.heard  # that a file was written to is heard, and seen nowhere
        return not heard.listen() and (heard.is_silent() or self.is_at_hand())

    # -- changes

    def room(self, instead_of: "tuple[Mailbox, int] | None" = None) -> Room | None:
        """How much may be added, so that nothing need be taken in vain; None: anything.

        `instead_of`: the message of another mailbox, by its UID, that what is added will replace.
        """
        room = self._ask_room()
        if room is None or instead_of is None or instead_of[0]._box.index is not self._box.index:
            return room
        source, uid = instead_of[0]._box, instead_of[1]
        old = source.index.read(lambda connection: reading.message(connection, source.id, uid))
        return Room(room.storage + old.stamp.size, room.messages + 1) if old is not None else room

    @property
    def over_quota(self) -> bool:
        """There was too much when something was last added, and it was let in; fit for the reactor."""
        return self._box.quota is not None and self._box.quota.exceeded

    def incoming(self) -> Incoming:
        """A new message's file in tmp/."""
        try:
            try:
                return self._box.maildir.incoming()
            except NoSuchMailbox:
                self._recovering(self._box.look)  # it may have been renamed
                return self._box.maildir.incoming()
        except OSError as error:
            raise from_os(error) from error

    def append(self, items: Sequence[writing.Item], *, delivery: bool = False, asked: bool = False) -> list[int]:
        """Adds messages, (Incoming, flags, date or None) each, all or none. Their UIDs.

        A `delivery` without flags goes to new/, where other programs look for new mail. `asked`: `room` was, for this;
        other programs' doings are not looked for once more. OverQuota; LimitReached, for keywords.
        """
        if not asked:
            self._ask_room()
        return self._append(items, "new" if delivery else "cur", claiming=False).uids

    def append_claiming(self, items: Sequence[writing.Item]) -> Added:
        """As `append`, `room` having been asked, for a session that has the mailbox open and may write to it: the first
        to hear of these messages, unless it has still others to claim."""
        if self.is_viewed:
            return Added(self.append(items, asked=True), claimed=False)
        return self._append(items, "cur", claiming=True)

    def store(self, uids: Sequence[int], action: Action, flags: Flags, unchanged_since: int | None = None) -> list[int]:
        """Changes flags; gone messages are passed over. UIDs refused: of mod-sequences above `unchanged_since`.

        LimitReached, for keywords.
        """
        if action is not Action.REMOVE:
            keywords.check(flags)
            keywords.check_room(flags, self.keywords())
        spelled = self._memory.spelled(flags)
        return self._write(lambda: flagging.store(self._box, uids, action, spelled, unchanged_since))

    def copy(self, uids: Sequence[int], target: "Mailbox") -> list[tuple[int, int]]:
        """Copies all of the messages or none; gone ones are passed over. (UID here, UID there) each."""
        return target.receive(self, uids, moving=False)

    def move(self, uids: Sequence[int], target: "Mailbox") -> list[tuple[int, int]]:
        """Moves messages; gone ones are passed over. (UID here, UID there) each."""
        return target.receive(self, uids, moving=True)

    def receive(self, source: "Mailbox", uids: Sequence[int], *, moving: bool) -> list[tuple[int, int]]:
        """The other side of `copy` and `move`."""
        return self._receive(source, uids, source.flags_seen(uids) if source.is_viewed else None, moving=moving)

    def replace(self, uid: int, item: writing.Item, target: "Mailbox") -> int:
        """Adds a message to `target` and removes one from here: both or neither. The new one's UID. MessageGone."""
        return target.put_in_place(self, uid, item)

    def put_in_place(self, source: "Mailbox", uid: int, item: writing.Item) -> int:
        """The other side of `replace`."""
        incoming, flags, date = item
        keywords.check(flags)
        keywords.check_room(flags, self.keywords())
        spelled = incoming, self._memory.spelled(flags), date
        self._recovering(self._box.look)
        self._ask_room()
        return self._write(lambda: source._write(lambda: replacing.replace(source._box, uid, spelled, self._box)))

    def expunge(self, uids: Sequence[int] | None) -> list[int]:
        """Removes those of the messages (None: of all) that are \\Deleted. UIDs of what is gone."""
        if uids is None:
            self.refresh()
            messages = self.messages
            uids = [uid for uid, flags in zip(messages.uids, messages.flags, strict=False) if DELETED in flags]
        return self._write(lambda: expunging.expunge(self._box, uids, only_deleted=True))

    def remove(self, uids: Sequence[int]) -> list[int]:
        """Removes messages, whatever their flags. UIDs of what is gone."""
        return self._write(lambda: expunging.expunge(self._box, uids, only_deleted=False))

    def claim_recent(self) -> int:
        """Moves new/ to cur/ and claims \\Recent: returns the first UID that was, and now is no more for others, but
        where a full disk leaves no room to note that."""
        try:
            first = self._write(lambda: flagging.claim_recent(self._box))
        except DiskFull:
            return self.recent_floor
        stamp = self._memory.row.stamp
        self._emptied = stamp.of("new") if stamp is not None else None
        return first

    @property
    def is_claimed(self) -> bool:
        """`claim_recent` would change nothing and return `recent_floor`, where the mailbox is at hand."""
        row = self._memory.row
        return row.first_recent == row.uidnext and row.stamp is not None and row.stamp.of("new") == self._emptied

    # -- inside

    def _append(self, items: Sequence[writing.Item], where: Where, *, claiming: bool) -> Added:
        for _, flags, _ in items:
            keywords.check(flags)
        keywords.check_room([flag for _, flags, _ in items for flag in flags], self.keywords())
        spelled = [(incoming, self._memory.spelled(flags), date) for incoming, flags, date in items]
        return self._write(lambda: writing.append(self._box, spelled, where, claiming=claiming))

    def _ask_room(self) -> Room | None:
        """How much may be added; asked before anything is."""
        return self._recovering(self._box.quota.room) if self._box.quota is not None else None

    def _receive(
        self, source: "Mailbox", uids: Sequence[int], flags: Mapping[int, Flags] | None, *, moving: bool
    ) -> list[tuple[int, int]]:
        self._recovering(self._box.look)
        if not moving or source._box.index is not self._box.index:
            self._ask_room()
        transmit = transfer.move if moving else transfer.copy
        return self._write(lambda: source._write(lambda: transmit(source._box, uids, self._box, flags)))
