"""What FETCH reads from messages' files: at once where it is little, else many files by one call to a thread."""

from collections.abc import Callable, Sequence
from typing import cast

from mailaccess.imap.binary import UnknownEncoding
from mailaccess.imap.section import ENDLESS, HeaderSpan, Span
from mailaccess.imap.wanted import Said, Stream, Value
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

    __slots__ = ("content", "cost", "end", "said", "uid", "undecodable", "values")

    def __init__(self, uid: int, size: int, said: Sequence[Said]) -> None:
        """`size`: octets of the message."""
        self.uid = uid
        self.said = said
        self.values: Sequence[Value] | None = None  # None in the end: the message is gone
        self.content: Content | None = None  # open, when a value is a stream of it
        self.undecodable = False  # it is there, but encoded in a way that is not known
        self.end = -1  # before which octet of the message ends what is read; -1: nothing is
        for one in said:
            if not isinstance(one, _AT_HAND) and one.end > self.end:
                self.end = one.end
        self.cost = min(self.end, size)  # octets that are read, at most
        if self.end < 0:
            self.values = cast("Sequence[Value]", said)


async def load_values(mailbox: Mailbox, wanted: Sequence[Line]) -> None:
    """Fills in `values` and `content`. Whoever asks closes the contents, also if this fails."""
    missing = [one for one in wanted if one.values is None]
    few = len(missing) <= _INLINE_MESSAGES and sum(one.cost for one in missing) <= _INLINE_OCTETS
    if not (few and _read(missing, mailbox.content_at_hand)):
        await call(_read_together, missing, mailbox)


def _read_together(wanted: Sequence[Line], mailbox: Mailbox) -> None:
    # What is decoded must be opened; and so must what is found to be nothing: is the message there?
    simple = {line.uid: line for line in wanted if 0 < line.end <= ENDLESS}
    for uid, text in mailbox.beginnings({uid: line.end for uid, line in simple.items()}):
        values = [said.within(text) if isinstance(said, _TEXTS) else said for said in simple[uid].said]
        simple[uid].values = cast("list[Value]", values)
    rest = [line for line in wanted if line.values is None]
    if rest:
        _read(rest, mailbox.opening([line.uid for line in rest]))


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
