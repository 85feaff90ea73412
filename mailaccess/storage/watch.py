"""What changed on disk: inotify where the kernel sees the changes, polling where it does not. Knows no reactor.

One Watcher serves a process. Whoever owns the event loop watches `fileno()`, calls `ready()` when it is readable, and
`poll()` every second or so while `polling` is true.
"""

import ctypes
import errno
import fcntl
import logging
import os
import select
import struct
import termios
import threading
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mailaccess.storage.disk import is_remote

Happened = dict[str, dict[bytes, bool]]
"""By path, as it was given to `add`, the names of files in that directory to which something happened, and whether that
was last that they came or were written; otherwise they went. b"" is the path itself. Not to be changed: others are told
the same object."""
Note = Callable[[Happened | None], None]
"""Told what came and went; None: anything may have changed. Does nothing but take note."""
Tell = Callable[[], None]
"""Called once all that has happened is noted by everybody."""

_libc = ctypes.CDLL(None, use_errno=True)
_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x8, 0x40, 0x80, 0x100, 0x200
_MOVE_SELF, _UNMOUNT, _OVERFLOW, _IGNORED = 0x800, 0x2000, 0x4000, 0x8000
_MASK = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _MOVE_SELF
_GOES = _MOVED_FROM | _DELETE
_ENDS = _MOVE_SELF | _UNMOUNT | _IGNORED
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows
_READ = 1 << 16
_LONGEST = _EVENT.size + 256  # octets of an event
_READS = 16  # at most, each time: an event loop has others to serve
_FRESH = 2_100_000_000  # ns within which a second change may leave the same times behind

_Told = dict[int, Happened | None]  # by token; None: anything
_log = logging.getLogger(__name__)


class _State(NamedTuple):
    """What can be compared of a path without reading it."""

    times: tuple[int, int, int, int] | None  # None: nothing is there
    fresh: bool  # a later change may leave the same times behind


class Watcher:
    """Watches directories for files that come and go, and single files for being written (`wake`).

    Any thread may call; callbacks run in the thread of `ready` or `poll`.
    """

    def __init__(self) -> None:
        self._fd: int = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            _log.warning("no inotify (%s): mailboxes are polled", os.strerror(ctypes.get_errno()))
            self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)  # takes no watch and is never readable
        self._gate = select.epoll()  # what the event loop sees of it: nothing, while we make a noise ourselves
        self._gate.register(self._fd, select.EPOLLIN)
        self._held = 0
        self._noting = threading.Lock()  # from reading events until they are noted, so that they are in their order
        self._waiting = array("i", [0])  # octets of events, as the kernel has just said
        self._lock = threading.Lock()
        self._last_token = 0
        self._callbacks: dict[int, tuple[Note, Tell]] = {}  # by token
        self._paths: dict[int, list[str]] = {}  # by token
        self._tokens: dict[str, list[int]] = {}  # by path
        self._watches: dict[str, int] = {}  # the kernel's watch of a path
        self._watched: dict[int, list[str]] = {}  # and back: two paths of one directory share a watch
        self._polled: dict[str, _State] = {}  # paths whose changes inotify does not see, or not all of them
        self._complained = False
        self._closed = False

    def fileno(self) -> int:
        """The descriptor that becomes readable."""
        return self._gate.fileno()

    @property
    def polling(self) -> bool:
        """Some path needs `poll`."""
        return bool(self._polled)

    def add(self, paths: Iterable[str | Path], note: Note, tell: Tell = lambda: None) -> int:
        """Watches the paths and returns a token for `remove`. Never fails: what cannot be watched is polled.

        Armed when it returns: look at the paths' state after that, not before, and no change is missed.
        """
        with self._lock:
            self._last_token += 1
            token = self._last_token
            self._callbacks[token] = note, tell
            self._paths[token] = list(dict.fromkeys(str(path) for path in paths))
            for path in self._paths[token]:
                self._tokens.setdefault(path, []).append(token)
                if len(self._tokens[path]) == 1:
                    if not self._arm(path) or is_remote(path):
                        self._polled[path] = _state(path)
                elif path in self._watches and self._replaced(path):
                    self._disarm(path)
                    self._arm(path)
                    self._polled[path] = _State(None, fresh=False)  # those who meant the other directory are to look
            return token

    def sees_all(self, token: int) -> bool:
        """Nothing can happen to these paths without an event."""
        with self._lock:
            paths = self._paths.get(token)
            return paths is not None and not any(path in self._polled for path in paths)

    def remove(self, token: int) -> None:
        """Ends a watch; later events do not call back. An unknown token is ignored."""
        with self._lock:
            self._callbacks.pop(token, None)
            for path in self._paths.pop(token, ()):
                self._tokens[path].remove(token)
                if not self._tokens[path]:
                    del self._tokens[path]
                    self._polled.pop(path, None)
                    self._disarm(path)

    def ready(self) -> bool:
        """Reads what the kernel has and calls back. Never blocks. True: what happened before the call is noted now.

        False: there may be more to read.
        """
        told: _Told = {}
        drained = False
        with self._noting:
            if self._closed or not self._has_events():
                return True
            for _ in range(_READS):
                try:
                    data = os.read(self._fd, _READ)
                except BlockingIOError:
                    drained = True
                    break
                with self._lock:
                    self._sort(data, told)
                if len(data) <= _READ - _LONGEST:
                    drained = True  # there was room for one more
                    break
            self._note(told)
        self._tell(told)
        return drained

    def held(self) -> "Held":
        """Around what this process does itself to directories that are watched: the event loop is not woken by each
        step of it. What is to be read is read at the end, by this thread."""
        return Held(self)

    def poll(self) -> None:
        """Looks at the paths that inotify cannot see and calls back for those that differ."""
        told: _Told = {}
        with self._lock:
            paths = list(self._polled)
            for path in paths:
                if path not in self._watches:
                    self._arm(path)
        for path in paths:
            now, shared = _state(path), is_remote(path)  # which may take long: nobody waits for it
            with self._lock:
                before = self._polled.get(path)
                if before is None:
                    continue
                if now.times != before.times or before.fresh:
                    told.update(dict.fromkeys(self._tokens[path]))
                if path in self._watches and not shared:
                    del self._polled[path]
                else:
                    self._polled[path] = now
        with self._noting:
            self._note(told)
        self._tell(told)

    def close(self) -> None:
        """Ends all watches."""
        for token in list(self._callbacks):
            self.remove(token)
        with self._noting:
            with self._lock:
                self._closed = True
                self._gate.close()
            os.close(self._fd)

    def _has_events(self) -> bool:
        """Asks in a quarter of the time that a read which finds nothing takes."""
        try:
            fcntl.ioctl(self._fd, termios.FIONREAD, self._waiting)
        except OSError:
            return True
        return self._waiting[0] > 0

    def hold(self, by: int) -> None:
        """See `held`."""
        with self._lock:
            before, self._held = self._held, self._held + by
            if bool(before) == bool(self._held) or self._closed:
                return
            if self._held:  # to ask for no events would not do: the kernel wakes the event loop, and only then looks
                self._gate.unregister(self._fd)
            else:
                self._gate.register(self._fd, select.EPOLLIN)

    def _arm(self, path: str) -> bool:
        watch = _libc.inotify_add_watch(self._fd, os.fsencode(path), _MASK)
        if watch < 0:
            if ctypes.get_errno() == errno.ENOSPC and not self._complained:
                self._complained = True
                _log.warning("fs.inotify.max_user_watches is reached: some mailboxes are polled")
            return False
        self._watches[path] = watch
        self._watched.setdefault(watch, []).append(path)
        return True

    def _replaced(self, path: str) -> bool:
        """Another directory is there now. (To watch one anew that is watched changes nothing.)"""
        watch = _libc.inotify_add_watch(self._fd, os.fsencode(path), _MASK)
        if watch >= 0 and watch not in self._watched:
            _libc.inotify_rm_watch(self._fd, watch)
        return bool(watch != self._watches[path])

    def _disarm(self, path: str) -> None:
        watch = self._watches.pop(path, None)
        if watch is None:
            return
        self._watched[watch].remove(path)
        if not self._watched[watch]:
            del self._watched[watch]
            _libc.inotify_rm_watch(self._fd, watch)

    def _sort(self, data: bytes, told: _Told) -> None:
        """Finds out whom the kernel's events concern."""
        offset, size, header, unpack = 0, len(data), _EVENT.size, _EVENT.unpack_from
        heard: defaultdict[int, dict[bytes, bool]] = defaultdict(dict)  # by watch
        while offset < size:  # here each of our own renames comes by twice
            watch, mask, _, length = unpack(data, offset)
            start = offset + header
            offset = start + length
            if mask & _OVERFLOW:
                told.update(dict.fromkeys(self._callbacks))
            elif mask & _ENDS:
                for path in list(self._watched.get(watch, ())):
                    told.update(dict.fromkeys(self._tokens[path]))
                    # No longer what was watched; `poll` finds what comes in its place.
                    self._disarm(path)
                    self._polled[path] = _State(None, fresh=False)
            else:
                heard[watch][data[start:offset].rstrip(b"\0")] = not mask & _GOES
        for watch, names in heard.items():
            for path in self._watched.get(watch, ()):
                for token in self._tokens[path]:
                    happened = told.setdefault(token, {})
                    if happened is not None:
                        happened[path] = {**happened[path], **names} if path in happened else names

    def _note(self, told: _Told) -> None:
        for token, happened in told.items():
            if token in self._callbacks:
                _guarded(partial(self._callbacks[token][0], happened))

    def _tell(self, told: _Told) -> None:
        for token in told:
            if token in self._callbacks:
                _guarded(self._callbacks[token][1])


class Held:
    """What `Watcher.held` gives."""

    __slots__ = ("_watcher",)

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def __enter__(self) -> None:
        self._watcher.hold(1)

    def __exit__(self, *_: object) -> None:
        try:
            self._watcher.ready()
        finally:
            self._watcher.hold(-1)


def _guarded(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:  # noqa: BLE001  one mailbox's trouble is not the others'
        _log.exception("a watcher's callback failed")


def _state(path: str) -> _State:
    try:
        found = Path(path).stat()
    except OSError:
        return _State(None, fresh=False)
    times = (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
    return _State(times, fresh=time.time_ns() - found.st_ctime_ns < _FRESH)


_current: list[Watcher] = []


def install(watcher: Watcher | None) -> None:
    """Makes it the process's watcher."""
    _current[:] = [watcher] if watcher is not None else []


def current() -> Watcher | None:
    """The process's watcher, if one is installed."""
    return _current[0] if _current else None


def unnoticed() -> AbstractContextManager[None]:
    """As Watcher.held, of the process's watcher."""
    watcher = current()
    return watcher.held() if watcher is not None else nullcontext()


def touch_wake(path: str | Path) -> None:
    """Tells those who watch this file that something was committed; makes the file if need be."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        now = time.time_ns()  # the kernel's own clock stands still for milliseconds
        os.utime(fd, ns=(now, now))  # for those who poll; the close is what inotify tells
    finally:
        os.close(fd)
