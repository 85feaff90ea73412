"""What the disk shows that the index does not know: a comparison of names, outside the write lock.

Only the directories whose stamp says so are read. Nothing here is certain: other programs go on meanwhile, and whoever
acts on a difference looks again inside the lock.
"""

import time
from typing import NamedTuple

from mailaccess.storage.box import Box
from mailaccess.storage.heard import Said, differing
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import MailboxRow
from mailaccess.storage.maildir import Scan, Stamp, settled_parts
from mailaccess.storage.names import Entry, Where, parse_name

_SOON = 0.05  # seconds after which an unsettled stamp is verified, at the soonest
_SHARE = 100  # verifying takes at most this part of the time
_FEW = 1000  # messages of which is asked faster than a connection is opened
BOTH: tuple[Where, ...] = ("new", "cur")


class Glance(NamedTuple):
    """The directories' stamp, and a time before it was taken. Nothing is read that it does not cover."""

    begun: int  # time.time_ns()
    stamp: Stamp


class Survey(NamedTuple):
    """How the disk differs from what the index knew."""

    version: int  # of the mailbox's row then
    stamp: Stamp  # taken before
    settled: dict[Where, bool]  # the stamp proves that nothing else happened
    found: list[Entry]  # files whose name is unknown
    missing: list[Entry]  # messages none of whose names was seen
    doubled: bool  # there are several files of one base
    scan: Scan | None = None  # that proves what is missing, as long as the directories stay as they are


def doubtful(row: MailboxRow, stamp: Stamp) -> tuple[Where, ...]:
    """The directories that the index may not reflect."""
    before = row.stamp
    if stamp == before and row.new_settled and row.cur_settled:
        return ()
    if before is None:
        return BOTH
    return tuple(where for where in BOTH if stamp.of(where) != before.of(where) or not _settled(row, where))


def due(box: Box, row: MailboxRow, stamp: Stamp) -> tuple[Where, ...]:
    """The directories that differ from what the index reflects, or of which it is time to verify that they do not."""
    return tuple(where for where in doubtful(row, stamp) if _is_due(box, row, stamp, where))


def compare_heard(box: Box, row: MailboxRow, glance: Glance, said: Said) -> Survey | None:
    """Looks at what was heard before the glance. None: directories differ of which nothing was."""
    stamp = glance.stamp
    if row.stamp is None or any(stamp.of(where) != row.stamp.of(where) and where not in said.places for where in BOTH):
        return None
    bases = {entry.base for entry in said.names}
    ask = box.index.read if len(bases) <= _FEW else box.index.read_apart
    known = ask(lambda connection: reading.entries_of(connection, box.id, bases))
    news = differing(said.names, known)
    found = [entry for entry, there in said.names.items() if there and entry.base in news]
    unseen = news & known.keys() - {entry.base for entry in found}
    certain = settled_parts(stamp, glance.begun)
    return Survey(
        version=row.version,
        stamp=stamp,
        settled={where: certain[where] for where in BOTH},
        found=[entry for entry in found if known.get(entry.base) != entry],
        missing=[known[base] for base in unseen],
        doubled=False,
        scan=box.maildir.settled_scan(2, only=unseen) if unseen else None,
    )


def compare(box: Box, row: MailboxRow, glance: Glance, places: tuple[Where, ...], *, doubled: bool = False) -> Survey:
    """Reads the directories that are due at this glance; both, where there may be several files of one base."""
    if row.stamp is None:
        # A file that the first scan missed would lose the UID the uidlist has for it: look as often as it takes.
        return _scanned(box, row, box.maildir.settled_scan())
    if doubled:
        return _scanned(box, row, box.maildir.settled_scan(2))
    begun, stamp = glance
    found: list[Entry] = []
    missing: list[Entry] = []
    for where in places:
        started = time.monotonic()
        shown = box.maildir.names(where)
        known = _known(box, row, where)
        found += [parse_name(name, where) for name in shown - known]
        missing += [parse_name(name, where) for name in known - shown]
        box.seconds[where] = time.monotonic() - started
    bases = {entry.base for entry in found}
    missing = [entry for entry in missing if entry.base not in bases]
    if missing or len(bases) < len(found):
        # Perhaps they were only being renamed; and the clock behind file times has to move on before one can tell.
        return _scanned(box, row, box.maildir.settled_scan(2))
    certain = settled_parts(stamp, begun)
    after = box.maildir.stamp()
    return Survey(
        version=row.version,
        stamp=stamp,
        settled={
            where: certain[where] and stamp.of(where) == after.of(where) if where in places else _settled(row, where)
            for where in BOTH
        },
        found=found,
        missing=[],
        doubled=False,
    )


def _scanned(box: Box, row: MailboxRow, scan: Scan) -> Survey:
    """The comparison of both directories whole."""
    known = box.index.read_apart(lambda connection: reading.entries(connection, box.id)) if row.messages else set()
    shown = set(scan.entries.values()) if known else set()
    for other in scan.duplicates:
        if other in known:  # of several names for one base, the known one is the message's
            shown.discard(scan.entries[other.base])
            shown.add(other)
    return Survey(
        version=row.version,
        stamp=scan.stamp,
        settled=dict.fromkeys(BOTH, scan.settled and not scan.duplicates),
        found=list(shown - known if known else scan.entries.values()),
        missing=[Entry(*entry) for entry in known - shown if entry[0] not in scan.entries],
        doubled=bool(scan.duplicates),
        scan=scan,
    )


def _known(box: Box, row: MailboxRow, where: Where) -> set[str]:
    ask = box.index.read if row.messages <= _FEW else box.index.read_apart
    return ask(lambda connection: reading.names(connection, box.id, where))


def _is_due(box: Box, row: MailboxRow, stamp: Stamp, where: Where) -> bool:
    if row.stamp is None or stamp.of(where) != row.stamp.of(where):
        return True
    age = time.time() - stamp.of(where)[2] / 10**9
    return abs(age) > max(_SOON, _SHARE * box.seconds[where])


def _settled(row: MailboxRow, where: Where) -> bool:
    return row.new_settled if where == "new" else row.cur_settled
