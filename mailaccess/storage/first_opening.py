"""The first opening of a large mailbox, which need not wait until each of its messages has a row in the index.

How many messages there are, their UIDs and their flags, stands in the names of files and in the uidlist; what takes
time is to look at each file, and to write its row. So the names are put in order, and as soon as the UIDs that they get
stand in the uidlist, durably, a session is told. Whatever becomes of the index then, no message gets another UID: to
all others, and after a crash, the mailbox is one that was never looked into, and has that list.

The rows are written meanwhile, by a thread, in the transaction that began with this. Who needs more of a mailbox than
names and flags waits for them: see `Following.await_rows`. Where it is not a session that looks first, `sync` has the
same done while it waits. A mailbox that is small, or where something is going on, it enters by itself.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

from mailaccess.mail.flags import Flags
from mailaccess.storage import pieces
from mailaccess.storage.box import Box
from mailaccess.storage.disk import is_remote, sync_directory
from mailaccess.storage.first_scan import Numbering, keeping_garbage, look_at, number
from mailaccess.storage.index.packing import Columns, Header
from mailaccess.storage.index.reading import Kept, News
from mailaccess.storage.index.rows import MailboxRow, NewFile, Numbered, keywords_of
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.maildir import Listing
from mailaccess.storage.memory import Memory
from mailaccess.storage.messages import UNSIZED
from mailaccess.storage.names import Entry
from mailaccess.storage.opening import Opening
from mailaccess.storage.takeover import keywords_without_letter, read_keywords_anew, read_list_anew

LARGE = 3_000
"""Messages for which it is worth while: to enter so many takes 50 ms."""

_LATEST = (1 << 63) - 1  # ns


def begin(box: Box) -> "FirstOpening | None":
    """Begins one; returns as soon as all is known that names tell. None: `sync` is to look. NoSuchMailbox."""
    if box.look().stamp is not None or is_remote(box.directory):
        return None
    return FirstOpening(box).start()


class FirstOpening(Opening):
    """`news` lacks only dates, which are 0."""

    knows_names = True

    def __init__(self, box: Box) -> None:
        super().__init__(box)
        self._claimed = False
        self._claimable = True
        self._dates = self._saved = array("q")  # once it is complete: of all messages, as `Messages` has them

    def claim(self) -> int | None:
        """For the rows that are being written; until they are."""
        with self._lock:
            if not self._claimable:
                return None
            self._claimed = True
            row = self.news.row
            first, row.first_recent = row.first_recent, row.uidnext
            return first

    def complete(self, memory: Memory) -> bool:
        return memory.set_dates(self._dates, self._saved)

    def enter(self) -> bool:
        """All of it, without a thread, for who waits for all: as `sync` does. False: it came to nothing."""
        with keeping_garbage():
            listing = self._box.maildir.listing()
            if not listing.settled or len(listing.names) < LARGE:
                return False
            return self._box.index.write(partial(self._enter, listing=listing))

    # -- the thread

    def _open(self) -> bool:
        return self.enter()

    def _enter(self, transaction: Transaction, listing: Listing) -> bool:
        """Makes messages of the files. False: something happened before names were told, or a base has several."""
        box, row = self._box, self._box.row(transaction)
        if row.stamp is not None or row.messages or box.maildir.stamp() != listing.stamp:
            return False
        uidlist = read_list_anew(box, row)
        numbering = number(box, row, listing.names, listing.new, uidlist)
        pieces.let_go(listing.names)
        if any(one == other for one, other in pairwise(numbering.bases)):
            row.uidlist = None  # has still to be read
            return False
        read_keywords_anew(transaction, box, row)
        extra = keywords_without_letter(box, uidlist)
        box.reserve(transaction, row, numbering.end, rewritten=True)
        box.write_list(transaction, row, numbering.lines())
        sync_directory(box.directory)
        self._claimable = not listing.new
        self._tell(_news(transaction, row, numbering, extra))
        files, complete = self._look(numbering, transaction.now_us // 10**6)
        transaction.enter(row, files, extra)
        row.uidnext, row.listed, row.lines = numbering.end, numbering.end - 1, row.messages
        row.first_recent = row.uidnext if self._is_claimed() else numbering.first_recent
        row.floor = row.next_modseq(transaction.now_us)  # what was expunged before is not known
        row.stamp = listing.stamp
        row.new_settled = row.cur_settled = complete and box.maildir.stamp() == listing.stamp
        if not row.new_settled:
            row.stamp = listing.stamp._replace(new_ctime=0, cur_ctime=0)  # seen, but no stamp to be trusted
        self._dates = array("q", (_date(file.mtime_ns) for _, _, file in files))
        self._saved = array("q", (file.saved for _, _, file in files))
        pieces.let_go(numbering.bases)
        pieces.let_go(files)
        return True

    def _look(self, numbering: Numbering, now: int) -> tuple[list[Numbered], bool]:
        """All files; and whether they were where they were listed."""
        files: list[Numbered] = []
        missing: list[int] = []  # where in the list
        seen = look_at(self._box, numbering.files(), now)
        for uid, listed, file in zip(numbering.uids, numbering.files(), seen, strict=True):
            if file is None:
                missing.append(len(files))
            files.append((uid, numbering.keys.get(uid, ()), file or NewFile(*listed, 0, 0, 0, now)))
        if missing:
            self._look_for(files, missing, now)
        return files, not missing

    def _look_for(self, files: list[Numbered], missing: Sequence[int], now: int) -> None:
        """Files that were renamed are entered as what they were listed as, and so are those that are gone, which a
        client was told of: the next look, which is due then, finds what became of them."""
        bases = {files[place][2].base for place in missing}
        scan = self._box.maildir.settled_scan(2, only=bases)
        there = [entry for entry in scan.entries.values() if entry.base in bases]
        found = {entry.base: file for entry, file in zip(there, look_at(self._box, there, now), strict=True)}
        for place in missing:
            uid, keys, listed = files[place]
            file = found.get(listed.base)
            if file is not None:
                files[place] = uid, keys, file._replace(info=listed.info, where=listed.where)

    def _is_claimed(self) -> bool:
        """It was; from now on it cannot be."""
        with self._lock:
            self._claimable = False
            return self._claimed


def _news(
    transaction: Transaction, row: MailboxRow, numbering: Numbering, extra: Mapping[str, tuple[str, ...]]
) -> News:
    """The mailbox as it will be when the rows are committed, but for what names do not tell."""
    row = replace(row, uidnext=numbering.end, first_recent=numbering.first_recent)
    modseq = row.next_modseq(transaction.now_us)
    row.floor = row.next_modseq(transaction.now_us)
    keywords = keywords_of(row.keywords)
    kinds: dict[str, Flags] = {}  # one object for all messages with the same flags
    flags = []
    for info in numbering.infos:
        known = kinds.get(info)
        if known is None:
            known = kinds[info] = keywords.flags(Entry("", info, "cur").letters)
        flags.append(known)
    for place, base in enumerate(numbering.bases) if extra else ():
        flags[place] |= frozenset(extra.get(base, ()))
    count = len(flags)
    nothing = array("q", (0,))
    columns = Columns(
        numbering.uids[:],
        flags,
        array("Q", (modseq,)) * count,
        array("Q", (UNSIZED,)) * count,
        nothing * count,
        nothing * count,
    )
    further = {name.lower(): name for names in extra.values() for name in names}
    header = Header(row.highestmodseq, row.version, row.keywords, further, count, {})
    return News(transaction.instance, row, [], [], Kept(header, columns))


def _date(mtime_ns: int) -> int:
    """As the index says it: cut, as SQL's division does, and no later than it can hold."""
    seconds = min(abs(mtime_ns), _LATEST) // 10**9
    return seconds if mtime_ns >= 0 else -seconds
