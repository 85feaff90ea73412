"""An account at one moment, for those who watch more of it than the mailbox they have open; see `feed`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag
from pathlib import Path

from mailaccess.storage import acl, metadata, subscriptions
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.index.sums import Sums
from mailaccess.storage.metadata import Owned


class Part(Flag):
    """Of a picture."""

    SUMS = 1
    TREE = 2
    SUBSCRIPTIONS = 4
    ANNOTATIONS = 8


NOTHING = Part(0)
EVERYTHING = Part.SUMS | Part.TREE | Part.SUBSCRIPTIONS | Part.ANNOTATIONS

PART_OF_FILE = {
    subscriptions.FILE: Part.SUBSCRIPTIONS,
    subscriptions.COURIER: Part.SUBSCRIPTIONS,
    metadata.FILE: Part.ANNOTATIONS,
    acl.FILE: Part.SUMS,  # lists are looked at whenever anything is
}
"""Of files in the account's root: what is stale when one was written."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An account at one moment. What did not change is the same object as in the picture before."""

    tree: Mapping[str, Path] = field(default_factory=dict)  # mailboxes, by name
    sums: Mapping[str, Sums] = field(default_factory=dict)  # by name; of mailboxes that were ever looked into
    subscriptions: frozenset[str] = frozenset()
    annotations: Mapping[str, Owned] = field(default_factory=dict)  # by name; "" for the account's own
    lists: Mapping[str, FileStamp] = field(default_factory=dict)  # of who may do what, by name; those that there are
