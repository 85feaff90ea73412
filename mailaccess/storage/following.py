"""One mailbox in memory, and how it follows its files and its index, whoever changes them."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from sqlite3 import Connection
from typing import TypeVar

from mailaccess.storage import watch
from mailaccess.storage.box import Box
from mailaccess.storage.errors import DiskFull, NoSuchMailbox, StorageError, Unavailable, from_os
from mailaccess.storage.index import reading
from mailaccess.storage.index.delta import Delta
from mailaccess.storage.index.reading import News
from mailaccess.storage.index.rows import MailboxRow
from mailaccess.storage.index.transaction import Forgotten
from mailaccess.storage.lingering import LINGERING
from mailaccess.storage.listeners import Listeners
from mailaccess.storage.memory import Memory
from mailaccess.storage.openable import FactsMaker, Openable
from mailaccess.storage.opening import Opening
from mailaccess.storage.packed import pack
from mailaccess.storage.survey import doubtful, due
from mailaccess.storage.sync import lists_changed, recheck, settle, sync
from mailaccess.storage.text.full_text import FullText

log = logging.getLogger(__name__)

T = TypeVar("T")


class Following(Openable):
    """Properties, `poll`, `is_at_hand`, `status_in_memory` and `subscribe` are fit for the reactor; all else is for
    threads."""

    is_viewed = False
    """Somebody looks who has less than all rights, or flags of his own: see `viewed`."""

    def __init__(
        self, box: Box, facts: FactsMaker, texts: FullText | None = None, opening: Opening | None = None
    ) -> None:
        """`texts`: what can be asked instead of reading all messages. `opening`: if one is under way."""
        super().__init__(box, facts, texts)
        self._listeners = Listeners()
        self._emptied: tuple[int, int, int] | None = None  # stamp of new/ when all in it had been claimed
        self._woken = 0  # mtime of the wake file when the index had no more than memory
        self._listening = False  # to the kernel
        self._lost = False
        self._behind = False  # a write of this process may not be in memory, as nobody has told of its commit
        self._opening = opening  # until its rows are in memory
        self._memory = self._remember(self._everything() if opening is None else opening.news)
        if opening is not None:
            self._listeners.change(1)
            opening.then(self._opened_all)

    @property
    def number(self) -> int:
        """The index's number for it."""
        return self._box.id

    @property
    def is_lost(self) -> bool:
        """It was deleted, or replaced; there is no way back."""
        return self._lost

    # -- while it opens

    @property
    def is_opening(self) -> bool:
        """Of its messages no more is known than how many there are: `await_rows` before asking for anything else. Only
        who asked for the mailbox early gets it so."""
        return self._opening is not None

    @property
    def knows_names(self) -> bool:
        """What names of files tell is known in any case: UIDs and flags."""
        return self._opening is None or self._opening.knows_names

    def await_rows(self) -> None:
        """Returns when all is known of a mailbox that is opening."""
        self._recovering(lambda: None)

    def claim_early(self) -> int | None:
        """As `Mailbox.claim_recent`, without waiting. None: that cannot be."""
        return self._opening.claim() if self._opening is not None else None

    # -- news

    def poll(self) -> bool:
        """Whether `sync` might find news. Microseconds: one call of the kernel where it has just told that all is as it
        was, else three of stat; none where a file system may let us wait.

        While this process changes the mailbox, no: the directories differ for that reason, `sync` would have to wait
        for it, and each of its commits is told as it comes.
        """
        if not self._listeners.hear():
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
        box, memory, heard = self._box, self._memory, self._box.heard
        if self._listeners.is_changing or self._suspects or self._lost:
            return False
        if self._remote or not heard.covers:
            return False
        try:
            count, silent = heard.count, heard.is_silent()
            if lists_changed(box, memory.row) or (not silent and self._differs_from(memory)):
                return False
        except (StorageError, OSError, Forgotten):
            return False
        if not self._lock.acquire(blocking=False):
            return False  # news is being taken in: the row, which was compared, goes before the messages
        self._lock.release()
        if not silent:
            heard.fall_silent(count)
        return True

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
            with suppress(DiskFull):  # what is known can be read
                self.sync()

    def settle(self) -> None:
        """Spares the next process to read the directories, if what happened there was heard."""
        row = self._memory.row
        if not (row.new_settled and row.cur_settled):
            self._recovering(lambda: settle(self._box))

    def rest(self) -> None:
        """Listens no more, unless somebody has subscribed."""
        with self._listeners.lock:
            if not self._listeners:
                self._listening = False
                self._box.heard.disarm()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Has `callback` called after every commit and change on disk, from any thread; returns what ends that."""
        with self._listeners.lock:
            number = self._listeners.add(callback)
            self._listening = True
        if not self._remote and not self.is_opening:
            self._arm()
            if self.poll():  # it may have come before there was anybody to tell
                self._listeners.tell()
        return partial(self._unsubscribe, number)

    def pack(self) -> None:
        """Writes down what the next process to open the mailbox begins with, if it is large and much has happened."""
        self._recovering(lambda: pack(self._box, self._memory, self._lock))

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
            self._listeners.tell()  # who looks will find out
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

    def _write(self, work: Callable[[], T]) -> T:
        """Runs what changes the mailbox. It is not tried again where the index is lost meanwhile."""
        self._box.index.verify()
        if self.is_opening or self._recovering(self._box.index.instance) != self._box.instance:
            self._recovering(self._box.look)
        self._listeners.change(1)
        self._behind = True
        try:
            result = work()
        except Forgotten:
            self._recover()
            raise Unavailable("the index was lost and is being made anew; try again") from None
        finally:
            self._listeners.change(-1)
        try:
            if self._behind and self._differs(self._memory):
                self.refresh()
        except (StorageError, OSError, Forgotten):
            log.warning("%s was changed, but cannot be looked at", self.name, exc_info=True)
        return result

    def _recovering(self, work: Callable[[], T]) -> T:
        """Runs what may be run again, should the index be lost. StorageError also for what the system refuses."""
        if self._lost:
            raise NoSuchMailbox("the mailbox is no longer there")
        try:
            try:
                if self._opening is not None:
                    self._take_rows(self._opening)
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
            self._opening = None
            self._load()
        self._listeners.tell()

    def _take_rows(self, opening: Opening) -> None:
        """Waits for what a memory began without. Forgotten: it came to nothing."""
        opening.wait()
        if not opening.is_complete:
            raise Forgotten
        with self._lock:
            if self._opening is not None:
                if not opening.complete(self._memory):
                    self._load()
                self._refresh(self._news)
                self._opening = None

    def _opened_all(self) -> None:
        """The opening is over."""
        try:
            self.await_rows()
        except StorageError as error:
            log.warning("%s could not be opened: %s", self.name, error)  # until somebody asks again
        finally:
            self._listeners.change(-1)
        LINGERING.stay(self)
        self._listening = True
        self._arm()
        self._listeners.tell()  # who has it open looks what happened before there was anything to hear

    def _follow(self, deltas: Sequence[Delta]) -> bool:
        """Takes in what a commit of this process did; subscribers are told if that is news. False: that cannot be."""
        with self._lock:
            if self._opening is not None:
                return True  # all that happened is asked for when it is over
            memory = self._memory
            before = memory.messages, memory.messages.highest
            for delta in deltas:
                if not memory.is_before(delta):
                    return False
                if delta.row.version != delta.before and not memory.take(delta.news()):
                    self._load()
            same = before[0] is memory.messages and before[1] == memory.messages.highest
        if not same:
            self._listeners.tell()
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
                self._load()
            same = before[0] is memory.messages and before[1] == memory.messages.highest
        if not same:
            self._listeners.tell()

    def _load(self) -> None:
        """Takes in all there is, for want of less; with the lock. NoSuchMailbox: sessions have been told of messages
        that are not among it, since the index was lost before their UIDs were known."""
        if self._lost or not self._memory.complete(self._everything()):
            self._lost = True
            self._listeners.tell()
            raise NoSuchMailbox("the mailbox has changed while it was opened; open it again")

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

    def _hear(self) -> None:
        if self._listeners.hear():
            self._listeners.tell()

    def _arm(self) -> bool:
        """Watches the directories, if that is not done already or they were renamed."""
        return self._box.heard.arm(self._box.directory, self._box.index.wake, self._hear)

    def _unsubscribe(self, number: int) -> None:
        with self._listeners.lock:
            self._listeners.remove(number)
            if self._listeners:
                return
        LINGERING.stay(self)
