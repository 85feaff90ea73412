"""What the kernel said of one mailbox's files, so that single changes of other programs cost no reading of directories.

Once index and disk were compared while a watch was armed, they differ in the names heard since, and in nothing else: as
long as no event was lost. Names only say where to look; what is there is seen by looking, and that something is gone is
proved as ever. Our own changes are heard too: a name that is as its row says is forgotten.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from mailaccess.storage import watch
from mailaccess.storage.names import Entry, Names, Where, no_names, parse_name
from mailaccess.storage.watch import Happened, Watcher

HOUR = 3600.0
"""Seconds after which all is compared again: what an event failed to tell is found then at the latest."""

SILENCE = 1.0
"""Seconds for which it is enough that nothing was heard; then all that can be looked at in microseconds is, which shows
also that the directories above were moved away."""

MOST = 5000
"""Names for which directories need not be read; to compare more costs more than that."""


class Said(NamedTuple):
    """What was heard up to a moment."""

    names: Mapping[Entry, bool]  # whether they were there at last
    places: frozenset[Where]  # where anything happened since the index reflected the directories' stamp


class Heard:
    """One mailbox's ears. Any thread may call. Deaf until armed."""

    def __init__(self) -> None:
        self.syncing = threading.Lock()  # held by who compares index and disk by what was heard
        self._lock = threading.Lock()  # around all that follows
        self._watcher: Watcher | None = None
        self._token = 0
        self._directory: Path | None = None
        self._losses = 0  # how often something may have been missed
        self._covered = 0.0  # time.monotonic() when all but the names was as the index has it; 0: it never was
        self._count = 0  # of what was heard, be it of files or of commits
        self._silent_until = 0.0  # time.monotonic(); 0 once anything is heard
        self._where: dict[str, Where] = {}  # by path
        self._names = no_names()
        self._places: set[Where] = set()

    # -- the watch

    def arm(self, directory: Path, wake: Path | None, tell: Callable[[], None]) -> bool:
        """Watches a mailbox's directory and the index's wake file. False: it does already, or the process does not."""
        watcher = watch.current()
        with self._lock:
            if watcher is None or self._directory == directory:
                return False
            self._where = {f"{directory}/new": "new", f"{directory}/cur": "cur"}
            paths = [*self._where, *([str(wake)] if wake is not None else [])]
            before, self._token = self._token, watcher.add(paths, self._note, tell)
            if before:
                watcher.remove(before)
            self._watcher, self._directory = watcher, directory
            self._lose()
            return True

    def disarm(self) -> None:
        """Ends the watch."""
        with self._lock:
            if self._watcher is not None:
                self._watcher.remove(self._token)
            self._watcher, self._token, self._directory = None, 0, None
            self._lose()

    # -- what is covered

    def losses(self) -> int | None:
        """A number that changes when something may have been missed; None where nobody listens to all."""
        with self._lock:
            return self._losses if self._watcher is not None and self._watcher.sees_all(self._token) else None

    def cover(self, losses: int | None) -> None:
        """Index and disk were compared whole, after `losses` was asked."""
        with self._lock:
            if losses is not None and losses == self._losses:
                self._covered = time.monotonic()

    def lose(self) -> None:
        """There is something that was not heard."""
        with self._lock:
            self._lose()

    @property
    def covers(self) -> bool:
        """What was heard is all that differs."""
        return bool(self._covered)

    @property
    def is_due(self) -> bool:
        """It has been so for an hour: time to compare all again."""
        return bool(self._covered) and time.monotonic() - self._covered > HOUR

    # -- what was heard

    def listen(self) -> bool:
        """Takes note of all that has happened up to now; whether any of it awaits comparison. Never blocks."""
        watcher = self._watcher
        if watcher is not None:
            watcher.ready()
        return any(self._names.values())

    @property
    def count(self) -> int:
        """A number that rises with all that is heard."""
        return self._count

    def fall_silent(self, count: int) -> None:
        """A look, begun when `count` was what it is, showed that memory, index and disk agree."""
        with self._lock:
            if self._covered and count == self._count:
                self._silent_until = time.monotonic() + SILENCE

    def is_silent(self) -> bool:
        """Nothing has happened since then, neither to files nor in the index, up to now. Never blocks."""
        if not self._silent_until or time.monotonic() > self._silent_until:
            return False
        watcher = self._watcher
        return watcher is not None and watcher.ready() and bool(self._silent_until)

    def take(self) -> Said | None:
        """All that was heard up to now, to be given to `put_back` where it is not settled. None: that is not all."""
        watcher = self._watcher
        while watcher is not None and not watcher.ready():
            pass
        with self._lock:
            if not self._covered:
                return None
            said = Said(_entries(self._names), frozenset(self._places))
            self._names, self._places = no_names(), set()
            return said

    def put_back(self, said: Said) -> None:
        """It has still to be looked at."""
        with self._lock:
            if self._covered:
                for entry, there in said.names.items():
                    self._names[entry.where].setdefault(os.fsencode(entry.name), there)
                self._places |= said.places

    def forget(self, ours: Names) -> None:
        """After a commit of ours: what it made is no news."""
        self.listen()
        with self._lock:
            for where, names in ours.items():
                heard = self._names[where]
                if heard == names:
                    heard.clear()
                for name, there in names.items() if heard else ():
                    if heard.get(name) is there:
                        del heard[name]

    def names_of(self, base: str) -> list[Entry]:
        """Where the file of a base may be, as far as was heard."""
        self.listen()
        with self._lock:
            begin = os.fsencode(base)
            near: Names = {
                where: {name: there for name, there in names.items() if there and name.startswith(begin)}
                for where, names in self._names.items()
            }
        return [entry for entry in _entries(near) if entry.base == base]

    # -- inside

    def _note(self, happened: Happened | None) -> None:
        with self._lock:
            self._count += 1
            self._silent_until = 0.0
            if happened is None:
                self._lose()
                return
            for path, names in happened.items():
                where = self._where.get(path)
                if where is None:
                    continue
                mail = {name: there for name, there in names.items() if not name.startswith(b".")}
                if mail:
                    self._places.add(where)
                    self._names[where].update(mail)
            if sum(map(len, self._names.values())) > MOST:
                self._lose()

    def _lose(self) -> None:
        self._losses += 1
        self._covered = self._silent_until = 0.0
        self._names, self._places = no_names(), set()


def _entries(names: Names) -> dict[Entry, bool]:
    return {parse_name(os.fsdecode(raw), where): there for where in names for raw, there in names[where].items()}


def differing(names: Mapping[Entry, bool], known: Mapping[str, Entry]) -> set[str]:
    """The bases of which something else was heard than that their file is where it is known to be."""
    return {entry.base for entry, there in names.items() if there != (known.get(entry.base) == entry)}
