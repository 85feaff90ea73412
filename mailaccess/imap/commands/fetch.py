"""FETCH and UID FETCH (RFC 3501 6.4.5, RFC 7162 3.1.4 and 3.2.6)."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from mailaccess.imap.errors import Bad, No
from mailaccess.imap.facts import Facts
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.items import ITEMS, Block, Needs, Value, Wanted, parse_items
from mailaccess.imap.loading import Texts, load_facts, load_texts
from mailaccess.imap.numset import SAVED, NumSet, resolve, runs
from mailaccess.imap.numset import render as render_numbers
from mailaccess.imap.registry import SELECTED, command
from mailaccess.imap.section import Span
from mailaccess.imap.session import Session
from mailaccess.imap.view import Ranges, View
from mailaccess.mail.flags import SEEN
from mailaccess.storage.content import Content
from mailaccess.storage.errors import StorageError
from mailaccess.storage.mailbox import Action
from mailaccess.storage.messages import UNSIZED
from mailaccess.wire.traps import Closing, Gone, TimedOut, call, compute, drained, turn

log = logging.getLogger(__name__)

_LINES_AT_ONCE = 512  # of what memory has: about half a millisecond
_MESSAGES_AT_ONCE = 128  # whose facts are loaded
_TEXTS_AT_ONCE = 50  # files read by one call to a thread, or octets in them
_OCTETS_AT_ONCE = 1 << 20
_PIECE = 64 * 1024  # of a streamed text
_BY_REFERENCE = 16 * 1024  # a larger value is not copied into its line
_MANY = 20_000  # messages to look through for changes: rather in a thread


@dataclass(frozen=True, slots=True)
class FetchArguments:
    numset: NumSet
    items: list[Wanted]
    changed_since: int | None = None
    vanished: bool = False


def parse_fetch(cursor: Cursor) -> tuple[FetchArguments]:
    """fetch = "FETCH" SP sequence-set SP (items) [SP "(" fetch-modifier *(SP fetch-modifier) ")"]   (RFC 4466)"""
    numset = cursor.numset()
    cursor.sp()
    items = parse_items(cursor)
    changed_since, vanished = None, False
    if cursor.skip(b" ("):
        while True:
            if cursor.skip(b"CHANGEDSINCE"):
                cursor.sp()
                changed_since = cursor.number64()  # 0, which the grammar does not have, is what iOS sends
            elif cursor.skip(b"VANISHED"):
                vanished = True
            else:
                raise cursor.bad("CHANGEDSINCE or VANISHED")
            if cursor.skip(b")"):
                break
            cursor.sp()
    cursor.end()
    return (FetchArguments(numset, items, changed_since, vanished),)


@command(b"FETCH", when=SELECTED, parse=parse_fetch, uid=True, expunges=False, rfc=(3501, 4466, 7162))
async def fetch(session: Session, asked: FetchArguments) -> None:
    """RFC 3501 6.4.5"""
    if asked.vanished and not (session.by_uid and session.qresync and asked.changed_since is not None):
        raise Bad("VANISHED goes with UID FETCH and CHANGEDSINCE, once QRESYNC is enabled")
    items = list(asked.items)
    if session.by_uid and _UID not in items:
        items.insert(0, _UID)
    if asked.changed_since is not None and _MODSEQ not in items:
        items.append(_MODSEQ)
    if _MODSEQ in items:
        session.enable(b"CONDSTORE")
    ranges = session.ranges(asked.numset)
    if asked.changed_since is not None:
        if asked.vanished:
            numset = asked.numset if asked.numset != SAVED else tuple(runs(session.saved))
            earlier = await call(_vanished, session.view, numset, asked.changed_since)
            if earlier:
                session.untagged(b"VANISHED (EARLIER) " + earlier)
        heavy = session.view.count > _MANY
        arguments = session.view, ranges, asked.changed_since
        ranges = await compute(_changed, *arguments) if heavy else _changed(*arguments)
    seen: set[int] = set()
    if any(item.sets_seen for item in items) and not session.view.read_only:
        seen = await _set_seen(session, ranges)
    answer = _Answer(session, items, seen)
    await answer.send(ranges)
    if answer.missing:
        raise No("Some of the messages no longer exist", b"EXPUNGEISSUED")


def _bare(name: bytes) -> Wanted:
    return ITEMS[name](Cursor(b""))


_UID = _bare(b"UID")
_FLAGS = _bare(b"FLAGS")
_MODSEQ = _bare(b"MODSEQ")


def _vanished(view: View, numset: NumSet, since: int) -> bytes:
    """UIDs of the set that have been expunged since, but for what this client still counts.

    That is told as a VANISHED that renumbers. After a long absence this may be many: work for a thread.
    """
    known = [range(low, high + 1) for low, high in resolve(numset, view.mailbox.uidnext - 1)]
    gone = view.mailbox.vanished_since(since, known)
    return render_numbers(uid for uid in gone if not view.number(uid))


def _changed(view: View, ranges: Ranges, since: int) -> Ranges:
    """Of these messages those with a mod-sequence above `since`."""
    uids = view.mailbox.messages.changed_since(since)
    if len(uids) >= view.count and all(map(view.number, uids)):
        return ranges
    changed = runs(number for number in map(view.number, uids) if number)
    found: Ranges = []
    i = j = 0
    while i < len(ranges) and j < len(changed):
        low, high = max(ranges[i][0], changed[j][0]), min(ranges[i][1], changed[j][1])
        if low <= high:
            found.append((low, high))
        if ranges[i][1] < changed[j][1]:
            i += 1
        else:
            j += 1
    return found


async def _set_seen(session: Session, ranges: Ranges) -> set[int]:
    """Sets \\Seen where it is not set, all at once; returns the UIDs. Mail that cannot be marked can still be read."""
    view = session.view
    uids = []
    for piece in _slices(ranges, _LINES_AT_ONCE):
        current = view.mailbox.messages
        uids += [
            uid for _, uid, messages, row in view.pick(piece) if messages is current and SEEN not in messages.flags[row]
        ]
        await turn()
    if not uids:
        return set()
    try:
        await call(view.mailbox.store, uids, Action.ADD, frozenset([SEEN]))
    except StorageError as error:
        log.warning("\\Seen could not be set: %s", error)
        return set()
    return set(uids)


def _slices(ranges: Ranges, size: int) -> Iterator[Ranges]:
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
    return isinstance(value, Span) or (isinstance(value, bytes) and len(value) > _BY_REFERENCE)


def _form(items: Sequence[Wanted]) -> bytes:
    return b"* %%d FETCH (%s)\r\n" % b" ".join(item.form for item in items)


class _Answer:
    """The FETCH responses of one command. `missing` counts the messages that could not be answered for."""

    def __init__(self, session: Session, items: list[Wanted], seen: set[int]) -> None:
        self.session = session
        self.view = session.view
        self.mailbox = session.mailbox
        self.seen = seen  # UIDs that the client must be told the flags of, since this command changed them
        self.missing = 0
        extra: list[Wanted] = []
        if seen:
            # RFC 7162 3.2.4 wants UID and MODSEQ too where a FETCH sets \Seen
            told = [_UID, _FLAGS, _MODSEQ] if session.condstore else [_FLAGS]
            extra = [item for item in told if item not in items]
        self.items = items
        self.all_items = items + extra
        self.form, self.full_form = _form(items), _form(self.all_items)
        self.reads = any(item.read for item in items)
        self.needs = reduce(or_, (item.needs for item in self.all_items), Needs.SIZES if self.reads else Needs.NOTHING)
        self.tells_flags = _FLAGS in items and (_MODSEQ in items or not session.condstore)

    async def send(self, ranges: Ranges) -> None:
        slow = self.reads or Needs.FACTS in self.needs
        for piece in _slices(ranges, _MESSAGES_AT_ONCE if slow else _LINES_AT_ONCE):
            block = await self._load(piece)
            columns = [item.column(block) for item in self.all_items]
            self._note_told(block)
            if self.seen or (self.reads and any(None in column for column in columns)):
                await self._send_texts(block, columns)
            else:
                lines = [self.form % row for row in zip(block.numbers, *columns, strict=True)]
                self.session.write(b"".join(lines))
            if self.session.channel.full:
                await drained()
            else:
                await turn()

    async def _load(self, ranges: Ranges) -> Block:
        """These messages with what the items need; those for which it cannot be had are left out and counted."""
        picks = list(self.view.pick(ranges))
        facts: dict[int, Facts] = {}
        if Needs.FACTS in self.needs:
            facts = await load_facts(self.mailbox, [uid for _, uid, _, _ in picks])
            picks = [pick for pick in picks if pick[1] in facts]
        if Needs.SIZES in self.needs:
            unsized = [uid for _, uid, messages, row in picks if messages.sizes[row] == UNSIZED]
            if unsized:
                await call(self.mailbox.make_sizes, unsized)
                picks = [pick for pick in picks if pick[2].sizes[pick[3]] != UNSIZED]
        self.missing += sum(high - low + 1 for low, high in ranges) - len(picks)
        numbers, uids, messages, rows = zip(*picks, strict=True) if picks else ((), (), (), ())
        recent = self.view.is_recent if self.view.recent else None
        return Block(numbers, uids, messages, rows, recent, [facts[uid] for uid in uids] if facts else [])

    def _note_told(self, block: Block) -> None:
        """The flags that are about to be sent need not be told again when the command ends."""
        current = self.mailbox.messages
        if current.highest <= self.view.modseq:
            return
        self.view.told(
            [
                uid
                for uid, messages, row in zip(block.uids, block.messages, block.rows, strict=True)
                if (self.tells_flags or uid in self.seen)
                and messages is current
                and messages.modseqs[row] > self.view.modseq
            ]
        )

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
        write(b"* %d FETCH (" % number)
        for i, (item, value) in enumerate(zip(self.all_items, row, strict=False)):
            space = b" " if i else b""
            if isinstance(value, Span):
                assert content is not None
                write(space + item.form % (b"{%d}\r\n" % value.size))
                await self._stream(content, value)
            elif isinstance(value, bytes) and _is_long(value):
                write(space + item.form % b"")
                write(value)
            else:
                write(space + item.form % value)
        write(b")\r\n")

    async def _stream(self, content: Content, span: Span) -> None:
        """Exactly the octets announced, or the end of the connection: no word would be taken for one in a literal."""
        try:
            for start in range(span.start, span.end, _PIECE):
                self.session.write(await call(content.read, start, min(_PIECE, span.end - start)))
                await drained()
        except (StorageError, Closing, TimedOut) as error:
            log.warning("a message could not be sent to its end: %r", error)
            raise Gone from None
