"""A mailbox as somebody sees it who does not have all rights to it: mostly another user's.

It stands on the same directory and index as everybody's; what differs is what it lets be done, and whose \\Seen and
keywords its messages have.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from mailaccess.mail.flags import Flags
from mailaccess.storage import acl, flagging, keywords, rights, writing
from mailaccess.storage.box import Box
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.errors import NotPermitted
from mailaccess.storage.flagging import Action, slices
from mailaccess.storage.incoming import Incoming
from mailaccess.storage.index.reading import News
from mailaccess.storage.index.transaction import Transaction, ranges
from mailaccess.storage.mailbox import FactsMaker, Mailbox
from mailaccess.storage.memory import Memory
from mailaccess.storage.personal import UNTOUCHED, Change, Writer
from mailaccess.storage.quota import Room
from mailaccess.storage.rights import Rights
from mailaccess.storage.text.full_text import FullText
from mailaccess.storage.viewer import Personal, ViewedMemory, Viewer, right_for


class ViewedMailbox(Mailbox):
    """As Mailbox, for one viewer. What he may not do raises NotPermitted."""

    is_viewed = True

    def __init__(self, box: Box, facts: FactsMaker, viewer: Viewer, texts: FullText | None = None) -> None:
        self._viewer = viewer
        self._personal = Personal(box.directory, viewer)
        self._stamp: FileStamp | None = None
        self._rights = rights.NONE
        self._look_at_rights(box.directory)
        super().__init__(box, facts, texts)
        self._writer = Writer(viewer.user, self.uidvalidity)
        if isinstance(self._memory, ViewedMemory) and self._memory.behind:
            self._write(lambda: self._box.raise_modseq(durable=False))

    def _remember(self, everything: News) -> Memory:
        if not self._personal:
            return super()._remember(everything)
        return ViewedMemory(everything, self._box.root, self._viewer.user, self._personal)

    @property
    def name(self) -> str:
        """The mailbox's name at present, as the viewer knows it."""
        return self._viewer.prefix + super().name

    # -- rights

    @property
    def rights(self) -> Rights:
        return self._rights

    @property
    def shares_flags(self) -> bool:
        """Is there a flag that the viewer may change for others to see? (RFC 4314 5.2, "shared flag rights")"""
        shared = {rights.WRITE, rights.DELETE_MESSAGES} | (set() if self._personal.seen else {rights.SEEN})
        return bool(self._rights & shared)

    def poll(self) -> bool:
        return super().poll() or self.rights_differ()

    def rights_differ(self) -> bool:
        """The list is another one than when it was last looked at: a stat call."""
        try:
            return self._stamp != acl.stamp(self._box.directory)
        except OSError:
            return True

    def sync(self) -> None:
        super().sync()
        if self._stamp != acl.stamp(self._box.directory):
            self._look_at_rights(self._box.directory)

    def _look_at_rights(self, directory: Path) -> None:
        self._stamp = acl.stamp(directory)
        self._rights = acl.read_acl(directory).of(self._viewer.user, owner=self._viewer.owner)

    def _require(self, needed: str) -> None:
        """Refuses unless the viewer has all these rights now."""
        if self._stamp != acl.stamp(self._box.directory):
            self._look_at_rights(self._box.directory)
        if not set(needed) <= self._rights:
            raise NotPermitted(f"you have no right to do that in {self.name}")

    # -- changes

    def room(self, instead_of: tuple[Mailbox, int] | None = None) -> Room | None:
        """As Mailbox.room: needs "i", or for a delivery "p"."""
        self._require_either()
        return super().room(instead_of)

    def incoming(self) -> Incoming:
        self._require_either()
        return super().incoming()

    def append(self, items: Sequence[writing.Item], *, delivery: bool = False, asked: bool = False) -> list[int]:
        """As Mailbox.append: needs "i", a delivery "p". Flags that the viewer may not set are left out."""
        self._require(rights.POST if delivery else rights.INSERT)
        allowed = [self._allowed(flags) for _, flags, _ in items]
        shared = [
            (incoming, self._shared(flags), date) for (incoming, _, date), flags in zip(items, allowed, strict=True)
        ]
        uids = super().append(shared, delivery=delivery, asked=asked)
        self._own(dict(zip(uids, allowed, strict=True)))
        return uids

    def store(self, uids: Sequence[int], action: Action, flags: Flags, unchanged_since: int | None = None) -> list[int]:
        """As Mailbox.store, for the flags that the viewer may change: "STORE operation SHOULD NOT fail if the user has
        rights to modify at least one flag specified" (RFC 4314 section 4)."""
        self._require("")
        allowed = self._allowed(flags)
        if (flags and not allowed) or not self._rights & {rights.SEEN, rights.WRITE, rights.DELETE_MESSAGES}:
            raise NotPermitted(f"you have no right to change these flags in {self.name}")
        if action is not Action.REMOVE:
            keywords.check(allowed)
            keywords.check_room(allowed, self.keywords())
        spelled = self._memory.spelled(allowed)
        refused: list[int] = []

        def work() -> None:
            for piece in slices(uids):
                store = partial(self._store, uids=piece, action=action, flags=spelled, unchanged_since=unchanged_since)
                refused.extend(self._box.index.write(store, durable=False))

        self._write(work)
        return refused

    def expunge(self, uids: Sequence[int] | None) -> list[int]:
        self._require(rights.EXPUNGE)
        return super().expunge(uids)

    def remove(self, uids: Sequence[int]) -> list[int]:
        self._require(rights.DELETE_MESSAGES + rights.EXPUNGE)
        return super().remove(uids)

    def copy(self, uids: Sequence[int], target: Mailbox) -> list[tuple[int, int]]:
        return target.receive(self, uids, moving=False)

    def move(self, uids: Sequence[int], target: Mailbox) -> list[tuple[int, int]]:
        self._require(rights.DELETE_MESSAGES + rights.EXPUNGE)
        return target.receive(self, uids, moving=True)

    def receive(self, source: Mailbox, uids: Sequence[int], *, moving: bool) -> list[tuple[int, int]]:
        """As Mailbox.receive: needs "i". "Only when the user has a particular right are the corresponding flags stored
        for the newly created message" (RFC 4314 section 4)."""
        self._require(rights.INSERT)
        allowed = {uid: self._allowed(flags) for uid, flags in source.flags_seen(uids).items()}
        pairs = self._receive(source, uids, {uid: self._shared(flags) for uid, flags in allowed.items()}, moving=moving)
        self._own({new: allowed[old] for old, new in pairs if old in allowed})
        return pairs

    def replace(self, uid: int, item: writing.Item, target: Mailbox) -> int:
        """As Mailbox.replace: needs the rights "of UID STORE and UID EXPUNGE" here (RFC 8508 4.1)."""
        self._require(rights.DELETE_MESSAGES + rights.EXPUNGE)
        return super().replace(uid, item, target)

    def put_in_place(self, source: Mailbox, uid: int, item: writing.Item) -> int:
        """As Mailbox.put_in_place: needs "i". Flags that the viewer may not set are left out."""
        self._require(rights.INSERT)
        incoming, flags, date = item
        allowed = self._allowed(flags)
        new = super().put_in_place(source, uid, (incoming, self._shared(allowed), date))
        self._own({new: allowed})
        return new

    def claim_recent(self) -> int:
        """As Mailbox.claim_recent, for this viewer alone: files stay where they are, and others have their own."""
        if not isinstance(self._memory, ViewedMemory):
            return super().claim_recent()
        if self.recent_floor >= self.uidnext:
            return self.recent_floor
        return self._write(lambda: self._box.index.write(self._claim, durable=False))

    @property
    def is_claimed(self) -> bool:
        return self.recent_floor >= self.uidnext if isinstance(self._memory, ViewedMemory) else super().is_claimed

    @property
    def recent_floor(self) -> int:
        return self._memory.recent if isinstance(self._memory, ViewedMemory) else super().recent_floor

    # -- inside

    def _require_either(self) -> None:
        if not self._rights & {rights.INSERT, rights.POST}:
            self._require(rights.INSERT)

    def _may(self, flag: str) -> bool:
        return right_for(flag) in self._rights

    def _allowed(self, flags: Flags) -> Flags:
        return frozenset(filter(self._may, flags))

    def _shared(self, flags: Flags) -> Flags:
        return frozenset(flag for flag in flags if not self._personal(flag))

    def _own(self, flags: Mapping[int, Flags]) -> None:
        """Sets the viewer's own among the flags of new messages."""
        own = {uid: frozenset(filter(self._personal, each)) for uid, each in flags.items()}
        if any(own.values()):
            self._write(lambda: self._box.index.write(partial(self._set_own, own=own), durable=False))

    def _set_own(self, transaction: Transaction, own: Mapping[int, Flags]) -> None:
        row = self._box.row(transaction)
        same: dict[Flags, list[int]] = defaultdict(list)
        for uid, flags in sorted(own.items()):
            if flags:
                same[flags].append(uid)
        modseq = row.next_modseq(transaction.now_us)
        transaction.touched.add(row.id)
        changes = [Change(modseq, flags, tuple(ranges(uids))) for flags, uids in same.items()]
        self._writer.set(transaction, self._box.directory, row.id, changes)

    def _store(
        self, transaction: Transaction, uids: Sequence[int], action: Action, flags: Flags, unchanged_since: int | None
    ) -> list[int]:
        """One slice. The UIDs refused."""
        row = self._box.row(transaction)
        states = self._writer.states(self._box.directory) if self._personal else {}
        refused: list[int] = []
        taken: list[int] = []
        for message in transaction.messages(row, uids):
            modseq = max(message.modseq, states.get(message.uid, UNTOUCHED).modseq)
            is_newer = unchanged_since is not None and modseq > unchanged_since
            (refused if is_newer else taken).append(message.uid)
        shared = self._shared(flags)
        if shared or action is Action.REPLACE:
            may: Callable[[str], bool] = lambda flag: self._may(flag) and not self._personal(flag)  # noqa: E731
            flagging.store_slice(transaction, self._box, taken, action, shared, None, may)
        after = {
            uid: _changed(states.get(uid, UNTOUCHED).flags, action, flags, lambda f: self._may(f) and self._personal(f))
            for uid in taken
        }
        different = {uid: own for uid, own in after.items() if own != states.get(uid, UNTOUCHED).flags}
        if different:
            same: dict[Flags, list[int]] = defaultdict(list)
            for uid, own in different.items():
                same[own].append(uid)
            modseq = row.next_modseq(transaction.now_us)
            transaction.touched.add(row.id)
            changes = [Change(modseq, own, tuple(ranges(found))) for own, found in same.items()]
            self._writer.set(transaction, self._box.directory, row.id, changes)
        return refused

    def _claim(self, transaction: Transaction) -> int:
        row = self._box.row(transaction)
        row.version += 1  # others of this viewer's sessions look at the file
        transaction.touched.add(row.id)
        return self._writer.set_recent(transaction, self._box.directory, row.uidnext)


def _changed(own: Flags, action: Action, flags: Flags, may: Callable[[str], bool]) -> Flags:
    """The viewer's own flags after STORE; keywords are compared without regard to case."""
    given = frozenset(filter(may, flags))
    if action is Action.REPLACE:
        return frozenset(flag for flag in own if not may(flag)) | given
    if action is Action.ADD:
        return own | given
    folded = {flag.lower() for flag in given}
    return frozenset(flag for flag in own if flag.lower() not in folded)
