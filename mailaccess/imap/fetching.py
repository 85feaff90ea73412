"""The responses of a FETCH: messages in slices, lines of columns, texts from files, streams where they are long.

No slice holds the reactor for more than a few milliseconds, and no slow reader makes us hold more than the texts of one
batch.
"""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from mailaccess.imap.facts import Facts
from mailaccess.imap.items import FLAGS, MODSEQ, UID, sizes
from mailaccess.imap.loading import load_facts, load_threads
from mailaccess.imap.retold import Telling
from mailaccess.imap.session import Session
from mailaccess.imap.values import Batch, load_values
from mailaccess.imap.view import Ranges, length
from mailaccess.imap.wanted import Block, Needs, Said, Stream, Value, Wanted
from mailaccess.storage.content import Content
from mailaccess.storage.errors import StorageError
from mailaccess.storage.messages import UNSIZED, Messages
from mailaccess.wire.traps import Closing, Gone, TimedOut, call, drained, turn

log = logging.getLogger(__name__)

LINES_AT_ONCE = 512
"""Messages of which memory is asked: about half a millisecond."""

_FEW = 16  # messages that are no reason to ask whether it is another session's turn: who reads commands does
_MESSAGES_AT_ONCE = 128  # whose facts are loaded, or whose files are read by one call to a thread
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
        self.telling: Telling | None = None  # what is read is kept, where that is much
        extra: list[Wanted] = []
        if seen:
            # RFC 7162 3.2.4 wants UID and MODSEQ too where a FETCH sets \Seen
            told = [UID, FLAGS, MODSEQ] if session.condstore else [UID, FLAGS] if session.rev2 else [FLAGS]
            extra = [item for item in told if item not in items and not (session.uidonly and item is UID)]
        self.items = items
        self.all_items = items + extra
        self.head = b"* %d UIDFETCH (" if session.uidonly else b"* %d FETCH ("
        self.form = _form(self.head, items)
        self.full_form = _form(self.head, self.all_items) if extra else self.form
        self.reads = self.says = False
        self.needs: int = Needs.NOTHING
        for item in self.all_items:
            self.needs |= item.needs
            self.says |= item.says is not None
            self.reads |= item.reads
        if self.reads:
            self.needs |= Needs.SIZES
        self.tells_flags = FLAGS in items and (MODSEQ in items or not session.condstore)

    async def send(self, ranges: Ranges) -> None:
        total = length(ranges)
        retold, bulk = self.session.settings.retold, self.reads and total > _FEW
        if bulk:
            self.telling = retold.command(self.mailbox, self.all_items)
        slow = self.reads or self.says or self.needs & ~Needs.SIZES
        at_once = _MESSAGES_AT_ONCE if slow else LINES_AT_ONCE
        self.session.expect(total)
        for piece in slices(ranges, at_once) if total > at_once else [ranges] if ranges else []:
            block, said = await self._load(piece)
            current = self.mailbox.messages
            upto = current.highest
            columns = [
                item.column(block) if item.column else said for item, said in zip(self.all_items, said, strict=True)
            ]
            if upto > self.view.modseq:
                self.session.tell_keywords()
                self._note_told(block, current, upto)
            if bulk:
                retold.recall(self.mailbox, self.all_items, block, columns)
            if self.seen or (self.reads and self._has_sources(columns)):
                await self._send_texts(block, columns)
            else:
                form = self.form
                self.session.write(b"".join([form % row for row in zip(block.numbers, *columns, strict=True)]))
            count = length(piece)
            self.session.advance(count)
            if self.session.channel.full:
                await drained()
            elif count > _FEW:
                await turn()

    async def _load(self, ranges: Ranges) -> tuple[Block, list[list[Any]]]:
        """These messages with what the items need, and what facts say of them, for each item that they say. Those of
        which something cannot be had are left out and counted."""
        stretches = list(self.view.stretches(ranges))
        numbers: Sequence[int]
        if len(stretches) == 1:
            numbers, uids = stretches[0][0], stretches[0][1].uids[stretches[0][2]].tolist()
        else:
            numbers = list(chain.from_iterable(numbers for numbers, _, _ in stretches))
            uids = list(chain.from_iterable(messages.uids[rows] for _, messages, rows in stretches))
        lacking: set[int] = set()
        columns: list[list[Any]] = [[] for _ in self.all_items]
        if self.says:
            await self._say(uids, columns, lacking)
        threads: dict[int, int] = {}
        if self.needs & Needs.THREADS:
            threads = await load_threads(self.mailbox, uids)
            lacking.update(uid for uid in uids if uid not in threads)
        at_hand: dict[int, Facts] = {}
        if self.needs & Needs.FACTS_AT_HAND:
            cached = self.mailbox.cached_facts(uids)
            at_hand = {uid: Facts(blob) for uid, blob in cached.items()}
        uidonly = self.session.uidonly
        block = Block(
            uids if uidonly else numbers,
            uids,
            [(messages, rows) for _, messages, rows in stretches],
            self.view.is_recent if self.view.recent else None,
            at_hand=[at_hand.get(uid) for uid in uids] if self.needs & Needs.FACTS_AT_HAND else (),
            threads=[threads.get(uid, 0) for uid in uids] if threads else (),
        )
        if self.needs & Needs.SIZES and UNSIZED in block.values(sizes):
            unsized = [uid for uid, size in zip(uids, block.values(sizes), strict=True) if size == UNSIZED]
            await call(self.mailbox.make_sizes, unsized)
            lacking.update(uid for uid, size in zip(uids, block.values(sizes), strict=True) if size == UNSIZED)
        self.missing += length(ranges) - len(uids)
        if lacking:
            self.missing += len(lacking)
            rows_kept = [index for index, uid in enumerate(uids) if uid not in lacking]
            block = block.only(rows_kept)
            columns = [[column[index] for index in rows_kept] if column else column for column in columns]
        return block, columns

    async def _say(self, uids: Sequence[int], columns: Sequence[list[Any]], lacking: set[int]) -> None:
        """Fills in what facts say of messages, for each item. UIDs of those that have none join the `lacking`."""
        kept, mailbox = self.session.settings.kept, self.mailbox
        for item, column in zip(self.all_items, columns, strict=True):
            if item.says is not None:
                column.extend(kept.column(mailbox, item.kept_as, uids) if item.kept_as else [None] * len(uids))
        incomplete = [column for column in columns if None in column]
        if not incomplete:
            return
        unknown = [uid for uid, *said in zip(uids, *incomplete, strict=True) if None in said]
        facts = await load_facts(mailbox, unknown)
        lacking.update(uid for uid in unknown if uid not in facts)
        for item, column in zip(self.all_items, columns, strict=True):
            if item.says is not None and None in column:
                rows = zip(uids, column, strict=True)
                fresh = {uid: item.says(facts[uid]) for uid, said in rows if said is None and uid in facts}
                column[:] = [fresh.get(uid) if said is None else said for uid, said in zip(uids, column, strict=True)]
                if item.kept_as:
                    kept.add(mailbox, item.kept_as, fresh)

    def _note_told(self, block: Block, current: Messages, upto: int) -> None:
        """The flags that are about to be sent need not be told again when the command ends."""
        for messages, rows in block.stretches:
            if messages is current:
                uids = messages.uids[rows]
                self.view.told(uids if self.tells_flags else [uid for uid in uids if uid in self.seen], upto)

    # -- texts

    def _has_sources(self, columns: Sequence[Sequence[Said]]) -> bool:
        """Something has to be read from files."""
        reading = (column for item, column in zip(self.all_items, columns, strict=True) if item.reads)
        return any(not isinstance(said, bytes) for column in reading for said in column)

    async def _send_texts(self, block: Block, columns: list[Sequence[Said]]) -> None:
        sized = block.values(sizes) if self.reads else [0] * len(block.uids)
        reading = [index for index, item in enumerate(self.all_items) if item.reads]
        numbers = iter(block.numbers)
        for batch in Batch(block.uids, sized, columns, reading).pieces():
            try:
                await load_values(self.mailbox, batch)
                if self.telling is not None:
                    self.telling.keep(batch)
                await self._send_batch(numbers, batch)
            finally:
                batch.close()

    async def _send_batch(self, numbers: Iterator[int], batch: Batch) -> None:
        channel, form = self.session.channel, self.form
        rows = zip(islice(numbers, len(batch.uids)), *batch.columns, strict=True)
        if not self.seen and not batch.unread and max(batch.costs, default=0) <= _BY_REFERENCE:
            for row in rows:
                channel.write(form % row)
                if channel.full:
                    await drained()
            return
        for index, row in enumerate(rows):
            if index in batch.unread:
                self.missing += 1
                self.undecodable += index in batch.undecodable
            else:
                await self._send(batch, index, *row)
            if channel.full:
                await drained()

    async def _send(self, batch: Batch, index: int, number: int, *row: Value) -> None:
        """One response. Long values are passed on as they are, or streamed."""
        form = self.form
        if self.seen:
            if batch.uids[index] in self.seen:
                form = self.full_form
            else:
                row = row[: len(self.items)]
        if batch.costs[index] > _BY_REFERENCE and any(map(_is_long, row)):
            await self._send_long(number, row, batch.contents.get(index))
        else:
            self.session.write(form % (number, *row))

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
