"""How much an account may hold, and how much it does: asked wherever messages and mailboxes are added.

The administrator sets limits: by the configuration and the account's own settings, or, of what they say nothing, by
another program that writes the first line of `maildirsize`. Below those the user sets his own. `mailaccess-quota` keeps
them, and which first lines we wrote ourselves, over what limits of others.

A message takes the octets of its file. The index keeps the sums; what other programs did is taken in before they are
asked for, and what is added is admitted within the transaction that adds it, so that no two processes fill one gap.
"""

import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import NamedTuple

from mailaccess.storage import maildirsize
from mailaccess.storage.disk import locked, replace_file
from mailaccess.storage.errors import NotPermitted, OverQuota, StorageError
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.transaction import Transaction

log = logging.getLogger(__name__)

_FILE = "mailaccess-quota"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much there may be; None: any number."""

    storage: int | None = None  # octets
    messages: int | None = None
    mailboxes: int | None = None

    @property
    def of_messages(self) -> bool:
        """Messages may have to be refused."""
        return self.storage is not None or self.messages is not None

    def completed(self, other: "Limits") -> "Limits":
        """With the other's where there is none."""
        return Limits(*(theirs if own is None else own for own, theirs in _pairs(self, other)))

    def lowered(self, other: "Limits") -> "Limits":
        """The lower one of each."""
        return Limits(*(min(pair, key=_height) for pair in _pairs(self, other)))

    def exceeding(self, other: "Limits") -> list[str]:
        """The names of those that are set, and higher than the other's."""
        names = (field.name for field in fields(self))
        pairs = zip(names, _pairs(self, other), strict=True)
        return [name for name, (own, theirs) in pairs if own is not None and own > _height(theirs)]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the administrator grants an account."""

    limits: Limits = Limits()
    soft: bool = False  # who exceeds them is told so, and not refused


class Usage(NamedTuple):
    """How much there is."""

    storage: int  # octets
    messages: int
    mailboxes: int


class Room(NamedTuple):
    """How much may yet be added; negative where there is too much already."""

    storage: float  # octets
    messages: float


@dataclass(frozen=True, slots=True)
class _Own:
    """What our file says."""

    limits: Limits = Limits()  # the user's
    others: Limits = Limits()  # those of another program whose line we replaced
    written: tuple[str, ...] = ()  # first lines of maildirsize that are ours: the present one, and one before it


_NONE = _Own()


class Quota:
    """One account's. Calls may wait for the disk, as those of Account; `exceeded` is fit for the reactor."""

    def __init__(self, root: Path, index: Index, granted: Callable[[], Allowance], catch_up: Callable[[], int]) -> None:
        """`catch_up` has the index reflect the disk, and returns how many mailboxes there are."""
        self.exceeded = False
        """There was too much when something was last added, and it was let in."""
        self._root = root
        self._index = index
        self._granted = granted
        self._catch_up = catch_up
        self._file = root / _FILE
        self._soft = False  # as they were when last asked for: transactions do not wait for the administrator's word
        self._limits = Limits()

    # -- what is told

    def limits(self) -> Limits:
        """Those that count."""
        granted = self._granted()
        own = self._own()
        self._soft = granted.soft
        self._limits = self._bound(granted.limits, own).lowered(own.limits)
        return self._limits

    def usage(self) -> Usage:
        """How much there is now, other programs' doings included; `maildirsize` says so too."""
        return self._count(self.limits())

    def set_limits(self, limits: Limits) -> None:
        """Sets the user's own. NotPermitted where they exceed the administrator's."""
        with locked(self._file):
            own = self._own()
            above = limits.exceeding(self._bound(self._granted().limits, own))
            if above:
                raise NotPermitted(f"the limit of {' and '.join(above)} can only be raised by the administrator")
            self._write_own(replace(own, limits=limits))
        self.maintain()

    def maintain(self) -> None:
        """Has `maildirsize`, where there is one or is to be one, tell the truth."""
        if self.limits().of_messages or maildirsize.exists(self._root):
            self.usage()

    # -- what is added

    def room(self) -> Room | None:
        """How much may be added; None: anything. Also to be asked, outside the transaction, before `admit`."""
        limits = self.limits()
        if not limits.of_messages:
            return None
        usage = self._count(limits)
        return None if self._soft else _room(limits, usage.storage, usage.messages)

    def admit(self, transaction: Transaction, octets: int, messages: int) -> None:
        """Before so much is added by the transaction. OverQuota."""
        limits = self._limits
        self.exceeded = False
        if not limits.of_messages:
            return
        try:
            check(_room(limits, *reading.usage(transaction.connection)), octets, messages)
        except OverQuota:
            if not self._soft:
                raise
            self.exceeded = True

    def admit_mailbox(self, count: Callable[[], int]) -> None:
        """Before one more is made than are counted. OverQuota."""
        limit = self.limits().mailboxes
        if limit is not None and not self._soft and count() >= limit:
            raise OverQuota(f"over quota: there may be {limit} mailboxes")

    def changed(self, transaction: Transaction, octets: int, messages: int) -> None:
        """The transaction adds so much, or removes it: whoever reads `maildirsize` is told."""
        if not octets and not messages:
            return
        with suppress(OSError):  # as anything that is wrong there, it is found by the next comparison
            maildirsize.append(self._root, octets, messages)
            transaction.on_failure(partial(maildirsize.append, self._root, -octets, -messages))

    # -- inside

    def _count(self, limits: Limits) -> Usage:
        mailboxes = self._catch_up()
        octets, messages = self._index.read(reading.usage)
        self._keep_file(limits, octets, messages)
        return Usage(octets, messages, mailboxes)

    def _bound(self, granted: Limits, own: _Own) -> Limits:
        """What the administrator allows."""
        line = None
        with suppress(OSError):
            line = maildirsize.limit_line(self._root)
        return granted.completed(_others(line, own))

    def _keep_file(self, limits: Limits, octets: int, messages: int) -> None:
        """Mends `maildirsize` if it says anything else."""
        try:
            if self._differs(limits, octets, messages):
                self._index.write(partial(self._mend_file, limits=limits), durable=False)
        except (OSError, StorageError) as error:  # nobody is kept from his mail by that
            log.warning("%s cannot be kept: %s", self._root / maildirsize.FILE, error)

    def _differs(self, limits: Limits, octets: int, messages: int) -> bool:
        found = maildirsize.read(self._root)
        if found is None:
            return limits.of_messages
        same = maildirsize.parse_limits(found.line) == maildirsize.parse_limits(_line(limits))
        return not (same and found.whole and (found.octets, found.messages) == (octets, messages))

    def _mend_file(self, transaction: Transaction, limits: Limits) -> None:
        """Inside the lock, where others of us are not half-way between adding a message and saying so."""
        octets, messages = reading.usage(transaction.connection)
        if not self._differs(limits, octets, messages):
            return
        try:
            found = maildirsize.limit_line(self._root)
            line = _line(limits)
            if found is not None and maildirsize.parse_limits(found) == maildirsize.parse_limits(line):
                line = found  # and remains whose it was
            else:
                with locked(self._file):
                    own = self._own()
                    written = tuple(dict.fromkeys((line, *own.written[:1])))
                    self._write_own(_Own(own.limits, _others(found, own), written))
            maildirsize.write(self._root, line, octets, messages)
        except OSError as error:
            log.warning("%s cannot be kept: %s", self._root / maildirsize.FILE, error)

    def _own(self) -> _Own:
        if not os.access(self._file, os.F_OK):
            return _NONE
        try:
            found = json.loads(self._file.read_bytes())
            return _Own(_limits(found["limits"]), _limits(found["others"]), tuple(found["written"]))
        except FileNotFoundError:
            return _NONE
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("%s is not heeded: %s", self._file, error)
            return _NONE

    def _write_own(self, own: _Own) -> None:
        replace_file(self._file, json.dumps(asdict(own)).encode())


def check(room: Room, octets: int, messages: int) -> None:
    """OverQuota where there is no room for so much more."""
    if octets > max(room.storage, 0):
        raise OverQuota(f"over quota: there is room for {max(int(room.storage), 0) // 1024} KiB more")
    if messages > max(room.messages, 0):
        raise OverQuota(f"over quota: there is room for {max(int(room.messages), 0)} messages more")


def _room(limits: Limits, octets: int, messages: int) -> Room:
    return Room(_height(limits.storage) - octets, _height(limits.messages) - messages)


def _limits(found: dict[str, object]) -> Limits:
    """ValueError, TypeError where they are none."""
    if not all(value is None or isinstance(value, int) for value in found.values()):
        raise ValueError("limits are numbers")
    return Limits(**found)  # type: ignore[arg-type]


def _others(line: str | None, own: _Own) -> Limits:
    """What another program allows, where the first line of `maildirsize` is this."""
    return own.others if line is None or line in own.written else Limits(*maildirsize.parse_limits(line))


def _line(limits: Limits) -> str:
    return maildirsize.render_limits(limits.storage, limits.messages)


def _pairs(one: Limits, other: Limits) -> list[tuple[int | None, int | None]]:
    return [(one.storage, other.storage), (one.messages, other.messages), (one.mailboxes, other.mailboxes)]


def _height(limit: int | None) -> float:
    return inf if limit is None else limit
