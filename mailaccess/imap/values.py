"""What FETCH reads from messages' files: at once where it is little, else many files by one call to a thread."""

from collections.abc import Callable, Sequence
from typing import cast

from mailaccess.imap.binary import UnknownEncoding
from mailaccess.imap.items import Said, Stream, Value
from mailaccess.imap.section import HeaderSpan, Span
from mailaccess.storage.content import Content
from mailaccess.storage.errors import ContentChanged, MessageGone, ShortRead
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import call

_INLINE_MESSAGES = 4  # so few and small ones are read faster than a thread is asked to
_INLINE_OCTETS = 32 * 1024
_AT_HAND = bytes, int
_TEXTS = Span, HeaderSpan


class Line:
    """One message's values, and then those that were found in its file among them."""

    __slots__ = ("content", "cost", "said", "uid", "undecodable", "values")

    def __init__(self, uid: int, size: int, said: Sequence[Said]) -> None:
        """`size`: octets of the message."""
        self.uid = uid
        self.said = said
        self.content: Content | None = None  # open, when a value is a stream of it
        self.undecodable = False  # it is there, but encoded in a way that is not known
        self.cost = 0  # octets to be read
        sources = False
        for one in said:
            if not isinstance(one, _AT_HAND):
                sources = True
                self.cost += one.cost(size)
        self.values = None if sources else cast("Sequence[Value]", said)  # then None: the message is gone


async def load_values(mailbox: Mailbox, wanted: Sequence[Line]) -> None:
    """Fills in `values` and `content`. Whoever asks closes the contents, also if this fails."""
    missing = [one for one in wanted if one.values is None]
    few = len(missing) <= _INLINE_MESSAGES and sum(one.cost for one in missing) <= _INLINE_OCTETS
    if not (few and _read(missing, mailbox.content_at_hand)):
        await call(_read_together, missing, mailbox)


def _read_together(wanted: Sequence[Line], mailbox: Mailbox) -> None:
    ends = {line.uid: end for line in wanted if line.values is None and (end := _end(line.said))}
    beginnings = mailbox.beginnings(ends)
    for line in wanted:
        text = beginnings.get(line.uid)
        if text is not None:
            values = [said.within(text) if isinstance(said, _TEXTS) else said for said in line.said]
            line.values = cast("list[Value]", values)
    rest = [line for line in wanted if line.values is None]
    if rest:
        _read(rest, mailbox.opening([line.uid for line in rest]))


def _end(said: Sequence[Said]) -> int:
    """Before which octet ends all that has to be read; 0 where the message must be opened for it."""
    end = 0
    for one in said:
        if isinstance(one, _TEXTS):
            end = max(end, one.end)
        elif not isinstance(one, _AT_HAND):
            return 0
    return end


def _read(wanted: Sequence[Line], open_content: Callable[[int], Content | None]) -> bool:
    """Whether all were opened that are there; those that were once are not opened again."""
    for one in wanted:
        if one.values is not None or one.undecodable:
            continue
        content = None
        try:
            content = one.content = open_content(one.uid)
            if content is None:
                return False
            one.values = [said if isinstance(said, _AT_HAND) else said.read(content) for said in one.said]
        except (MessageGone, ContentChanged, ShortRead):
            one.values = None
        except UnknownEncoding:
            one.undecodable = True
        if content is not None and not (one.values and any(isinstance(value, Stream) for value in one.values)):
            content.close()
            one.content = None
    return True
