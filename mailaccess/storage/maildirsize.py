"""`maildirsize`: an account's limits and usage as Maildir++ keeps them, for delivery agents of every kind.

The first line holds the limits, `1000000S,1000C`: octets and messages. All others are changes, `octets messages`, and
their sum is the usage. A change is appended; who finds the sum wrong, or the file long, writes it anew.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from mailaccess.storage.disk import replace_file

FILE = "maildirsize"

LONGEST = 5120
"""Octets beyond which the usage is to be summed up anew, by the file's rules."""

_FIRST_LINE = 256
_LIMIT = re.compile(r"([0-9]{1,18})([A-Z])")
_CHANGE = re.compile(rb" *([+-]?[0-9]{1,18}) +([+-]?[0-9]{1,18}) *")


class SizeFile(NamedTuple):
    """What the file says."""

    line: str  # the first
    octets: int
    messages: int
    whole: bool  # it is not long, and all of it was understood


def exists(root: Path) -> bool:
    """There is such a file; asked more cheaply than by opening it."""
    return os.access(f"{root}/{FILE}", os.F_OK)


def limit_line(root: Path) -> str | None:
    """The first line; None if there is no such file."""
    data = _head(root, _FIRST_LINE)
    return None if data is None else _decoded(data)


def parse_limits(line: str) -> tuple[int | None, int | None]:
    """Octets and messages that the line allows; None: any number, which it says by 0 or not at all."""
    found = {unit: int(number) for number, unit in map(_split, line.split(",")) if int(number)}
    return found.get("S"), found.get("C")


def render_limits(octets: int | None, messages: int | None) -> str:
    """The line for these limits. None at all can only be told by 1."""
    parts = [f"{max(limit, 1)}{unit}" for limit, unit in ((octets, "S"), (messages, "C")) if limit is not None]
    return ",".join(parts) or "0S"


def read(root: Path) -> SizeFile | None:
    """All of it; None if there is no such file."""
    data = _head(root, LONGEST)
    if data is None:
        return None
    changes = [_CHANGE.fullmatch(line) for line in data.splitlines()[1:]]
    known = [change for change in changes if change is not None]
    return SizeFile(
        _decoded(data[:_FIRST_LINE]),
        sum(int(change[1]) for change in known),
        sum(int(change[2]) for change in known),
        len(known) == len(changes) and 0 < len(data) < LONGEST and data.endswith(b"\n"),
    )


def write(root: Path, line: str, octets: int, messages: int) -> None:
    """Writes it anew."""
    replace_file(root / FILE, b"%s\n%d %d\n" % (line.encode("latin-1"), octets, messages))


def append(root: Path, octets: int, messages: int) -> None:
    """Adds a change, if there is such a file."""
    if not exists(root):
        return
    try:
        fd = os.open(root / FILE, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.write(fd, b"%d %d\n" % (octets, messages))
    finally:
        os.close(fd)


def _head(root: Path, length: int) -> bytes | None:
    if not exists(root):
        return None
    try:
        fd = os.open(root / FILE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a named pipe does not hold us up
    except FileNotFoundError:
        return None
    try:
        return os.read(fd, length)
    finally:
        os.close(fd)


def _decoded(data: bytes) -> str:
    return data.partition(b"\n")[0].strip().decode("latin-1")


def _split(part: str) -> tuple[str, str]:
    found = _LIMIT.fullmatch(part.strip())
    return (found[1], found[2]) if found else ("0", "")
