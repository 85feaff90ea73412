"""A viewer's own flags in somebody else's mailbox: \\Seen and keywords, in a file beside the mail.

`mailaccess-viewers/<viewer>` in the mailbox's directory has a head, `1 <uidvalidity>`, and a line for each change:
`<mod-sequence> \\Seen $Work :1:5,7` says which of these flags the messages have from then on, `recent 8` that all UIDs
below 8 are \\Recent no more. Lines are added under the account's write lock, without fsync, as flags are in file names;
once most are outdated the file is written anew.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from mailaccess.mail.flags import Flags, canonical
from mailaccess.storage.disk import replace_file, sync_directory
from mailaccess.storage.index.transaction import Transaction, ranges

DIRECTORY = "mailaccess-viewers"

_LONGEST = 200  # octets of a file name made of a user's
_MOST = 10_000_000  # UIDs of one range: a damaged file does not fill the memory
_SLACK = 1000  # lines that may be outdated, beside as many as there were up to date when it was first read

NONE: Flags = frozenset()


class Change(NamedTuple):
    """One line."""

    modseq: int
    flags: Flags  # all that the messages have of the viewer's own
    uids: tuple[tuple[int, int], ...]  # inclusive ranges


class State(NamedTuple):
    """What a message has of the viewer's own."""

    flags: Flags
    modseq: int


UNTOUCHED = State(NONE, 0)


def file_of(directory: Path, user: str) -> Path:
    """The viewer's file in a mailbox's directory."""
    name = quote(user, safe="@+=, ")
    if len(name) > _LONGEST or name in (".", ".."):
        name = "~" + blake2b(user.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return directory / DIRECTORY / name


class Reader:
    """Reads what was added since it last looked. For one thread at a time."""

    def __init__(self, uidvalidity: int) -> None:
        self.recent = 1  # UIDs from here on are \Recent
        self._uidvalidity = uidvalidity
        self._inode = 0
        self._offset = 0

    def rewind(self) -> None:
        """The next `read` begins at the beginning."""
        self._inode = self._offset = 0

    @property
    def offset(self) -> int:
        """How far the file was read: its size, but for a line that a crash cut off."""
        return self._offset

    def read(self, path: Path) -> list[Change]:
        """The changes added since; all of them where the file was written anew."""
        try:
            with path.open("rb") as file:
                stat = os.fstat(file.fileno())
                if stat.st_ino != self._inode or stat.st_size < self._offset:
                    self._inode, self._offset, self.recent = stat.st_ino, 0, 1
                elif stat.st_size == self._offset:
                    return []
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            self.rewind()
            return []
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.decode("ascii", "replace").splitlines()
        if self._offset == 0 and lines and lines.pop(0) != self._head():
            return []  # of a mailbox that was here before
        self._offset += len(whole)
        return [change for change in map(self._take, lines) if change is not None]

    def _head(self) -> str:
        return f"1 {self._uidvalidity}"

    def _take(self, line: str) -> Change | None:
        try:
            if line.startswith("recent "):
                self.recent = max(self.recent, int(line[7:]))
                return None
            words, _, uids = line.rpartition(" :")
            modseq, *flags = words.split(" ")
            return Change(int(modseq), frozenset(map(canonical, flags)), tuple(map(_range, uids.split(","))))
        except ValueError:
            return None  # nothing of ours


class Writer:
    """Reads and writes under the account's write lock: every call gets the transaction's directory."""

    def __init__(self, user: str, uidvalidity: int) -> None:
        self._user = user
        self._uidvalidity = uidvalidity
        self._reader = Reader(uidvalidity)
        self._states: dict[int, State] = {}
        self._lines = 0
        self._most = _SLACK  # lines that there may be before the file is written anew

    def states(self, directory: Path) -> Mapping[int, State]:
        """What messages have of the viewer's own, by UID; those without are UNTOUCHED."""
        before = self._reader.offset
        changes = self._reader.read(file_of(directory, self._user))
        is_fresh = self._reader.offset < before or not before
        if is_fresh:
            self._states, self._lines = {}, 0
        for change in changes:
            self._apply(change)
        if is_fresh:
            self._most = 2 * len(set(self._states.values())) + _SLACK
        return self._states

    def set(self, transaction: Transaction, directory: Path, mailbox: int, changes: Iterable[Change]) -> None:
        """Adds changes. `mailbox`: its number, by which the transaction knows which messages there are."""
        self.states(directory)
        lines = [_line(change) for change in changes]
        self._add(transaction, directory, "".join(lines))
        for change in changes:
            self._apply(change)
        if self._lines > self._most:
            self._write_anew(transaction, directory, mailbox)

    def set_recent(self, transaction: Transaction, directory: Path, recent: int) -> int:
        """UIDs below `recent` are \\Recent no more. The first that was."""
        self.states(directory)
        before = self._reader.recent
        if before < recent:
            self._add(transaction, directory, f"recent {recent}\n")
            self._reader.recent = recent
        return before

    def _apply(self, change: Change) -> None:
        self._lines += 1
        state = State(change.flags, change.modseq)
        for first, last in change.uids:
            self._states.update(dict.fromkeys(range(first, last + 1), state))

    def _add(self, transaction: Transaction, directory: Path, text: str) -> None:
        """Adds lines; taken back should the transaction fail."""
        path = file_of(directory, self._user)
        size = self._reader.offset
        if not size:
            self._create(path)
            size = self._reader.offset
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, size)  # what a crash cut off
            data = text.encode("ascii")
            transaction.on_failure(lambda: self._take_back(path, size))
            if os.pwrite(fd, data, size) != len(data):
                raise OSError("a line was not written whole")
        finally:
            os.close(fd)
        self._reader.read(path)

    def _create(self, path: Path) -> None:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700)
            sync_directory(path.parent.parent)
        replace_file(path, f"1 {self._uidvalidity}\n".encode("ascii"))
        self._states, self._lines = {}, 0
        self._reader.read(path)

    def _take_back(self, path: Path, size: int) -> None:
        os.truncate(path, size)
        self._reader.rewind()

    def _write_anew(self, transaction: Transaction, directory: Path, mailbox: int) -> None:
        """One line for all messages of one state; those that are gone are left out."""
        found = transaction.connection.execute("SELECT uid FROM message WHERE mailbox = ? ORDER BY uid", (mailbox,))
        same: dict[State, list[int]] = defaultdict(list)
        for (uid,) in found:
            if uid in self._states:
                same[self._states[uid]].append(uid)
        lines = [
            _line(Change(state.modseq, state.flags, tuple(ranges(uids))))
            for state, uids in sorted(same.items(), key=lambda item: item[0].modseq)
        ]
        head = f"1 {self._uidvalidity}\nrecent {self._reader.recent}\n"
        replace_file(file_of(directory, self._user), (head + "".join(lines)).encode("ascii"))


def _line(change: Change) -> str:
    uids = ",".join(f"{first}:{last}" if last > first else str(first) for first, last in change.uids)
    return f"{' '.join([str(change.modseq), *sorted(change.flags)])} :{uids}\n"


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    found = int(first), int(last or first)
    if not 0 < found[0] <= found[1] < min(1 << 32, found[0] + _MOST):
        raise ValueError(text)
    return found
