"""Who shares something with whom: what lets a user find others' mailboxes without looking into all accounts.

The file is a dictionary as Dovecot's `acl_shared_dict = file:...` keeps it: a line with a key,
`shared/shared-boxes/user/<who>/<owner>` or `shared/shared-boxes/anyone/<owner>`, and a line `1`. It only says where to
look; what may be seen there is said by the lists themselves.
"""

import os
import threading
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from mailaccess.storage import watch
from mailaccess.storage.acl import ANYONE, AUTHENTICATED, USER, Who, visible_to
from mailaccess.storage.disk import FileStamp, locked, replace_file
from mailaccess.storage.watch import Happened

_PREFIX = "shared/shared-boxes/"

Pair = tuple[Who, str]
"""Somebody, and an owner who shares something with him."""


class Sharers:
    """The dictionary in one file, read anew when it changes. Any thread may call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp: FileStamp | None = None
        self._owners: dict[Who, set[str]] = {}

    def of(self, user: str) -> set[str]:
        """The owners who share something with a user."""
        with self._lock:
            self._read()
            return {owner for who in visible_to(user) for owner in self._owners.get(who, ())}

    def set(self, owner: str, concerned: Collection[Who]) -> None:
        """Says with whom an owner shares something now; groups are left as Dovecot wrote them."""
        wanted = {Who(ANYONE) for who in concerned if who.kind in (ANYONE, AUTHENTICATED)}
        wanted |= {who for who in concerned if who.kind == USER and "/" not in who.name}  # no user is called so
        with self._lock:
            self._read()
            if wanted == {who for who, owners in self._owners.items() if owner in owners}:
                return
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self.path):
                lines = [line for line in _lines(self.path) if not _is_of(line, owner)]
                lines += [_key(who, owner) for who in sorted(wanted, key=str)]
                replace_file(self.path, "".join(f"{line}\n1\n" for line in lines).encode("utf-8", "surrogateescape"))
            self._stamp = None

    def listen(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Has `tell` called when the file was changed, where the process watches files; returns what ends that."""
        watcher = watch.current()
        if watcher is None:
            return lambda: None
        changed = threading.Event()

        mine = {b"", os.fsencode(self.path.name)}

        def note(happened: Happened | None) -> None:
            if happened is None or any(mine & names.keys() for names in happened.values()):
                changed.set()

        def tell_if_changed() -> None:
            if changed.is_set():
                changed.clear()
                tell()

        directory = self.path.parent
        token = watcher.add([directory if directory.is_dir() else self.path], note, tell_if_changed)
        return partial(watcher.remove, token)

    def _read(self) -> None:
        try:
            stamp = FileStamp.of(self.path.stat())
        except FileNotFoundError:
            self._stamp, self._owners = None, {}
            return
        if stamp == self._stamp:
            return
        self._owners = {}
        for line in _lines(self.path):
            pair = _pair(line)
            if pair is not None:
                self._owners.setdefault(pair[0], set()).add(pair[1])
        self._stamp = stamp


def _lines(path: Path) -> list[str]:
    """The keys: every second line."""
    try:
        return path.read_text("utf-8", "surrogateescape").split("\n")[:-1:2]
    except FileNotFoundError:
        return []


def _key(who: Who, owner: str) -> str:
    return f"{_PREFIX}user/{who.name}/{owner}" if who.kind == USER else f"{_PREFIX}anyone/{owner}"


def _pair(line: str) -> Pair | None:
    parts = line.removeprefix(_PREFIX).split("/") if line.startswith(_PREFIX) else []
    if len(parts) == 3 and parts[0] == "user":
        return Who(USER, parts[1]), parts[2]
    return (Who(ANYONE), parts[1]) if len(parts) == 2 and parts[0] == "anyone" else None


def _is_of(line: str, owner: str) -> bool:
    pair = _pair(line)
    return pair is not None and pair[1] == owner
