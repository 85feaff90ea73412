"""An account's subscriptions: Dovecot's `subscriptions`, version 2 and the older one, else `courierimapsubscribed`.

Version 2 begins with `V<TAB>2` and an empty line; then each line is a name, its parts as they stand in a directory's
name, joined by tabs.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from mailaccess.storage.disk import locked, replace_file
from mailaccess.storage.errors import InvalidName
from mailaccess.storage.folders import SEPARATOR, normal_name, part_from_disk, part_to_disk

FILE = "subscriptions"
COURIER = "courierimapsubscribed"

_LOCKED = "mailaccess-subscriptions"
_HEADER = "V\t2\n\n"
_ESCAPED = re.compile("\x01([01trn])")
_ESCAPES = {"0": "\0", "1": "\x01", "t": "\t", "r": "\r", "n": "\n"}


def read_subscriptions(root: Path) -> list[str]:
    """The subscribed names, sorted. They need not exist as mailboxes."""
    return sorted(name for name in _read(root).values() if name)


def change_subscriptions(root: Path, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    """Adds and removes (normal) names, durably and under a lock; written as version 2. Unreadable lines are kept."""
    with locked(root / _LOCKED):
        lines = _read(root)
        unwanted = {*remove, *add}
        kept = [line for line, name in lines.items() if name not in unwanted]
        replace_file(root / FILE, os.fsencode(_HEADER + "".join(f"{line}\n" for line in [*kept, *map(_line, add)])))


def _read(root: Path) -> dict[str, str | None]:
    """Version 2's lines and the names they stand for; None: no name."""
    try:
        text = os.fsdecode((root / FILE).read_bytes())
    except FileNotFoundError:
        return _read_courier(root)
    if text.startswith("V\t"):
        return {line: _name(map(_untab, line.split("\t"))) for line in text.split("\n")[1:] if line}
    # Before version 2 the separator was the namespace's own: a dot, unless there are slashes.
    separator = SEPARATOR if SEPARATOR in text else "."
    names = [_name(line.rstrip("\r").split(separator)) for line in text.split("\n") if line]
    return {_line(name): name for name in names if name}


def _read_courier(root: Path) -> dict[str, str | None]:
    try:
        text = os.fsdecode((root / COURIER).read_bytes())
    except FileNotFoundError:
        return {}
    found: dict[str, str | None] = {}
    for line in text.split("\n"):
        parts = line.rstrip("\r").split(".")
        # Courier calls everything INBOX.something; here only INBOX has that name.
        name = _name(parts[1:] if len(parts) > 1 and parts[0].upper() == "INBOX" else parts)
        if name:
            found[_line(name)] = name
    return found


def _name(parts: Iterable[str]) -> str | None:
    try:
        return normal_name(SEPARATOR.join(map(part_from_disk, parts)))
    except InvalidName:
        return None


def _line(name: str) -> str:
    return "\t".join(part_to_disk(part) for part in name.split(SEPARATOR))


def _untab(part: str) -> str:
    """Undoes the escapes of tab-separated files; ours need none, as modified UTF-7 leaves nothing to escape."""
    return _ESCAPED.sub(lambda found: _ESCAPES[found[1]], part)
