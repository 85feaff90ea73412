"""The part of a mailbox that opens its messages, and keeps what was made of them."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from mailaccess.mail.lines import Buffer
from mailaccess.storage import contents, flagging, small
from mailaccess.storage.box import Box
from mailaccess.storage.content import Content
from mailaccess.storage.disk import is_remote
from mailaccess.storage.errors import MessageGone, StorageError, Unavailable
from mailaccess.storage.index import reading, threads
from mailaccess.storage.index.transaction import Forgotten
from mailaccess.storage.remembered import Remembered
from mailaccess.storage.text.asking import Asking
from mailaccess.storage.text.full_text import FullText

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FactsMaker:
    """What makes the opaque facts of a message from its octets in wire form, and what they say of its kin."""

    build: Callable[[Buffer], bytes]
    version: int
    kin: Callable[[bytes], Sequence[int]]  # the names by which its thread is found: see `index.threads`


class Openable(Remembered, ABC):
    """`cached_...` and `content_at_hand` are fit for the reactor; all else is for threads."""

    def __init__(self, box: Box, facts: FactsMaker, texts: FullText | None = None) -> None:
        self._box = box
        self._texts = texts
        self._facts = facts
        self._lock = threading.RLock()  # around writing to memory
        self._remote = is_remote(box.directory)  # its file system may let whoever asks wait, without end
        self._suspects: set[int] = set()  # UIDs whose file was not as expected

    def content(self, uid: int) -> Content:
        """The message's octets. MessageGone."""
        return self._opened(uid, lambda uid: contents.open_content(self._box, uid))

    def opening(self, uids: Sequence[int]) -> Callable[[int], Content]:
        """What does the same for some hundred messages, one by one, and is faster at it."""
        try:
            open_known = contents.opening(self._box, uids)
        except Forgotten:
            return self.content

        return lambda uid: self._opened(uid, open_known)

    def small_files(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The octets on disk of those of the messages that are small, and at hand: see `small`."""
        try:
            return small.files(self._box, uids)
        except Forgotten:
            return {}

    def beginnings(self, ends: Mapping[int, int]) -> Iterator[tuple[int, bytes]]:
        """The first octets, on the wire, of those of the messages that are small, and at hand: see `small`."""
        with suppress(Forgotten):
            yield from small.beginnings(self._box, ends)

    def unlike(self, uids: Sequence[int]) -> set[int]:
        """Those of the messages whose file is not where and what it was: to be opened, to see whether they are gone."""
        try:
            return small.unlike(self._box, uids)
        except Forgotten:
            return set(uids)

    def ask_texts(self) -> Asking | None:
        """The full-text index, to be asked about messages here. None: there is none, or not of these."""
        if self._texts is None:
            return None
        return self._texts.ask(self._memory.instance, self._box.id, self._memory.row.uidvalidity)

    def want_texts(self) -> None:
        """Somebody had to read messages for lack of a full-text index; fit for the reactor."""
        if self._texts is not None:
            self._texts.want(self._box.id)

    def content_at_hand(self, uid: int) -> Content | None:
        """The same, in the time it takes to open a file; None where that file would have to be looked for, or waited
        for."""
        if self._remote:
            return None
        return self._opened(uid, lambda uid: contents.open_at_hand(self._box, uid))

    def opening_at_hand(self, uids: Sequence[int]) -> Callable[[int], Content | None]:
        """What does the same for some messages, one by one, and is faster at it; None also where a file was renamed
        meanwhile."""
        if self._remote:
            return lambda _: None
        try:
            open_known = contents.opening_at_hand(self._box, uids)
        except Forgotten:
            return lambda _: None
        return lambda uid: self._opened(uid, open_known)

    def make_sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """The sizes of messages that are UNSIZED, read from their files. Gone ones are missing."""
        sizes = self._recovering(lambda: contents.make_sizes(self._box, uids))
        self._learn(sizes)
        return sizes

    def cached_facts(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The facts that are kept already."""
        try:
            return self._box.index.read(
                lambda connection: reading.facts(connection, self._box.id, uids, self._facts.version)
            )
        except (StorageError, Forgotten):
            return {}

    def make_facts(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Computes facts from the messages' files and keeps them. Gone ones are missing."""
        build, version = self._facts.build, self._facts.version
        facts, sizes = self._recovering(lambda: contents.make_facts(self._box, uids, build, version))
        self._learn(sizes)
        return facts

    def cached_threads(self, uids: Sequence[int]) -> dict[int, int]:
        """The threads, named by numbers, of the messages that were asked for before."""
        try:
            return self._box.index.read(lambda connection: threads.known(connection, self._box.id, uids))
        except (StorageError, Forgotten):
            return {}

    def make_threads(self, uids: Sequence[int]) -> dict[int, int]:
        """The threads of messages, the same at any later time. Gone ones are missing."""
        found = self.cached_threads(uids)
        for piece in flagging.slices([uid for uid in uids if uid not in found]):
            facts = self.cached_facts(piece)
            facts |= self.make_facts([uid for uid in piece if uid not in facts])
            names = {uid: self._facts.kin(facts[uid]) for uid in piece if uid in facts}
            found |= self._recovering(partial(contents.place, self._box, names))
        return found

    def uidls(self, uids: Sequence[int]) -> list[str]:
        """The messages' POP3 UIDLs."""
        return self._recovering(lambda: contents.uidls(self._box, self._memory.row, uids))

    @abstractmethod
    def _recovering(self, work: Callable[[], T]) -> T:
        """Runs what may be run again, should the index be lost."""

    def _opened(self, uid: int, open_content: Callable[[int], T]) -> T:
        """A message, open; one whose file was not as expected is looked at again by the next `sync`."""
        try:
            return open_content(uid)
        except MessageGone:
            if self._memory.messages.position(uid) >= 0:
                self._suspects.add(uid)
            raise
        except Forgotten:
            raise Unavailable("the index is being made anew; try again") from None

    def _learn(self, sizes: dict[int, int]) -> None:
        with self._lock:
            self._memory.set_sizes(sizes)
