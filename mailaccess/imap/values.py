"""What FETCH reads from messages' files: at once where it is little, else many files by one call to a thread."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mailaccess.imap.binary import UnknownEncoding
from mailaccess.imap.section import ENDLESS, HeaderSpan, Span
from mailaccess.imap.wanted import Said, Stream, Value
from mailaccess.storage.content import Content
from mailaccess.storage.errors import ContentChanged, MessageGone, ShortRead
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import call

_INLINE_MESSAGES = 4  # so few and small ones are read faster than a thread is asked to
_INLINE_OCTETS = 32 * 1024
_OCTETS_AT_ONCE = 1 << 20  # read by one call to a thread
_AT_HAND = bytes, int
_TEXTS = Span, HeaderSpan


class Batch:
    """Some messages, and for each item a column of what is said of them; then of what was found in their files.

    Messages are known by their place in the columns.
    """

    __slots__ = ("columns", "contents", "costs", "ends", "reading", "said", "uids", "undecodable", "unread")

    def __init__(
        self, uids: Sequence[int], sizes: Sequence[int], said: Sequence[Sequence[Said]], reading: Sequence[int]
    ) -> None:
        """`sizes`: octets of the messages. `reading`: in which of the columns there may be Sources."""
        self.uids = uids
        self.said = said
        self.columns: list[list[Any]] = list(map(list, said))  # with Values where there were Sources
        self.reading = reading
        # Before which octet of each message ends what is read; -1: nothing is.
        ends = [[-1 if isinstance(one, _AT_HAND) else one.end for one in said[index]] for index in reading]
        self.ends: Sequence[int] = ends[0] if len(ends) == 1 else list(map(max, *ends)) if ends else [-1] * len(uids)
        self.costs = list(map(min, self.ends, sizes))  # octets that are read of each, at most
        self.contents: dict[int, Content] = {}  # open, where a value is a stream of it
        self.unread: set[int] = set()  # those that are gone, or were not read yet
        self.undecodable: set[int] = set()  # those of them that are there, but encoded in a way that is not known

    def pieces(self) -> Iterator["Batch"]:
        """The same messages, as many at a time as are read by one call."""
        if sum(self.costs) < _OCTETS_AT_ONCE:
            yield self
            return
        start = octets = 0
        for end, cost in enumerate(self.costs, 1):
            octets += cost
            if octets >= _OCTETS_AT_ONCE or end == len(self.costs):
                part = slice(start, end)
                yield Batch(self.uids[part], self.costs[part], [each[part] for each in self.said], self.reading)
                start, octets = end, 0

    def close(self) -> None:
        """Closes the contents that are open."""
        for content in self.contents.values():
            content.close()


async def load_values(mailbox: Mailbox, batch: Batch) -> None:
    """Puts what Sources read in their place. Whoever asks closes the batch, also if this fails."""
    wanted = [row for row, end in enumerate(batch.ends) if end >= 0]
    batch.unread.update(wanted)
    few = len(wanted) <= _INLINE_MESSAGES and sum([batch.costs[row] for row in wanted]) <= _INLINE_OCTETS
    if not (few and _read(batch, wanted, mailbox.content_at_hand)):
        await call(_read_together, batch, mailbox)


def _read_together(batch: Batch, mailbox: Mailbox) -> None:
    uids, ends, unread = batch.uids, batch.ends, batch.unread
    columns = [(batch.said[index], batch.columns[index]) for index in batch.reading]
    # What is decoded must be opened; and so must what is found to be nothing: is the message there?
    rows = {uids[row]: row for row in unread if 0 < ends[row] <= ENDLESS}
    for uid, text in mailbox.beginnings({uid: ends[row] for uid, row in rows.items()}):
        row = rows[uid]
        for said, values in columns:
            one = said[row]
            if isinstance(one, _TEXTS):
                values[row] = one.within(text)
        unread.remove(row)
    rest = sorted(unread - batch.undecodable)
    if rest:
        _read(batch, rest, mailbox.opening([uids[row] for row in rest]))


def _read(batch: Batch, rows: Sequence[int], open_content: Callable[[int], Content | None]) -> bool:
    """Whether all were opened that are there."""
    for row in rows:
        found: list[Value] = []
        try:
            content = open_content(batch.uids[row])
            if content is None:
                return False
            batch.contents[row] = content
            sources = [batch.said[index][row] for index in batch.reading]
            found = [one if isinstance(one, _AT_HAND) else one.read(content) for one in sources]
        except (MessageGone, ContentChanged, ShortRead):
            pass
        except UnknownEncoding:
            batch.undecodable.add(row)
        if found:
            batch.unread.remove(row)
            for index, value in zip(batch.reading, found, strict=True):
                batch.columns[index][row] = value
        if row in batch.contents and not any(isinstance(value, Stream) for value in found):
            batch.contents.pop(row).close()
    return True
