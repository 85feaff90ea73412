"""What FETCH and SEARCH need of many messages: facts from the index, texts from files; in slices, none of them long."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mailaccess.imap.binary import UnknownEncoding
from mailaccess.imap.facts import Facts
from mailaccess.imap.items import Read, Stream, Value
from mailaccess.storage.content import Content
from mailaccess.storage.errors import ContentChanged, MessageGone, ShortRead
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.messages import UNSIZED
from mailaccess.wire.traps import call, compute, turn

_FACTS_AT_ONCE = 128  # blobs of a few KB each: well below a millisecond
_MADE_AT_ONCE = 64  # messages, or octets of them: about 20 ms of work
_OCTETS_MADE_AT_ONCE = 4 << 20
_GUESS = 16 * 1024  # octets of a message of which not even the size is known

_INLINE_MESSAGES = 4  # so few and small ones are read faster than a thread is asked to
_INLINE_OCTETS = 32 * 1024


async def load_facts(mailbox: Mailbox, uids: Sequence[int]) -> dict[int, Facts]:
    """The facts of messages (ascending UIDs); what is gone and was not known before is missing.

    A blob is some KB: who goes through a whole mailbox does so in slices.
    """
    blobs: dict[int, bytes] = {}
    for start in range(0, len(uids), _FACTS_AT_ONCE):
        if start:
            await turn()
        blobs.update(mailbox.cached_facts(uids[start : start + _FACTS_AT_ONCE]))
    if len(blobs) < len(uids):
        for piece in _pieces(mailbox, [uid for uid in uids if uid not in blobs]):
            blobs.update(await compute(mailbox.make_facts, piece))
    return {uid: Facts(blob) for uid, blob in blobs.items()}


async def load_threads(mailbox: Mailbox, uids: Sequence[int]) -> dict[int, int]:
    """The threads of messages (a slice of them, UIDs ascending); what is gone and was not known before is missing."""
    threads = mailbox.cached_threads(uids)
    for piece in _pieces(mailbox, [uid for uid in uids if uid not in threads]):
        threads |= await compute(mailbox.make_threads, piece)
    return threads


def estimate(size: int) -> int:
    """Octets of a message whose size may not be known yet."""
    return _GUESS if size == UNSIZED else size


def _pieces(mailbox: Mailbox, uids: Sequence[int]) -> Iterator[list[int]]:
    """`uids` in pieces of about 20 ms of work."""
    messages = mailbox.messages
    piece: list[int] = []
    octets = 0
    for uid in uids:
        row = messages.position(uid)
        size = messages.sizes[row] if row >= 0 else UNSIZED
        piece.append(uid)
        octets += estimate(size)
        if len(piece) == _MADE_AT_ONCE or octets >= _OCTETS_MADE_AT_ONCE:
            yield piece
            piece, octets = [], 0
    if piece:
        yield piece


@dataclass(slots=True)
class Texts:
    """What is wanted of one message's file, and then what was found there."""

    uid: int
    size: int  # octets of the message
    facts: Facts | None
    reads: list[Read]
    values: list[Value] | None = None  # one for each of `reads`; None: the message is gone
    content: Content | None = None  # open, when a value is a stream of it
    undecodable: bool = False  # it is there, but encoded in a way that is not known


async def load_texts(mailbox: Mailbox, wanted: Sequence[Texts]) -> None:
    """Fills in `values` and `content`. Whoever asks closes the contents, also if this fails."""
    few = len(wanted) <= _INLINE_MESSAGES and sum(one.size for one in wanted) <= _INLINE_OCTETS
    if not (few and _read(wanted, mailbox.content_at_hand)):
        await call(_read_together, wanted, mailbox)


def _read_together(wanted: Sequence[Texts], mailbox: Mailbox) -> None:
    _read(wanted, mailbox.opening([one.uid for one in wanted if one.values is None]))


def _read(wanted: Sequence[Texts], open_content: Callable[[int], Content | None]) -> bool:
    """Whether all were opened that are there; those that were once are not opened again."""
    for one in wanted:
        if one.values is not None or one.undecodable:
            continue
        try:
            one.content = open_content(one.uid)
            if one.content is None:
                return False
            one.values = [read(one.content, one.facts) for read in one.reads]
        except (MessageGone, ContentChanged, ShortRead):
            one.values = None
        except UnknownEncoding:
            one.undecodable = True
        if one.content is not None and not (one.values and any(isinstance(value, Stream) for value in one.values)):
            one.content.close()
            one.content = None
    return True
