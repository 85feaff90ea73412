"""One mailbox, shared by all sessions of a process that have it open.

Reading goes to memory; every change goes to disk and index first, and is in memory when the call returns.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from sqlite3 import Connection
from typing import TypeVar

from mailaccess.mail.flags import DELETED, Flags
from mailaccess.storage import expunging, flagging, keywords, replacing, status, transfer, watch, writing
from mailaccess.storage.box import Box
from mailaccess.storage.errors import NoSuchMailbox, StorageError, Unavailable, from_os
from mailaccess.storage.flagging import Action
from mailaccess.storage.folders import INBOX, mailbox_name
from mailaccess.storage.index import packing, reading
from mailaccess.storage.index.delta import Delta
from mailaccess.storage.index.reading import News
from mailaccess.storage.index.rows import MailboxRow
from mailaccess.storage.index.transaction import Forgotten, Transaction
from mailaccess.storage.lingering import LINGERING
from mailaccess.storage.maildir import Incoming
from mailaccess.storage.memory import Memory
from mailaccess.storage.messages import Messages
from mailaccess.storage.openable import FactsMaker, Openable
from mailaccess.storage.quota import Room
from mailaccess.storage.rights import ALL, Rights
from mailaccess.storage.status import Status
from mailaccess.storage.survey import doubtful, due
from mailaccess.storage.sync import lists_changed, recheck, settle, sync
from mailaccess.storage.text.full_text import FullText
from mailaccess.storage.vanished import vanished_since

__all__ = ["Action", "FactsMaker", "Incoming", "Mailbox"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_LARGE = 1000  # messages for which it is worth while to `pack` them
_FEW = 100  # changes that are read from their rows ...
_PART = 100  # ... and so small a part of the messages is few, too


class Mailbox(Openable):
    """Properties, `poll`, `cached_...`, `content_at_hand` and `subscribe` are fit for the reactor; all else is for
    threads."""

    def __init__(self, box: Box, facts: FactsMaker, texts: FullText | None = None) -> None:
        """`texts`: what can be asked instead of reading all messages."""
        super().__init__(box, facts, texts)
        self._telling = threading.Lock()  # around the next three
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._numbers = count()
        self._emptied: tuple[int, int, int] | None = None  # stamp of new/ when all in it had been claimed
        self._woken = 0  # mtime of the wake file when the index had no more than memory
        self._changing = 0  # writes of this process under way
        self._unheard = False  # somebody polled meanwhile, or something was heard
        self._listening = False  # to the kernel
        self._lost = False
        self._memory = self._remember(self._everything())
        self._behind = False  # a write of this process may not be in memory, as nobody has told of its commit

    # -- who looks

    is_viewed = False
    """Somebody looks who has less than all rights, or flags of his own: see `viewed`."""

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

    # -- what is known

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

    @property
    def number(self) -> int:
        """The index's number for it."""
        return self._box.id

    @property
    def is_lost(self) -> bool:
        """It was deleted, or replaced; there is no way back."""
        return self._lost

    def keywords(self) -> tuple[str, ...]:
        """The keywords known in this mailbox."""
        return self._memory.keywords()

    # -- news

    def poll(self) -> bool:
        """Whether `sync` might find news. Microseconds: one call of the kernel where it has just told that all is as it
        was, else three of stat; none where a file system may let us wait.

        While this process changes the mailbox, no: the directories differ for that reason, `sync` would have to wait
        for it, and each of its commits is told as it comes.
        """
        if self._changing:
            self._unheard = True
            return False
        if self._remote:
            return True
        heard = self._box.heard
        if self._suspects:
            return True
        if heard.is_silent():
            return False
        try:
            count = heard.count
            if self._differs_from(self._memory):
                return True
        except (StorageError, OSError, Forgotten):
            return True  # sync will meet it, and say so
        heard.fall_silent(count)
        return False

    def is_at_hand(self) -> bool:
        """All of it is known to be as it is in memory, so that a session can open it; microseconds, as `poll`. Only
        while it is listened to."""
        box, memory = self._box, self._memory
        if self._changing or self._suspects or self._lost or self._remote or not box.heard.covers:
            return False
        try:
            count = box.heard.count
            if lists_changed(box, memory.row) or self._differs_from(memory):
                return False
        except (StorageError, OSError, Forgotten):
            return False
        box.heard.fall_silent(count)
        return True

    def status_in_memory(self, *, size: bool) -> Status | None:
        """The sums of a mailbox that is at hand; None where files have still to be read for its size."""
        row, messages = self._memory.row, self.messages
        if size and row.unsized:
            return None
        return status.of(row, len(messages.uids_between(row.first_recent, row.uidnext)))

    def refresh(self) -> None:
        """Takes in what others committed, without a look at the disk."""
        self._recovering(lambda: self._refresh(self._news))

    def sync(self) -> None:
        """Takes in what changed on disk and in the index. NoSuchMailbox."""
        self._box.index.verify()
        suspects, self._suspects = self._suspects, set()
        self._recovering(lambda: self._sync(sorted(suspects)))
        self._make_wake()

    def attend(self) -> None:
        """As `sync`, and listens to the kernel from now on, for a while even if nobody subscribes: see `lingering`."""
        if self._remote:
            self.sync()
            return
        LINGERING.stay(self)
        self._listening = True
        self._make_wake()  # what is not there is polled
        if self._arm() or not self.is_at_hand():
            self.sync()

    def settle(self) -> None:
        """Spares the next process to read the directories, if what happened there was heard."""
        row = self._memory.row
        if not (row.new_settled and row.cur_settled):
            self._recovering(lambda: settle(self._box))

    def rest(self) -> None:
        """Listens no more, unless somebody has subscribed."""
        with self._telling:
            if not self._callbacks:
                self._listening = False
                self._box.heard.disarm()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Has `callback` called after every commit and change on disk, from any thread; returns what ends that."""
        number = next(self._numbers)
        with self._telling:
            self._callbacks[number] = callback
            self._listening = True
        if not self._remote:
            self._arm()
            if self.poll():  # it may have come before there was anybody to tell
                self._tell()
        return partial(self._unsubscribe, number)

    def pack(self) -> None:
        """Writes down what the next process to open a large mailbox begins with, if much has happened since it was."""
        if len(self.messages) < _LARGE:
            return
        header = self._recovering(lambda: self._box.index.read_apart(partial(packing.header, mailbox=self._box.id)))
        with self._lock:
            row, messages = self._memory.row, self._memory.messages
            few = max(_FEW, len(messages) // _PART)
            if header and header.unsized <= row.unsized and messages.changes_since(header.modseq) < few:
                return
            fresh, chunks = self._memory.packed()

        def write(transaction: Transaction) -> None:
            if self._box.row(transaction).version == row.version:  # else it has changed meanwhile
                packing.write(transaction.connection, row.id, fresh, chunks)

        self._recovering(lambda: self._box.index.write(write, durable=False))

    def vanished_since(self, modseq: int, known: Sequence[range] | None = None) -> list[int]:
        """UIDs (ascending) that were expunged above a mod-sequence; where that is too long ago, all that are absent.

        `known`: only those among these, which ascend and do not overlap.
        """
        return self._recovering(lambda: vanished_since(self._box, self.messages, self.uidnext, modseq, known))

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
        self._recovering(self._box.look)  # it may have been renamed
        try:
            return self._box.maildir.incoming()
        except OSError as error:
            raise from_os(error) from error

    def append(self, items: Sequence[writing.Item], *, delivery: bool = False, asked: bool = False) -> list[int]:
        """Adds messages, (Incoming, flags, date or None) each, all or none. Their UIDs.

        A `delivery` without flags goes to new/, where other programs look for new mail. `asked`: `room` was, for this;
        other programs' doings are not looked for once more. OverQuota; LimitReached, for keywords.
        """
        for _, flags, _ in items:
            keywords.check(flags)
        keywords.check_room([flag for _, flags, _ in items for flag in flags], self.keywords())
        spelled = [(incoming, self._memory.spelled(flags), date) for incoming, flags, date in items]
        if not asked:
            self._ask_room()
        return self._write(lambda: writing.append(self._box, spelled, "new" if delivery else "cur"))

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
        """Moves new/ to cur/ and claims \\Recent: returns the first UID that was, and now is no more for others."""
        first = self._write(lambda: flagging.claim_recent(self._box))
        stamp = self._memory.row.stamp
        self._emptied = stamp.of("new") if stamp is not None else None
        return first

    @property
    def is_claimed(self) -> bool:
        """`claim_recent` would change nothing and return `recent_floor`, where the mailbox is at hand."""
        row = self._memory.row
        return row.first_recent == row.uidnext and row.stamp is not None and row.stamp.of("new") == self._emptied

    # -- for Account

    def committed(self, connection: Connection, deltas: Sequence[Delta]) -> None:
        """After a commit of this process: memory follows, subscribers are told."""

        def ask(since: int, version: int) -> News | None:
            found = reading.news(connection, self._box.id, since, version)
            return found or self._all(connection)

        self._behind = True
        try:
            if not self._follow(deltas):
                self._refresh(ask)
            self._behind = False
        except Forgotten:
            self._tell()  # who looks will find out
        for delta in deltas:
            self._box.heard.forget(delta.names)

    # -- inside

    def _sync(self, suspects: Sequence[int]) -> None:
        if self._listening:
            self._box.look()  # it may have been renamed
            self._arm()
        if suspects:
            recheck(self._box, suspects)
        sync(self._box, thorough=bool(suspects))
        self.refresh()

    def _remember(self, everything: News) -> Memory:
        return Memory(everything)

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

    def _write(self, work: Callable[[], T]) -> T:
        """Runs what changes the mailbox. It is not tried again where the index is lost meanwhile."""
        self._box.index.verify()
        if self._lost or self._box.index.instance() != self._box.instance:
            self._recovering(self._box.look)
        self._count_changing(1)
        self._behind = True
        try:
            result = work()
        except Forgotten:
            self._recover()
            raise Unavailable("the index was lost and is being made anew; try again") from None
        finally:
            self._count_changing(-1)
        try:
            if self._behind and self._differs(self._memory):
                self.refresh()
        except (StorageError, OSError, Forgotten):
            log.warning("%s was changed, but cannot be looked at", self.name, exc_info=True)
        return result

    def _count_changing(self, difference: int) -> None:
        with self._telling:
            self._changing += difference
            unheard = self._unheard and not self._changing
            self._unheard &= not unheard
        if unheard:
            self._tell()

    def _recovering(self, work: Callable[[], T]) -> T:
        """Runs what may be run again, should the index be lost. StorageError also for what the system refuses."""
        if self._lost:
            raise NoSuchMailbox("the mailbox is no longer there")
        try:
            try:
                return work()
            except Forgotten:
                self._recover()
            return work()
        except Forgotten:
            raise Unavailable("the index is being made anew; try again") from None
        except OSError as error:
            raise from_os(error) from error

    def _recover(self) -> None:
        """The index does not know this mailbox: it was deleted, or the index was lost. Only the same one will do."""
        self._box.index.verify()
        try:
            self._box.maildir.stamp()
            self._box.identify_again(self.uidvalidity)
            sync(self._box)
        except Forgotten:
            raise Unavailable("the index is being made anew; try again") from None
        except NoSuchMailbox:
            self._lost = True
            raise
        with self._lock:
            self._memory.load(self._everything())
        self._tell()

    def _follow(self, deltas: Sequence[Delta]) -> bool:
        """Takes in what a commit of this process did; subscribers are told if that is news. False: that cannot be."""
        with self._lock:
            memory = self._memory
            before = memory.messages, memory.messages.highest
            for delta in deltas:
                if not memory.is_before(delta):
                    return False
                if delta.row.version != delta.before and not memory.take(delta.news()):
                    memory.load(self._everything())
            same = before[0] is memory.messages and before[1] == memory.messages.highest
        if not same:
            self._tell()
        return bool(deltas)

    def _refresh(self, ask: Callable[[int, int], News | None]) -> None:
        """Brings memory up to date; subscribers are told if there was news."""
        with self._lock:
            memory = self._memory
            before = memory.messages, memory.messages.highest
            news = ask(memory.messages.highest, memory.row.version)
            if news is not None and news.instance != memory.instance:
                raise Forgotten
            if news is not None and news.row.version == memory.row.version:
                return
            if news is None or not memory.take(news):
                memory.load(self._everything())
            same = before[0] is memory.messages and before[1] == memory.messages.highest
        if not same:
            self._tell()

    def _all(self, connection: Connection) -> News | None:
        return reading.everything(connection, self._box.id, unpack=not self.is_viewed)

    def _news(self, since: int, version: int) -> News | None:
        return self._box.index.read(lambda connection: reading.news(connection, self._box.id, since, version))

    def _everything(self) -> News:
        found = self._box.index.read_apart(self._all)
        if found is None or found.instance != self._box.instance:
            raise Forgotten
        return found

    def _differs_from(self, memory: Memory) -> bool:
        return self._disk_differs(memory.row) or self._is_behind(memory)

    def _disk_differs(self, row: MailboxRow) -> bool:
        box, heard = self._box, self._box.heard
        losses = None if heard.covers else heard.losses()
        stamp = box.maildir.stamp(mend=False)
        if not doubtful(row, stamp):
            if losses is not None:
                heard.cover(losses)
            return heard.is_due
        # Within the clock's tick a change may leave the stamp as it is, but not unheard.
        return heard.listen() or bool(due(box, row, stamp))

    def _is_behind(self, memory: Memory) -> bool:
        """The index may have more than memory."""
        woken = self._box.index.wake.stat().st_mtime_ns
        if woken == self._woken:
            return False
        if self._differs(memory):
            return True
        self._woken = woken
        return False

    def _differs(self, memory: Memory) -> bool:
        known = memory.instance, memory.row.version
        return self._box.index.read(lambda connection: reading.version(connection, memory.row.id)) != known

    def _make_wake(self) -> None:
        if not self._box.index.wake.exists():
            watch.touch_wake(self._box.index.wake)

    def _tell(self) -> None:
        for callback in tuple(self._callbacks.values()):
            try:
                callback()
            except Exception:
                log.exception("a session could not be told of news")

    def _hear(self) -> None:
        """Something was heard. While this process changes the mailbox that is its own noise, or has to wait."""
        if self._changing:
            self._unheard = True
        else:
            self._tell()

    def _arm(self) -> bool:
        """Watches the directories, if that is not done already or they were renamed."""
        return self._box.heard.arm(self._box.directory, self._box.index.wake, self._hear)

    def _unsubscribe(self, number: int) -> None:
        with self._telling:
            self._callbacks.pop(number, None)
            if self._callbacks:
                return
        LINGERING.stay(self)
