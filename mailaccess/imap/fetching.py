"""The responses of a FETCH: messages in slices, lines of columns, texts from files, streams where they are long.

No slice holds the reactor for more than a few milliseconds, and no slow reader makes us hold more than the texts of one
batch.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_

from mailaccess.imap.facts import Facts
from mailaccess.imap.items import FLAGS, MODSEQ, UID, Block, Needs, Stream, Value, Wanted
from mailaccess.imap.loading import Texts, load_facts, load_texts, load_threads
from mailaccess.imap.session import Session
from mailaccess.imap.view import Ranges, length
from mailaccess.storage.content import Content
from mailaccess.storage.errors import StorageError
from mailaccess.storage.messages import UNSIZED, Messages
from mailaccess.wire.traps import Closing, Gone, TimedOut, call, drained, turn

log = logging.getLogger(__name__)

LINES_AT_ONCE = 512
"""Messages of which memory is asked: about half a millisecond."""

_MESSAGES_AT_ONCE = 128  # whose facts are loaded
_TEXTS_AT_ONCE = 50  # files read by one call to a thread, or octets in them
_OCTETS_AT_ONCE = 1 << 20
_PIECE = 64 * 1024  # of a streamed text
_BY_REFERENCE = 16 * 1024  # a larger value is not copied into its line


def slices(ranges: Ranges, size: int) -> Iterator[Ranges]:
    """The same numbers, at most `size` at a time."""
    piece: Ranges = []
    room = size
    for first, last in ranges:
        low = first
        while low <= last:
            high = min(last, low + room - 1)
            piece.append((low, high))
            room -= high - low + 1
            low = high + 1
            if not room:
                yield piece
                piece, room = [], size
    if piece:
        yield piece


def _is_long(value: Value) -> bool:
    """Better not copied into its line."""
    return isinstance(value, Stream) or (isinstance(value, bytes) and len(value) > _BY_REFERENCE)


def _form(head: bytes, items: Sequence[Wanted]) -> bytes:
    return b"%s%s)\r\n" % (head, b" ".join(item.form for item in items))


class Answer:
    """The FETCH responses of one command. `missing` counts the messages that could not be answered for, `undecodable`
    those of them that are there, but encoded in a way that is not known."""

    def __init__(self, session: Session, items: list[Wanted], seen: set[int]) -> None:
        self.session = session
        self.view = session.view
        self.mailbox = session.mailbox
        self.seen = seen  # UIDs that the client must be told the flags of, since this command changed them
        self.missing = self.undecodable = 0
        extra: list[Wanted] = []
        if seen:
            # RFC 7162 3.2.4 wants UID and MODSEQ too where a FETCH sets \Seen
            told = [UID, FLAGS, MODSEQ] if session.condstore else [UID, FLAGS] if session.rev2 else [FLAGS]
            extra = [item for item in told if item not in items and not (session.uidonly and item is UID)]
        self.items = items
        self.all_items = items + extra
        self.head = b"* %d UIDFETCH (" if session.uidonly else b"* %d FETCH ("
        self.form, self.full_form = _form(self.head, items), _form(self.head, self.all_items)
        self.reads = any(item.read for item in items)
        self.needs = reduce(or_, (item.needs for item in self.all_items), Needs.SIZES if self.reads else Needs.NOTHING)
        self.tells_flags = FLAGS in items and (MODSEQ in items or not session.condstore)

    async def send(self, ranges: Ranges) -> None:
        slow = self.reads or bool(self.needs & (Needs.FACTS | Needs.FACTS_AT_HAND | Needs.THREADS))
        self.session.expect(length(ranges))
        for piece in slices(ranges, _MESSAGES_AT_ONCE if slow else LINES_AT_ONCE):
            block = await self._load(piece)
            current = self.mailbox.messages
            upto = current.highest
            columns = [item.column(block) for item in self.all_items]
            if upto > self.view.modseq:
                self.session.tell_keywords()
                self._note_told(block, current, upto)
            if self.seen or (self.reads and any(None in column for column in columns)):
                await self._send_texts(block, columns)
            else:
                self.session.write(b"".join([self.form % row for row in zip(block.numbers, *columns, strict=True)]))
            self.session.advance(length(piece))
            if self.session.channel.full:
                await drained()
            else:
                await turn()

    async def _load(self, ranges: Ranges) -> Block:
        """These messages with what the items need; those for which it cannot be had are left out and counted."""
        picks = list(self.view.pick(ranges))
        facts: dict[int, Facts] = {}
        if self.needs & Needs.FACTS:
            facts = await load_facts(self.mailbox, [uid for _, uid, _, _ in picks])
            picks = [pick for pick in picks if pick[1] in facts]
        threads: dict[int, int] = {}
        if self.needs & Needs.THREADS:
            threads = await load_threads(self.mailbox, [uid for _, uid, _, _ in picks])
            picks = [pick for pick in picks if pick[1] in threads]
        at_hand: dict[int, Facts] = facts
        if self.needs & Needs.FACTS_AT_HAND and not facts:
            cached = self.mailbox.cached_facts([uid for _, uid, _, _ in picks])
            at_hand = {uid: Facts(blob) for uid, blob in cached.items()}
        if self.needs & Needs.SIZES:
            unsized = [uid for _, uid, messages, row in picks if messages.sizes[row] == UNSIZED]
            if unsized:
                await call(self.mailbox.make_sizes, unsized)
                picks = [pick for pick in picks if pick[2].sizes[pick[3]] != UNSIZED]
        self.missing += length(ranges) - len(picks)
        numbers, uids, messages, rows = zip(*picks, strict=True) if picks else ((), (), (), ())
        recent = self.view.is_recent if self.view.recent else None
        return Block(
            uids if self.session.uidonly else numbers,
            uids,
            messages,
            rows,
            recent,
            facts=[facts[uid] for uid in uids] if facts else (),
            at_hand=[at_hand.get(uid) for uid in uids] if self.needs & Needs.FACTS_AT_HAND else (),
            threads=[threads[uid] for uid in uids] if threads else (),
        )

    def _note_told(self, block: Block, current: Messages, upto: int) -> None:
        """The flags that are about to be sent need not be told again when the command ends."""
        sent = (
            uid
            for uid, messages in zip(block.uids, block.messages, strict=True)
            if messages is current and (self.tells_flags or uid in self.seen)
        )
        self.view.told(sent, upto)

    # -- texts

    async def _send_texts(self, block: Block, columns: Sequence[Sequence[Value | None]]) -> None:
        values = [list(row) for row in zip(*columns, strict=True)]
        for start, end in self._batches(block, values):
            wanted = [self._texts(block, i, values[i]) for i in range(start, end)]
            try:
                await load_texts(self.mailbox, [texts for texts in wanted if texts.reads])
                for i, texts in zip(range(start, end), wanted, strict=True):
                    if texts.reads and texts.values is None:
                        self.missing += 1
                        self.undecodable += texts.undecodable
                        continue
                    row = values[i]
                    if texts.values:
                        found = iter(texts.values)
                        row = [next(found) if value is None else value for value in row]
                    await self._send(block.numbers[i], row, full=block.uids[i] in self.seen, content=texts.content)
            finally:
                for texts in wanted:
                    if texts.content is not None:
                        texts.content.close()

    def _batches(self, block: Block, values: Sequence[Sequence[Value | None]]) -> Iterator[tuple[int, int]]:
        """Half-open stretches of the block, of which the files are read by one call."""
        start = octets = files = 0
        for i, row in enumerate(values):
            reads = sum(value is None for value in row)
            if reads:
                files += 1
                octets += reads * block.messages[i].sizes[block.rows[i]]
            if files == _TEXTS_AT_ONCE or octets >= _OCTETS_AT_ONCE:
                yield start, i + 1
                start, octets, files = i + 1, 0, 0
        if start < len(values):
            yield start, len(values)

    def _texts(self, block: Block, i: int, row: Sequence[Value | None]) -> Texts:
        reads = [item.read for item, value in zip(self.all_items, row, strict=True) if value is None and item.read]
        size = block.messages[i].sizes[block.rows[i]]
        return Texts(block.uids[i], size, block.facts[i] if block.facts else None, reads)

    async def _send(self, number: int, row: Sequence[Value], *, full: bool, content: Content | None) -> None:
        """One response. Long values are passed on as they are, or streamed."""
        if not full:
            row = row[: len(self.items)]
        if any(map(_is_long, row)):
            await self._send_long(number, row, content)
        else:
            self.session.write((self.full_form if full else self.form) % (number, *row))
        if self.session.channel.full:
            await drained()

    async def _send_long(self, number: int, row: Sequence[Value], content: Content | None) -> None:
        write = self.session.write
        write(self.head % number)
        for i, (item, value) in enumerate(zip(self.all_items, row, strict=False)):
            space = b" " if i else b""
            if isinstance(value, Stream):
                assert content is not None
                write(space + item.form % (b"%s{%d}\r\n" % (b"~" if value.has_nul else b"", value.size)))
                await self._stream(content, value)
            elif isinstance(value, bytes) and _is_long(value):
                write(space + item.form % b"")
                write(value)
            else:
                write(space + item.form % value)
        write(b")\r\n")

    async def _stream(self, content: Content, stream: Stream) -> None:
        """Exactly the octets announced, or the end of the connection: no word would be taken for one in a literal."""
        channel = self.session.channel
        channel.mid_response = True
        try:
            for start in range(0, stream.size, _PIECE):
                channel.write(await call(stream.piece, content, start, min(_PIECE, stream.size - start)))
                await drained()
            channel.mid_response = False
        except (StorageError, Closing, TimedOut) as error:
            log.warning("a message could not be sent to its end: %r", error)
            raise Gone from None
