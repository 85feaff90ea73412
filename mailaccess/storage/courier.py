"""Courier's keywords, `courierimapkeywords/` in each Maildir, read when its mail is taken over.

`:list` has the names of keywords, one a line, an empty line, and `<base>:<index> <index>...` for each message, the
first name being 0. A change since is a file of its own, `.<time>.<base>` or just `<base>`, with all the message's
keywords, one a line; the latest counts, and one without a time is the latest of all.
"""

import os
import re
from pathlib import Path

from mailaccess.storage.keywords import LONGEST, MOST_OF_MESSAGE, is_name

DIRECTORY = "courierimapkeywords"
LIST = ":list"

_CHANGE = re.compile(r"\.([0-9]{1,18})\.(.+)", re.DOTALL)
_LATEST = float("inf")


def read_courier_keywords(directory: Path) -> dict[str, tuple[str, ...]]:
    """The keywords of each message that has any, by base name; also of messages that are gone."""
    folder = directory / DIRECTORY
    try:
        files = [file.name for file in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found = _read_list(_text(folder / LIST))
    latest: dict[str, tuple[float, str]] = {}
    for file in files:
        if file == LIST:
            continue
        change = _CHANGE.fullmatch(file)
        base, time = (change[2], float(change[1])) if change else (file, _LATEST)
        latest[base] = max(latest.get(base, (-1.0, "")), (time, file))
    for base, (_, file) in latest.items():
        found[base] = _text(folder / file).split("\n")
    known = {base: _usable(names) for base, names in found.items()}
    return {base: names for base, names in known.items() if names}


def _read_list(text: str) -> dict[str, list[str]]:
    head, _, lines = text.partition("\n\n") if not text.startswith("\n") else ("", "", text)
    names = head.split("\n")
    found = {}
    for line in lines.split("\n"):
        base, colon, indices = line.rpartition(":")
        if base and colon:
            numbers = [int(index) for index in indices.split() if index.isdecimal() and len(index) < 10]
            found[base] = [names[number] for number in numbers if number < len(names)]
    return found


def _usable(names: list[str]) -> tuple[str, ...]:
    """Those that a client can ask for, each once."""
    once = {name.lower(): name for name in reversed(names) if len(name) <= LONGEST and is_name(name)}
    return tuple(sorted(once.values())[:MOST_OF_MESSAGE])


def _text(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes()).replace("\r\n", "\n")
    except OSError:
        return ""  # Courier has just put it into the list, or it is no file
