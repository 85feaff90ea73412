"""The responses of a FETCH: messages in slices, lines of columns, texts from files, streams where they are long.

No slice holds the reactor for more than a few milliseconds, and no slow reader makes us hold more than the texts of one
batch.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from mailaccess.imap.facts import Facts
from mailaccess.imap.items import sizes
from mailaccess.imap.loading import load_facts, load_threads
from mailaccess.imap.plan import Asked, Plan
from mailaccess.imap.retold import Telling
from mailaccess.imap.session import Session
from mailaccess.imap.values import Batch, load_values
from mailaccess.imap.view import Ranges, length
from mailaccess.imap.wanted import Block, Needs, Said, Stream, Value
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


def plan_for(session: Session, asked: Asked, *, with_uid: bool = False, with_modseq: bool = False) -> Plan:
    """How this client is told these items now."""
    return asked.plan(
        rev2=session.rev2,
        uidonly=session.uidonly,
        condstore=session.condstore,
        with_uid=with_uid,
        with_modseq=with_modseq,
    )


class Answer:
    """The FETCH responses of one command. `missing` counts the messages that could not be answered for, `undecodable`
    those of them that are there, but encoded in a way that is not known."""

    def __init__(self, session: Session, plan: Plan, seen: Collection[int] = ()) -> None:
        """`seen`: UIDs that the client must be told the flags of, since this command changed them."""
        self.session = session
        self.view = view = session.view
        self.mailbox = view.mailbox
        self.seen = seen
        self.plan = plan.marking if seen and plan.marking is not None else plan
        self.missing = self.undecodable = 0
        self.telling: Telling | None = None  # what is read is kept, where that is much

    async def send(self, ranges: Ranges) -> None:
        session, plan = self.session, self.plan
        total = length(ranges)
        retold, bulk = session.settings.retold, plan.reads and total > _FEW
        if bulk:
            self.telling = retold.command(self.mailbox, plan.items)
        at_once = _MESSAGES_AT_ONCE if plan.is_slow else LINES_AT_ONCE
        session.expect(total)
        for piece in slices(ranges, at_once) if total > at_once else [ranges] if ranges else []:
            block = self._block(piece)
            count = total if piece is ranges else length(piece)
            self.missing += count - len(block.uids)
            said: Sequence[Sequence[Said]] = ()
            if plan.says or plan.needs:
                block, said = await self._complete(block)
            current = self.mailbox.messages
            upto = current.highest
            columns = [item.column(block) if item.column else said[i] for i, item in enumerate(plan.items)]
            if upto > self.view.modseq:
                session.tell_keywords()
                self._note_told(block, current, upto)
            if bulk:
                retold.recall(self.mailbox, plan.items, block, columns)
            if self.seen or (plan.reads and self._has_sources(columns)):
                await self._send_texts(block, columns)
            else:
                form = plan.form
                session.write(b"".join([form % row for row in zip(block.numbers, *columns, strict=True)]))
            session.advance(count)
            if session.channel.full:
                await drained()
            elif count > _FEW:
                await turn()

    def _block(self, ranges: Ranges) -> Block:
        """These messages, as far as they are in memory."""
        view, uidonly = self.view, self.plan.uidonly
        stretches = view.stretches(ranges)
        recent = view.is_recent if view.recent else None
        if len(stretches) == 1:
            numbers, messages, rows = stretches[0]
            uids = messages.uids[rows].tolist()
            return Block(uids if uidonly else numbers, uids, [(messages, rows)], recent)
        uids = list(chain.from_iterable(messages.uids[rows] for _, messages, rows in stretches))
        places = [(messages, rows) for _, messages, rows in stretches]
        all_numbers = uids if uidonly else list(chain.from_iterable(numbers for numbers, _, _ in stretches))
        return Block(all_numbers, uids, places, recent)

    async def _complete(self, block: Block) -> tuple[Block, list[list[Any]]]:
        """The same with what the items need, and what facts say of them, for each item that they say. Those of which
        something cannot be had are left out and counted."""
        plan, uids = self.plan, block.uids
        lacking: set[int] = set()
        columns: list[list[Any]] = [[] for _ in plan.items]
        if plan.says:
            await self._say(uids, columns, lacking)
        if plan.needs & Needs.THREADS:
            threads = await load_threads(self.mailbox, uids)
            lacking.update(uid for uid in uids if uid not in threads)
            block.threads = [threads.get(uid, 0) for uid in uids]
        if plan.needs & Needs.FACTS_AT_HAND:
            at_hand = {uid: Facts(blob) for uid, blob in self.mailbox.cached_facts(uids).items()}
            block.at_hand = [at_hand.get(uid) for uid in uids]
        if plan.needs & Needs.SIZES and UNSIZED in block.values(sizes):
            unsized = [uid for uid, size in zip(uids, block.values(sizes), strict=True) if size == UNSIZED]
            await call(self.mailbox.make_sizes, unsized)
            lacking.update(uid for uid, size in zip(uids, block.values(sizes), strict=True) if size == UNSIZED)
        if lacking:
            self.missing += len(lacking)
            rows_kept = [index for index, uid in enumerate(uids) if uid not in lacking]
            block = block.only(rows_kept)
            columns = [[column[index] for index in rows_kept] if column else column for column in columns]
        return block, columns

    async def _say(self, uids: Sequence[int], columns: Sequence[list[Any]], lacking: set[int]) -> None:
        """Fills in what facts say of messages, for each item. UIDs of those that have none join the `lacking`."""
        kept, mailbox = self.session.settings.kept, self.mailbox
        for item, column in zip(self.plan.items, columns, strict=True):
            if item.says is not None:
                column.extend(kept.column(mailbox, item.kept_as, uids) if item.kept_as else [None] * len(uids))
        incomplete = [column for column in columns if None in column]
        if not incomplete:
            return
        unknown = [uid for uid, *said in zip(uids, *incomplete, strict=True) if None in said]
        facts = await load_facts(mailbox, unknown)
        lacking.update(uid for uid in unknown if uid not in facts)
        for item, column in zip(self.plan.items, columns, strict=True):
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
                self.view.told(uids if self.plan.tells_flags else [uid for uid in uids if uid in self.seen], upto)

    # -- texts

    def _has_sources(self, columns: Sequence[Sequence[Said]]) -> bool:
        """Something has to be read from files."""
        reading = (column for item, column in zip(self.plan.items, columns, strict=True) if item.reads)
        return any(not isinstance(said, bytes) for column in reading for said in column)

    async def _send_texts(self, block: Block, columns: list[Sequence[Said]]) -> None:
        sized = block.values(sizes) if self.plan.reads else [0] * len(block.uids)
        reading = [index for index, item in enumerate(self.plan.items) if item.reads]
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
        channel, form = self.session.channel, self.plan.form
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
        form = self.plan.form
        if self.seen:
            if batch.uids[index] in self.seen:
                form = self.plan.full_form
            else:
                row = row[: self.plan.asked]
        if batch.costs[index] > _BY_REFERENCE and any(map(_is_long, row)):
            await self._send_long(number, row, batch.contents.get(index))
        else:
            self.session.write(form % (number, *row))

    async def _send_long(self, number: int, row: Sequence[Value], content: Content | None) -> None:
        write = self.session.write
        write(self.plan.head % number)
        for i, (item, value) in enumerate(zip(self.plan.items, row, strict=False)):
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
