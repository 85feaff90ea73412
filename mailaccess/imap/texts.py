"""What searching in text looks into: the texts of messages, folded for comparison.

No more is read, decoded or folded than it takes: most messages are decided by a glance at their octets, and the texts
of one are made one by one until the needle is found. What was read is kept for the other keys of a program.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from mailaccess.mail import mime, text
from mailaccess.mail.lines import Buffer
from mailaccess.storage import small
from mailaccess.storage.content import Content
from mailaccess.storage.mailbox import Mailbox

LARGE = 1 << 20
"""Octets of a message whose texts are not kept, but decoded piece by piece for each key."""


class Texts:
    """The texts of a few messages at a time. For threads; GONE where a message is gone."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._files: dict[int, bytes] = {}  # of small messages, as they are on disk
        self._open: Callable[[int], Content] = mailbox.content
        self._kept: dict[tuple[int, bool], _Pieces] = {}

    def drop(self) -> None:
        """Others will be asked for next."""
        self._files.clear()
        self._kept.clear()

    def load(self, uids: Sequence[int]) -> None:
        """These will be asked for."""
        unread = [uid for uid in uids if uid not in self._files]
        if not unread:
            return
        self._files |= self._mailbox.small_files(unread)
        self._open = self._mailbox.opening([uid for uid in unread if uid not in self._files])

    def hold(self, uid: int, needle: str, *, header: bool) -> bool:
        """Whether a message's texts hold a folded needle: its bodies and, with `header`, its headers."""
        data = self._files.get(uid)
        if data is not None and (uid, header) not in self._kept:
            verdict = text.glance(data, needle)
            if verdict is not None:
                return verdict
        return any(needle in piece for piece in self.pieces(uid, header=header))

    def pieces(self, uid: int, *, header: bool) -> Iterable[str]:
        """A message's texts, made as they are asked for."""
        key = uid, header
        if key in self._kept:
            return self._kept[key]
        if uid in self._files:
            pieces = _Pieces(_folded(small.wire(self._files[uid]), header))
            self._kept[key] = pieces
            return pieces
        return self._opened(key)

    def _opened(self, key: tuple[int, bool]) -> Iterable[str]:
        uid, header = key
        with self._open(uid) as content:
            if content.size > LARGE:
                yield from _folded(content.as_buffer(), header)
                return
            kept = self._kept[key] = _Pieces(iter(list(_folded(content.as_buffer(), header))))
        yield from kept


class _Pieces:
    """Texts that are made once."""

    __slots__ = ("_made", "_rest")

    def __init__(self, rest: Iterator[str]) -> None:
        self._made: list[str] = []
        self._rest = rest

    def __iter__(self) -> Iterator[str]:
        yield from self._made
        for piece in self._rest:
            self._made.append(piece)
            yield piece


def _folded(data: Buffer, header: bool) -> Iterator[str]:
    return map(text.fold, text.searchable(data, mime.parse(data), headers=header))
