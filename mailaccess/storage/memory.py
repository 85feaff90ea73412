"""One mailbox's messages in memory and how what is committed gets there."""

from array import array
from collections.abc import Mapping, Sequence

from mailaccess.mail.flags import Flags, canonical
from mailaccess.storage import pieces
from mailaccess.storage.index.delta import Delta
from mailaccess.storage.index.packing import Columns, Header, chunks_of
from mailaccess.storage.index.reading import Loaded, News, Promised
from mailaccess.storage.index.rows import MailboxRow, keywords_of, unpacked, words
from mailaccess.storage.keywords import Keywords
from mailaccess.storage.messages import UNSIZED, Messages
from mailaccess.storage.names import Entry

_NO_FLAGS: Flags = frozenset()


class Memory:
    """What a process knows of a mailbox. One thread at a time may write; others read meanwhile."""

    __slots__ = ("_column", "_flags", "_keywords", "_unlettered", "instance", "messages", "row")

    messages: Messages
    row: MailboxRow
    instance: str  # of the index that this came from

    def __init__(self, everything: News) -> None:
        self._column = ""  # that `_keywords` were made of
        self._keywords = Keywords()
        self._flags: dict[tuple[str | bytes, str | bytes | None], Flags] = {}
        self.load(everything)

    def load(self, everything: News) -> None:
        """Begins a generation with all messages there are; the list of them is empty afterwards."""
        self._unlettered: dict[str, str] = {}  # keywords without a letter, as spelled, by name in lower case
        self._know(everything)
        if isinstance(everything.before, Promised):
            self._unlettered.update(everything.before.further)
            self.messages = Messages.awaiting(self.row.messages, self.row.highestmodseq, everything.before.first_unseen)
            return
        if everything.before is not None:
            header, columns = everything.before
            self._unlettered.update(header.further)
            self.messages = Messages.of(*columns, highest=header.modseq)
            self.take(everything)
            return
        columns = self._columns(self._in_columns(everything.messages))
        self.messages = Messages.of(*columns, highest=self.row.highestmodseq)
        pieces.let_go(everything.messages)

    def complete(self, everything: News) -> bool:
        """Begins a generation with all messages there are, or goes on with that which awaits them. False: those that it
        promised are not there."""
        begun, told = self.messages, self.row
        promise = self.instance, told.version
        self.load(everything)
        if not begun.is_awaiting:
            return True
        if not begun.fill(self.messages, told.uidnext):
            self.messages = begun
            return False
        if promise == (self.instance, self.row.version):
            self.messages = begun
        return True

    def take(self, news: News) -> bool:
        """Takes in what was committed since. False where the rows do not fit together: `load` is needed."""
        old = self.messages
        messages = old
        gone = {uid for first, last in news.gone for uid in old.uids_between(first, last)}
        if gone:
            messages = old.without(gone)
        self._know(news)
        uids, row = messages.uids, -1
        last = uids[-1] if uids else 0
        for loaded in news.messages:
            uid = loaded[0]
            if uid > last:
                self._append(messages, loaded)
                continue
            row += 1  # what is changed together mostly lies together
            if uids[row] != uid:
                row = messages.position(uid)
                if row < 0:
                    return False
            self._change(messages, row, loaded)
        changes = [(loaded[3], loaded[0]) for loaded in news.messages]
        changes += self._further(messages)
        messages.advance(sorted(changes), news.row.highestmodseq)
        self.messages = messages
        return True

    def is_before(self, delta: Delta) -> bool:
        """What is known here is what that piece of work began with, and it tells all that it did."""
        return not delta.entered and (delta.instance, delta.before) == (self.instance, self.row.version)

    def set_sizes(self, sizes: Mapping[int, int]) -> None:
        """The sizes of messages are known now, by UID."""
        messages = self.messages
        for uid, size in sizes.items():
            row = messages.position(uid)
            if row >= 0:
                messages.sizes[row] = size

    def set_dates(self, dates: Sequence[int], saved: Sequence[int]) -> bool:
        """The dates of all messages are known now. False: some came or went meanwhile."""
        messages = self.messages
        if len(dates) != len(messages):
            return False
        messages.dates[:], messages.saved[:] = array("q", dates), array("q", saved)
        return True

    @property
    def unsized(self) -> int:
        """How many messages' sizes are not known here."""
        return self.messages.sizes.count(UNSIZED)

    def packed(self) -> tuple[Header, dict[str, bytes]]:
        """What the next process begins with."""
        messages = self.messages
        columns = Columns(
            messages.uids, messages.flags, messages.modseqs, messages.sizes, messages.dates, messages.saved
        )
        row = messages.first_unseen()
        unseen = (messages.uids[row] if row < len(messages) else 0, row, messages.uids[-1]) if messages.uids else ()
        header = Header(
            messages.highest, self.row.version, self._column, self._unlettered, self.unsized, {}, unseen=unseen
        )
        return header, chunks_of(columns)

    def keywords(self) -> tuple[str, ...]:
        """The names known in this mailbox."""
        lettered = self._keywords.names()
        return tuple(dict.fromkeys([*lettered, *self._unlettered.values()])) if self._unlettered else lettered

    def spelled(self, flags: Flags) -> Flags:
        """The flags as this mailbox spells them: case does not matter in a keyword, the first spelling stays."""
        known = {name.lower(): name for name in reversed(self.keywords())}
        return frozenset(known.get(flag.lower(), flag) for flag in map(canonical, flags))

    # -- for a memory that differs by viewer

    def _columns(self, columns: Columns) -> Columns:
        """Those of all messages, of those that the index has."""
        return columns

    def _merged(self, flags: Flags, modseq: int, old: Flags, old_modseq: int) -> tuple[Flags, int]:
        """A message's flags and mod-sequence, of those in the index and those that were here before."""
        return flags, modseq

    def _further(self, messages: Messages) -> list[tuple[int, int]]:
        """Changes that are not in the index's rows, made: (mod-sequence, UID) each."""
        return []

    # -- inside

    def _in_columns(self, rows: Sequence[Loaded]) -> Columns:
        """Those of a million are turned in pieces: all at once, nobody else would get the interpreter for a second."""
        columns = Columns.empty()
        for start in range(0, len(rows), pieces.PIECE):
            uids, infos, extras, modseqs, sizes, dates, saved = zip(*rows[start : start + pieces.PIECE], strict=True)
            columns.uids.extend(uids)
            columns.flags.extend(map(self._flags_of, infos, extras))
            columns.modseqs.extend(modseqs)
            columns.sizes.extend(UNSIZED if size is None else size for size in sizes)
            columns.dates.extend(dates)
            columns.saved.extend(saved)
        return columns

    def _know(self, news: News) -> None:
        if news.row.keywords != self._column:
            self._column = news.row.keywords
            self._keywords = keywords_of(self._column)
            self._flags = {}
        self.row = news.row
        self.instance = news.instance

    def _change(self, messages: Messages, row: int, loaded: Loaded) -> None:
        _, info, extra, modseq, size, _, _ = loaded
        flags = self._flags_of(info, extra)
        messages.change(row, *self._merged(flags, modseq, messages.flags[row], messages.modseqs[row]))
        if size is not None:
            messages.sizes[row] = size

    def _append(self, messages: Messages, loaded: Loaded) -> None:
        uid, info, extra, modseq, size, date, saved = loaded
        flags, modseq = self._merged(self._flags_of(info, extra), modseq, _NO_FLAGS, 0)
        messages.append(uid, flags, modseq, UNSIZED if size is None else size, date, saved)

    def _flags_of(self, info: str | bytes, extra: str | bytes | None) -> Flags:
        """One object for all messages with these columns."""
        flags = self._flags.get((info, extra))
        if flags is None:
            further = words(extra)
            self._unlettered.update((name.lower(), name) for name in further)
            flags = self._keywords.flags(Entry("", unpacked(info), "cur").letters) | frozenset(further)
            self._flags[info, extra] = flags
        return flags
