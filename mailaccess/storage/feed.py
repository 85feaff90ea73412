"""What changes in an account, for those who watch more of it than the mailbox they have open.

One feed serves all sessions of a process: what the kernel or a commit said marks a part of the picture as stale, and
whoever looks first draws that part anew, for all. However much happened meanwhile, it takes one question to the index.
Names of files heard of say where to look, as for an open mailbox (`heard`).
"""

import logging
import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

from mailaccess.storage import acl, subscriptions, watch
from mailaccess.storage.box import Box
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.errors import LimitReached, NoSuchMailbox, StorageError, Unavailable, from_os
from mailaccess.storage.folders import INBOX, Folders
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.sums import Sums, sums
from mailaccess.storage.index.transaction import Forgotten
from mailaccess.storage.metadata import Metadata
from mailaccess.storage.picture import EVERYTHING, NOTHING, PART_OF_FILE, Part, Picture
from mailaccess.storage.sync import first_looks, sync
from mailaccess.storage.watch import Happened

log = logging.getLogger(__name__)

MOST = 2000
"""Mailboxes of an account that are watched for what other programs do: each takes two of the kernel's watches."""

_AT_ONCE = 50
"""Watches of mailboxes that are let go of while others wait: some 10 us each."""

_AGAIN = 0.1
"""Seconds after which a mailbox is compared once more, whose directories may have changed without its showing; or
that could not be looked at, and then each further time twice as long."""
_DOUBLED = 9
"""How often."""


class Listener:
    """One session's ear at a feed, from `Feed.listen` to `close`."""

    def __init__(self, feed: "Feed", number: int) -> None:
        self._feed = feed
        self._number = number

    @property
    def patience(self) -> float | None:
        """Seconds after which to look although nothing was heard; fit for the reactor."""
        return self._feed.patience

    def differs(self, picture: Picture) -> bool:
        """Whether `look` would show another one; fit for the reactor. No, while another session looks: all are told
        what it finds."""
        return self._feed.differs(picture)

    def hear(self) -> None:
        """Takes note of what has happened up to now; fit for the reactor."""
        self._feed.hear()

    def look(self) -> Picture:
        """The account as it is now. StorageError."""
        return self._feed.look()

    def watch(self, names: Collection[str]) -> None:
        """Says in which mailboxes messages are watched: all others are told of as far as the index knows, only. A
        `look` shows what happened in them. LimitReached."""
        self._feed.watch(self._number, names)

    def close(self) -> None:
        """Ends it."""
        self._feed.leave(self._number)


class Feed:
    """One account's. Calls may wait for the disk, and are for threads, unless they say otherwise."""

    def __init__(
        self, root: Path, index: Index, folders: Folders, metadata: Metadata, open_box: Callable[[str], Box]
    ) -> None:
        """`open_box` finds a mailbox by its name, and enters it into the index."""
        self._root = root
        self._index = index
        self._folders = folders
        self._metadata = metadata
        self._open_box = open_box
        self._looking = threading.Lock()  # around drawing, and the next four
        self._looker = 0  # the thread that does
        self._picture = Picture()
        self._places: dict[str, str] = {}  # names by directory, of the picture's tree
        self._boxes: dict[str, Box] = {}  # watched, by directory
        self._token = 0  # of the watch for the root and the wake file
        self._lock = threading.Lock()  # around all that follows
        self._numbers = count(1)
        self._listeners: dict[int, Callable[[], None]] = {}
        self._wanted: dict[int, frozenset[str]] = {}  # names, by listener
        self._stale = EVERYTHING
        self._dirty: set[str] = set()  # directories in which something happened
        self._again: set[str] = set()  # directories that are to be looked at once more after a while ...
        self._doubt = NOTHING  # ... and what is stale then ...
        self._failed = False  # at the last look something could not be looked at ...
        self._failures = 0  # ... and how often in a row before that
        self._own_wake = 0  # mtime of the wake file when we touched it

    # -- who listens

    def listen(self, wake: Callable[[], None]) -> Listener:
        """Has `wake` called, from any thread, whenever a look may show something new."""
        with self._lock:
            number = next(self._numbers)
            self._listeners[number] = wake
        with self._looking:
            watcher = watch.current()
            if watcher is not None and not self._token:
                if not self._index.wake.exists():
                    watch.touch_wake(self._index.wake)
                self._token = watcher.add([self._root, self._index.wake], self._note, self._tell)
                self._mark(EVERYTHING)
        return Listener(self, number)

    def leave(self, number: int) -> None:
        """Fit for the reactor."""
        with self._lock:
            self._listeners.pop(number, None)
            self._wanted.pop(number, None)
        if len(self._boxes) > _AT_ONCE:
            threading.Thread(target=self._rest, name="letting go of watches").start()
        else:
            self._rest()

    def _rest(self) -> None:
        """Lets go of everything when nobody listens; who looks just now does so when he has looked."""
        if self._listeners or not self._looking.acquire(blocking=False):
            return
        try:
            watcher = watch.current()
            if watcher is not None and self._token:
                watcher.remove(self._token)
            self._drop(list(self._boxes))
            self._token = 0
            with self._lock:
                self._stale, self._doubt, self._dirty, self._again = EVERYTHING, NOTHING, set(), set()
        finally:
            self._looking.release()

    def watch(self, number: int, names: Collection[str]) -> None:
        """See Listener.watch."""
        with self._looking:
            with self._lock:
                before = self._wanted.get(number, frozenset())
                self._wanted[number] = frozenset(names)
                wanted = frozenset().union(*self._wanted.values())
                if len(wanted) > MOST:
                    self._wanted[number] = before
                    raise LimitReached(f"messages are watched in at most {MOST} mailboxes")
            directories = {directory for directory, name in self._places.items() if name in wanted}
            self._drop(self._boxes.keys() - directories)
            with self._lock:
                self._dirty |= directories - self._boxes.keys()

    # -- what happens

    @property
    def patience(self) -> float | None:
        """Of a mailbox not all may have been heard, or what was could not be looked at."""
        return _AGAIN * 2 ** min(self._failures, _DOUBLED) if self._again or self._failed else None

    def differs(self, picture: Picture) -> bool:
        """See Listener.differs."""
        if picture is not self._picture:
            return True
        stale = self._stale or self._dirty or self._again or watch.current() is None
        return bool(stale) and not self._looking.locked()

    def hear(self) -> bool:
        """Takes note of what has happened up to now. False: there may be more. Fit for the reactor."""
        watcher = watch.current()
        return watcher is None or watcher.ready()

    def committed(self) -> None:
        """After a commit of this process, when the wake file has been touched. Any thread."""
        if self._listeners:
            with suppress(OSError):
                self._own_wake = self._index.wake.stat().st_mtime_ns
            if threading.get_ident() != self._looker:  # who will ask for the sums when all is taken in
                self._mark(Part.SUMS)

    def _note(self, happened: Happened | None) -> None:
        """What happened in the root, or to the wake file."""
        if happened is None:
            with self._lock:
                self._dirty |= self._boxes.keys()
                self._stale = EVERYTHING
            return
        stale = NOTHING
        if str(self._index.wake) in happened:
            stale |= NOTHING if self._is_own_wake() else Part.SUMS
        for name in happened.get(str(self._root), ()):
            stale |= Part.TREE if name.startswith(b".") else PART_OF_FILE.get(os.fsdecode(name), NOTHING)
        with self._lock:
            self._stale |= stale

    def _tell(self) -> None:
        """All that happened has been noted."""
        if self._stale or self._dirty:
            self._wake()

    def _is_own_wake(self) -> bool:
        try:
            return self._index.wake.stat().st_mtime_ns == self._own_wake
        except OSError:
            return False

    def _heard(self, directory: str) -> None:
        """Something happened to a mailbox's files."""
        self._mark(NOTHING, [directory])

    def _mark(self, stale: Part, dirty: Iterable[str] = ()) -> None:
        with self._lock:
            self._stale |= stale
            self._dirty.update(dirty)
        self._wake()

    def _wake(self) -> None:
        for wake in tuple(self._listeners.values()):
            wake()

    # -- looking

    def look(self) -> Picture:
        """See Listener.look."""
        with self._looking:
            before = self._picture
            self._looker = threading.get_ident()
            try:
                self._picture = picture = self._look(before)
            except OSError as error:
                raise from_os(error) from error
            finally:
                self._looker = 0
                self._failures = self._failures + 1 if self._failed else 0
        if picture is not before or self._stale or self._dirty:
            self._wake()
        self._rest()
        return picture

    def _look(self, before: Picture) -> Picture:
        while not self.hear():  # of a commit one may know before the kernel's events were read
            pass
        with self._lock:
            stale, self._stale, self._doubt = self._stale | self._doubt, NOTHING, NOTHING
            self._failed = False
            dirty, self._dirty, self._again = self._dirty | self._again, set(), set()
        if watch.current() is None:
            stale, dirty = EVERYTHING, dirty | self._boxes.keys()
        if not stale and not dirty:
            return before
        try:
            with suppress(Forgotten):
                return self._drawn(before, stale, dirty)
            return self._drawn(before, EVERYTHING, dirty | self._boxes.keys())
        except BaseException as error:
            with self._lock:
                self._failed = True
                self._stale |= stale
                self._again |= dirty
            if isinstance(error, Forgotten):
                raise Unavailable("the index is being made anew; try again") from None
            raise

    def _drawn(self, before: Picture, stale: Part, dirty: set[str], *, first: bool = True) -> Picture:
        self._index.verify()
        tree = before.tree
        if Part.TREE in stale:
            # Under the write lock, so that of a mailbox that is being renamed all children are, or none.
            found = self._index.write(lambda _: self._folders.mailboxes(), durable=False)
            if INBOX not in found:
                raise Unavailable("the mail is not where it was")
            tree = before.tree if found == before.tree else found
            self._places = {"" if path == self._root else path.name: name for name, path in tree.items()}
            if before.tree:
                self._identify(tree.keys() - before.tree.keys())
        dirty = dirty | self._change_watches()
        with suppress(StorageError, OSError):  # what is wrong is met again with the mailbox that has it
            first_looks(self._root, self._index, dirty & self._places.keys())
        for directory in sorted(dirty & self._places.keys()):
            self._sync(self._places[directory], directory)
        known = self._sums(before)
        moved = {directory for directory in self._boxes if self._is_moved(directory, known)}
        if first and (moved or (Part.TREE not in stale and before.sums.keys() & tree.keys() - known.keys())):
            self._drop(moved)
            return self._drawn(before, stale | Part.TREE, moved, first=False)
        picture = replace(before, tree=tree, sums=known, lists=self._lists(tree, before))
        if Part.SUBSCRIPTIONS in stale:
            picture = self._with_subscriptions(picture)
        if Part.ANNOTATIONS in stale or tree is not before.tree:
            picture = self._with_annotations(picture)
        return before if picture == before else picture

    def _sums(self, before: Picture) -> Mapping[str, Sums]:
        try:
            rows = self._index.read(sums)
        except Forgotten:
            rows = {}  # the index is made anew, as the mailboxes are looked into
        found = {name: rows[directory] for directory, name in self._places.items() if directory in rows}
        if found == before.sums:
            return before.sums
        return {name: old if (old := before.sums.get(name)) == now else now for name, now in found.items()}

    def _lists(self, tree: Mapping[str, Path], before: Picture) -> Mapping[str, FileStamp]:
        listed = (name for name, path in tree.items() if acl.is_listed(path))  # the quicker question
        found = {name: stamp for name in listed if (stamp := acl.stamp(tree[name])) is not None}
        return before.lists if found == before.lists else found

    def _with_subscriptions(self, picture: Picture) -> Picture:
        found = frozenset(subscriptions.read_subscriptions(self._root))
        return picture if found == picture.subscriptions else replace(picture, subscriptions=found)

    def _with_annotations(self, picture: Picture) -> Picture:
        try:
            places = self._metadata.places()
        except StorageError as error:
            log.warning("annotations cannot be read: %s", error)
            return picture
        names = {each.guid: name for name, each in picture.sums.items()} | {"": ""}
        found = {names[place]: owned for place, owned in places.items() if place in names}
        return picture if found == picture.annotations else replace(picture, annotations=found)

    # -- mailboxes

    def _identify(self, names: Iterable[str]) -> None:
        """Lets the index know where mailboxes are that were not there: they may have been moved."""
        for name in names:
            with suppress(StorageError, Forgotten, OSError):
                self._open_box(name)

    def _is_moved(self, directory: str, known: Mapping[str, Sums]) -> bool:
        """The mailbox that is watched there is not the one that the index has there."""
        found = known.get(self._places[directory])
        return found is None or found.guid != self._boxes[directory].guid

    def _change_watches(self) -> set[str]:
        """Lets go of mailboxes that are gone, or not wanted any more. The directories of those that are to be watched
        and are not."""
        with self._lock:
            wanted = frozenset().union(*self._wanted.values())
        directories = {directory for directory, name in self._places.items() if name in wanted}
        self._drop(self._boxes.keys() - directories)
        return directories - self._boxes.keys()

    def _drop(self, directories: Collection[str]) -> None:
        for directory in directories:
            box = self._boxes.pop(directory, None)
            if box is not None:
                box.heard.disarm()

    def _sync(self, name: str, directory: str) -> None:
        """Takes in what happened to a mailbox's files; what fails is tried again."""
        again = True
        try:
            box = self._boxes.get(directory)
            if box is None:
                box = self._boxes[directory] = self._open_box(name)
                box.heard.arm(box.directory, None, partial(self._heard, directory))
            sync(box)
            if box.directory != self._root / directory:
                raise NoSuchMailbox(f"{name} was renamed, and another has its place")
            # What happens within the tick of the clock may leave the directory's times as they are.
            again = not box.heard.covers and box.heard.losses() is not None
        except (Forgotten, NoSuchMailbox):
            self._drop([directory])
            self._doubt, self._failed = Part.TREE, True
        except (StorageError, OSError) as error:
            log.warning("a mailbox that is watched cannot be looked at: %s", error)
            self._failed = True
        if again:
            with self._lock:
                self._again.add(directory)
