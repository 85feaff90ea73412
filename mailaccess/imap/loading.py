"""What FETCH and SEARCH need of many messages: facts and threads, from the index; in slices, none of them long."""

from collections.abc import Iterator, Sequence

from mailaccess.imap.facts import Facts
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.messages import UNSIZED
from mailaccess.wire.traps import compute, turn

_FACTS_AT_ONCE = 128  # blobs of a few KB each: well below a millisecond
_MADE_AT_ONCE = 64  # messages, or octets of them: about 20 ms of work
_OCTETS_MADE_AT_ONCE = 4 << 20
_GUESS = 16 * 1024  # octets of a message of which not even the size is known


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
