"""Annotations of an account and its mailboxes (RFC 5464). They are in nobody's cache, but in a file beside the mail.

`mailaccess-metadata` is JSON: a mailbox's GUID, or "" for the account itself; below it the user whose private entry it
is, or "" for what all share; below it the entry's name and its value, in which a character stands for an octet.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from mailaccess.storage.disk import FileStamp, locked, replace_file
from mailaccess.storage.errors import TooManyAnnotations, Unavailable, from_os

MAX_VALUE = 64 * 1024
"""Octets of one value."""
MAX_ENTRIES = 200
"""Of one user, or shared, on one mailbox or on the account."""
MAX_FILE = 4 * 1024 * 1024
"""Octets of all of an account's annotations."""

SHARED = ""
"""The owner of entries that all users see."""

FILE = "mailaccess-metadata"

Entries = dict[str, bytes]
Owned = dict[str, Entries]
Places = dict[str, Owned]
Changes = Mapping[str, Mapping[str, bytes | None]]
"""By owner: names and their new values."""


class Metadata:
    """All annotations of one account. For threads, but for `stamp`."""

    def __init__(self, root: Path) -> None:
        self._file = root / FILE
        self._read: tuple[FileStamp | None, Places] = None, {}

    def stamp(self) -> FileStamp | None:
        """What differs when anything was changed; None while there are none. A stat call."""
        try:
            return FileStamp.of(self._file.stat())
        except OSError:
            return None

    def places(self) -> Places:
        """All there is, not to be changed. Unavailable, if the file is damaged."""
        stamp = self.stamp()
        if stamp != self._read[0]:
            self._read = stamp, self._load()
        return self._read[1]

    def change(self, place: str, changes: Changes) -> None:
        """Sets entries, durably, all or none; None removes one. Case does not matter in a name. TooManyAnnotations."""
        with locked(self._file):
            places = self._load()
            owned = places.setdefault(place, {})
            for owner, values in changes.items():
                _set(owned.setdefault(owner, {}), values)
            self._store(places)

    def forget(self, place: str) -> None:
        """The mailbox is no more."""
        if place in self.places():
            with locked(self._file):
                places = self._load()
                places.pop(place, None)
                self._store(places)

    def copy(self, place: str, target: str) -> None:
        """Gives a mailbox the annotations of another."""
        if place in self.places():
            with locked(self._file):
                places = self._load()
                places[target] = places[place]
                self._store(places)

    def _load(self) -> Places:
        try:
            text = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            return {
                place: {
                    owner: {name: value.encode("latin-1") for name, value in entries.items()}
                    for owner, entries in owned.items()
                }
                for place, owned in json.loads(text).items()
            }
        except (ValueError, AttributeError):
            raise Unavailable(f"{self._file.name} is damaged; remove or mend it") from None

    def _store(self, places: Places) -> None:
        text = json.dumps(
            {
                place: {
                    owner: {name: value.decode("latin-1") for name, value in entries.items()}
                    for owner, entries in owned.items()
                    if entries
                }
                for place, owned in places.items()
                if any(owned.values())
            },
            indent=1,
            sort_keys=True,
        ).encode()
        if len(text) > MAX_FILE:
            raise TooManyAnnotations(f"all annotations together may have {MAX_FILE} octets")
        replace_file(self._file, text)


class Annotations:
    """The annotations of one place: an account, or one of its mailboxes. For threads."""

    def __init__(self, metadata: Metadata, place: str, changed: Callable[[], None] | None = None) -> None:
        """`changed` is called behind every change."""
        self._metadata = metadata
        self._place = place
        self._changed = changed

    def entries(self, owner: str) -> Entries:
        """What a user has set for himself, or with SHARED what all see; not to be changed."""
        return self._metadata.places().get(self._place, {}).get(owner, {})

    def change(self, changes: Changes) -> None:
        """As Metadata.change. StorageError also for what the system refuses."""
        try:
            self._metadata.change(self._place, changes)
        except OSError as error:
            raise from_os(error) from error
        if self._changed is not None:
            self._changed()


def _set(entries: Entries, values: Mapping[str, bytes | None]) -> None:
    spelled = {name.lower(): name for name in entries}
    for name, value in values.items():
        entries.pop(spelled.pop(name.lower(), name), None)
        if value is not None:
            entries[name] = value
            spelled[name.lower()] = name
    if len(entries) > MAX_ENTRIES:
        raise TooManyAnnotations(f"there may be {MAX_ENTRIES} annotations here")
