"""Room set aside beside the index, so that a user can read, and remove what fills the disk, when that is full."""

import os
from pathlib import Path

_FILE = "reserve"
_OCTETS = 128 * 1024  # for what SQLite makes beside the file when it is opened, and a journal to go on with ...
_LEAST = 32 * 1024  # ... or, where there is no room for that, for the former


class Reserve:
    """That of one index. Who gives it up uses the room at once; what another takes meanwhile is gone."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / _FILE

    def give_up(self) -> bool:
        """Gives its place to what needs it. False: there was none, or it cannot be given."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def set_aside(self) -> None:
        """As much as there is room for now, where it is not there already."""
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        octets = _OCTETS
        try:
            while octets >= _LEAST and not _allocated(fd, octets):
                octets //= 2
            if not os.fstat(fd).st_size:
                self._path.unlink(missing_ok=True)
        finally:
            os.close(fd)


def _allocated(fd: int, octets: int) -> bool:
    """The file has so many octets, of which none has to be found a place for."""
    try:
        os.posix_fallocate(fd, 0, octets)
    except OSError:
        return False
    return True
