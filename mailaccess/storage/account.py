"""One user's mail: the tree of mailboxes, subscriptions, and the locks and files around them."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from weakref import ReferenceType, ref

from mailaccess.storage import acl, first_opening, maildrop, maintenance, reopening, special_uses, status, tree, watch
from mailaccess.storage.acls import Acls
from mailaccess.storage.box import Box
from mailaccess.storage.boxes import Boxes
from mailaccess.storage.catching_up import CatchUp
from mailaccess.storage.errors import InvalidName, StorageError
from mailaccess.storage.feed import Feed
from mailaccess.storage.folders import INBOX, Folders, directory_name, mailbox_name, normal_name, parents
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import WAKE, Index
from mailaccess.storage.index.delta import Delta
from mailaccess.storage.index.retrying import retried
from mailaccess.storage.lingering import LINGERING
from mailaccess.storage.loaded import Loaded
from mailaccess.storage.mailbox import FactsMaker, Mailbox
from mailaccess.storage.metadata import Annotations, Metadata, Owned
from mailaccess.storage.opening import Opening
from mailaccess.storage.overview import Found, Overview
from mailaccess.storage.quota import Allowance, Limits, Quota, Usage
from mailaccess.storage.status import Status
from mailaccess.storage.subscriptions import change_subscriptions, read_subscriptions
from mailaccess.storage.sync import sync, sync_with_room
from mailaccess.storage.text.full_text import FullText
from mailaccess.storage.transfer import take_back_unfinished
from mailaccess.storage.tree import DefaultMailbox
from mailaccess.storage.viewed import ViewedMailbox
from mailaccess.storage.viewer import Viewer, unseen_and_recent
from mailaccess.storage.watch import touch_wake


@dataclass(frozen=True, slots=True)
class MailboxEntry:
    """One name in the tree."""

    name: str
    selectable: bool = True  # False: only the parent of mailboxes
    special_use: frozenset[str] = frozenset()


class Account:
    """One user's mail. All calls may wait for the disk: they are for threads."""

    def __init__(
        self,
        root: Path,
        index_path: Path,
        facts: FactsMaker,
        defaults: Iterable[DefaultMailbox] = (),
        opened: Callable[[Index], None] = lambda _: None,
        granted: Callable[[], Allowance] = Allowance,
        fill: Callable[[FullText], None] | None = None,
    ) -> None:
        """`opened` is told before the index may open connections. `granted`: what it may hold; may wait. `fill` is told
        when the full-text index has to be filled; None: there is to be none."""
        self.root = root
        self.index_path = index_path
        self._facts = facts
        self._folders = Folders(root)
        # Nothing here knows the account: it is freed when nobody has it open, not when the garbage collector finds it.
        self.index = Index(index_path, partial(_committed, ref(self), index_path / WAKE), opened)
        self.metadata = Metadata(root)
        self._overview = Overview(root, self.index, self._folders)
        self._listed: tuple[Mapping[str, Found], list[MailboxEntry]] = {}, []  # as last listed
        self.quota = Quota(root, self.index, granted, CatchUp(root, self.index, self._folders))
        self._boxes = Boxes(root, self.index, self._folders, self.quota)
        self.acls = Acls(root, self.index, self._folders, self._boxes)
        self.feed = Feed(root, self.index, self._folders, self.metadata, self._boxes.open)
        self.texts = None if fill is None else FullText(self.index, self._boxes.inside, fill)
        self._loaded = Loaded()
        retried(lambda: tree.prepare(root, self.index, self._folders, tuple(defaults)))
        retried(lambda: take_back_unfinished(root, self.index))

    # -- the tree

    def mailboxes(self) -> list[MailboxEntry]:
        """All mailboxes, and the parents that exist as part of their names only; sorted, INBOX first."""
        return self._entries(retried(self._overview.mailboxes))

    def with_statuses(self, *, size: bool = True) -> tuple[list[MailboxEntry], Mapping[str, Status]]:
        """The same, and what `unlisted_status` says, by name, of those mailboxes for which that costs little."""
        found, statuses = retried(lambda: self._overview.with_statuses(size=size))
        return self._entries(found), statuses

    def has(self, name: str) -> bool:
        """There is a mailbox of this name; of one that can be none, there is not."""
        try:
            return retried(lambda: self._folders.find(normal_name(name))) is not None
        except InvalidName:
            return False

    def create(self, name: str, special_use: frozenset[str] = frozenset()) -> None:
        """Makes a mailbox. MailboxExists, InvalidName."""
        retried(lambda: tree.create(self.index, self._folders, self.quota, normal_name(name), special_use))

    def delete(self, name: str) -> None:
        """Removes a mailbox with its mail; its children stay. NoSuchMailbox, HasChildren, InvalidName."""
        guid = retried(lambda: tree.delete(self.index, self._folders, self.quota, normal_name(name)))
        if guid is not None:
            retried(lambda: self.metadata.forget(guid))

    def rename(self, old: str, new: str) -> None:
        """Renames a mailbox and its children; of INBOX it moves the messages to a new one (RFC 3501 6.3.5)."""
        old = normal_name(old)
        if old != INBOX:
            retried(lambda: tree.rename(self.index, self._folders, old, new))
            return
        self.create(new)
        inbox = self.mailbox(INBOX)
        target = self.mailbox(new)
        retried(lambda: self.metadata.copy(inbox.guid, target.guid))
        inbox.move(list(inbox.messages.uids), target)

    def subscriptions(self) -> list[str]:
        """The subscribed names, sorted; they need not exist."""
        return retried(lambda: read_subscriptions(self.root))

    def subscribe(self, name: str) -> None:
        """Subscribes to a name. InvalidName."""
        retried(lambda: change_subscriptions(self.root, add=[normal_name(name)]))

    def unsubscribe(self, name: str) -> None:
        """Ends a subscription, if there is one."""
        retried(lambda: change_subscriptions(self.root, remove=[normal_name(name)]))

    def set_special_use(self, name: str, uses: frozenset[str]) -> None:
        """Replaces the special uses of a mailbox. NoSuchMailbox, NotSelectable."""
        retried(lambda: special_uses.write(self._boxes.open(name).directory, uses))
        self._note_annotation(name)

    def guid(self, name: str) -> str:
        """The mailbox's GUID, which outlives the index from now on. NoSuchMailbox, NotSelectable."""

        def work() -> str:
            box = self._boxes.open(name)
            if box.look().uidlist is None:
                sync(box)  # writes it beside the mail
            return box.guid

        return retried(work)

    # -- annotations

    def annotations(self, name: str | None) -> Annotations:
        """Those of a mailbox, or with None of the account itself. NoSuchMailbox, NotSelectable."""
        if name is None:
            return Annotations(self.metadata, "")
        return Annotations(self.metadata, self.guid(name), partial(self._note_annotation, name))

    def _note_annotation(self, name: str) -> None:
        """ "it MUST increment the per-mailbox mod-sequence when SETMETADATA successfully changes an annotation on the
        corresponding mailbox" (RFC 7162 3.2)"""
        retried(lambda: self._boxes.open(name).raise_modseq())

    def annotated(self) -> dict[str, Owned]:
        """All annotations, by the mailbox's name; "" for the account's own."""
        places = self.metadata.places()
        if not places:
            return {}
        rows = retried(lambda: self.index.read(reading.mailboxes))
        names = {row.guid: mailbox_name(row.directory) or INBOX for row in rows if row.directory is not None}
        return {names.get(place, ""): owned for place, owned in places.items() if place in names or not place}

    # -- mailboxes

    def at_hand(self, name: str) -> Mailbox | None:
        """As `unlisted`, of what was lately open and nothing has happened in since: microseconds, for the reactor."""
        try:
            directory = directory_name(normal_name(name))
        except InvalidName:
            return None
        mailbox = self._loaded.kept_in(directory)
        if mailbox is None or not mailbox.is_at_hand() or acl.is_listed(f"{self.root}/{directory}"):
            return None
        self._loaded.keep(mailbox.guid, mailbox)
        return mailbox

    def mailbox(self, name: str) -> Mailbox:
        """The mailbox, shared with whoever has it open, and up to date. NoSuchMailbox, NotSelectable."""
        return self._open(retried(lambda: self._boxes.open(name)))

    def unlisted(self, name: str, *, early: bool = False) -> Mailbox | None:
        """The same, if no list says who may do what with it, so that its owner may do everything; else None.

        `early`: it may still be opening, see `Mailbox.is_opening`."""
        box = retried(lambda: self._boxes.open(name))
        return None if acl.is_listed(box.directory) else self._open(box, early=early)

    def viewed_status(self, name: str, viewer: Viewer, *, size: bool = True) -> Status:
        """As `status`; what is unseen, and \\Recent, is so for the viewer."""

        def work() -> Status:
            box = self._boxes.open(name)
            found = status.look(box, size=size)
            own = unseen_and_recent(box, viewer)
            return found if own is None else replace(found, unseen=own[0], recent=own[1])

        return retried(work)

    def unlisted_status(self, name: str, *, size: bool = True) -> Status | None:
        """As `status`, and as `unlisted`."""

        def work() -> Status | None:
            box = self._boxes.open(name)
            return None if acl.is_listed(box.directory) else status.look(box, size=size)

        return retried(work)

    def status_at_hand(self, name: str, *, size: bool = True) -> Status | None:
        """The same, from memory: as `at_hand`."""
        mailbox = self.at_hand(name)
        return mailbox.status_in_memory(size=size) if mailbox is not None else None

    def _open(self, box: Box, *, early: bool = False) -> Mailbox:
        mailbox = self._loaded.mailbox(box.guid, lambda: retried(lambda: self._load(box, early=early)))
        if not (early and mailbox.is_opening):
            mailbox.attend()
        self._loaded.keep(box.guid, mailbox)
        return mailbox

    def viewed(self, name: str, viewer: Viewer) -> ViewedMailbox:
        """The same for somebody who has less than all rights, or flags of his own."""
        box = retried(lambda: self._boxes.open(name))
        mailbox = self._loaded.viewed(box.guid, viewer, lambda: retried(lambda: self._load_viewed(box, viewer)))
        mailbox.attend()
        self._loaded.keep((box.guid, viewer), mailbox)
        return mailbox

    def status(self, name: str, *, size: bool = True) -> Status:
        """The mailbox's sums, fresh with disk. `size`: without it, files not yet read are not, and count as nothing."""
        return retried(lambda: status.look(self._boxes.open(name), size=size))

    @contextmanager
    def maildrop_lock(self, rest: float = 0.0) -> Iterator[None]:
        """Holds what one POP3 session at a time may have. MaildropBusy; MaildropResting if it was last taken less than
        `rest` seconds ago."""
        fd = retried(lambda: maildrop.open_lock(self.index_path))
        with maildrop.held(fd, rest):
            yield

    # -- care

    def maintain(self) -> None:
        """What is due from time to time: tmp/ is cleaned, uidlists are brought up to date, old expunges forgotten."""
        retried(lambda: maintenance.maintain(self.root, self.index, self._folders, time.time()))
        retried(self.quota.maintain)
        self._spare()

    def check(self) -> list[str]:
        """Compares index and disk to the last file; what was mended, in lines for people."""
        return retried(lambda: maintenance.check(self.root, self.index, self._folders))

    def close(self) -> None:
        """Brings the uidlists up to date and closes the index. Mailboxes still open stay usable."""
        if self.texts is not None:
            self.texts.close()
        self._overview.rest()
        try:
            self._spare()
            retried(lambda: maintenance.write_lists(self.root, self.index, self._folders))
        finally:
            LINGERING.end(self._loaded.all())
            self.index.close()

    # -- quota

    def limits(self) -> Limits:
        """How much there may be."""
        return retried(self.quota.limits)

    def usage(self) -> Usage:
        """How much there is, other programs' doings included: mailboxes that were never looked into take their time."""
        return retried(self.quota.usage)

    def set_limits(self, limits: Limits) -> None:
        """Sets what the user does not want to exceed himself. NotPermitted above what the administrator grants."""
        retried(lambda: self.quota.set_limits(limits))

    # -- inside

    def _entries(self, found: Mapping[str, Found]) -> list[MailboxEntry]:
        listed, entries = self._listed
        if found is listed:
            return list(entries)
        uses = {name: each.uses for name, each in found.items()}
        uses |= special_uses.by_name(found, {use for given in uses.values() for use in given})
        names = set(found)
        for name in found:
            names.update(parents(name))
        ordered = sorted(names, key=lambda name: (name != INBOX, name))
        entries = [MailboxEntry(name, name in found, uses.get(name, frozenset())) for name in ordered]
        self._listed = found, entries
        return list(entries)

    def _load(self, box: Box, *, early: bool) -> Mailbox:
        opening: Opening | None = first_opening.begin(box)
        if opening is None:
            sync_with_room(box)
            opening = reopening.begin(box) if early else None
        return Mailbox(box, self._facts, self.texts, opening)

    def _load_viewed(self, box: Box, viewer: Viewer) -> ViewedMailbox:
        sync_with_room(box)
        return ViewedMailbox(box, self._facts, viewer, self.texts)

    def _spare(self) -> None:
        """Does what the next process would have to, as long as it costs little here."""
        if not self.root.is_dir():
            return  # the account was removed; to ask the index would make it again
        for mailbox in self._loaded.shared():
            with suppress(StorageError):  # it may have been removed; without, all goes on, slower
                mailbox.settle()
                mailbox.pack()

    def _committed(self, connection: Connection, touched: set[int], deltas: Sequence[Delta]) -> None:
        for mailbox in self._loaded.all():
            mine = [delta for delta in deltas if delta.row.id == mailbox.number]
            if mine or mailbox.number in touched:
                mailbox.committed(connection, mine)
        if touched:
            with watch.unnoticed():
                touch_wake(self.index.wake)
                self.feed.committed()
            if self.texts is not None:
                self.texts.changed()


def _committed(
    account: ReferenceType[Account], wake: Path, connection: Connection, touched: set[int], deltas: Sequence[Delta]
) -> None:
    """After a commit: other processes are told in any case."""
    here = account()
    if here is not None:
        here._committed(connection, touched, deltas)
    elif touched:
        touch_wake(wake)
