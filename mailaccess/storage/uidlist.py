"""`dovecot-uidlist`: the UIDs of one mailbox beside its mail, so that they outlive the index. Courier's is read too.

Version 3: a line `3 V<uidvalidity> N<next uid> G<mailbox guid>` with perhaps more keys, then `<uid> [keys ]:<base>`
for each message, ascending. Version 1 (Courier's only): `1 <uidvalidity> <next uid>`, then `<uid> <base>`. The next UID
is always max(N, last UID + 1).

The file's own lock, `dovecot-uidlist.lock`, is honoured, but never waited for longer than LOCK_WAIT: the lock of a
program that died must not keep mail away. Between our own processes the account's write lock decides.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from mailaccess.storage import pieces
from mailaccess.storage.disk import FileStamp, replace_file

FILE = "dovecot-uidlist"
LOCK_WAIT = 2.0
"""Seconds until another program's lock is passed over."""
LOCK_STALE = 120.0
"""Seconds without a touch after which a lock belongs to nobody, if its process cannot be asked."""

_COURIER = "courierimapuiddb"
_COURIER_POP3 = "courierpop3dsizelist"
_MAX_UID = 2**32 - 2
_GUID = re.compile(r"[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_OUR_HEADER = re.compile(rb"3 (?:[^\n]* )?N([0-9]{10})[ \n]")  # ten digits, to be overwritten in place


class Record(NamedTuple):
    """One line."""

    uid: int
    base: str
    keys: tuple[str, ...] = ()  # each a letter and its value, as written: "W4711", "Pabc", "O3"

    def get(self, letter: str) -> str | None:
        """A key's value: S size, W wire size, P POP3 UIDL, O POP3 order, G message GUID."""
        return next((key[1:] for key in self.keys if key[0] == letter), None)


Line = tuple[int, str, tuple[str, ...]]
"""What a `Record` is, where there may be a million to be written."""


@dataclass(slots=True)
class UidList:
    """The whole file."""

    uidvalidity: int
    next_uid: int  # max(N, last UID + 1)
    guid: str | None  # the mailbox's, 32 hex digits
    records: list[Record]  # ascending, each base once
    header: tuple[str, ...] = ()  # further keys of the first line, as written: P is how UIDLs are made of UIDs
    stamp: FileStamp | None = None  # of the file this was read from; None: from Courier's file, or not written yet


def read_uidlist(directory: Path) -> UidList | None:
    """The mailbox's list; None where there is none, or none that can be understood."""
    for name in (FILE, _COURIER):
        try:
            with (directory / name).open("rb") as file:
                stamp = FileStamp.of(os.fstat(file.fileno()))
                text = os.fsdecode(file.read())
        except FileNotFoundError:
            continue
        uidlist = _parse(text)
        if uidlist is not None:
            return replace(uidlist, stamp=stamp) if name == FILE else uidlist
    return None


def stamp_of(directory: Path) -> FileStamp | None:
    """The file's stamp, to be compared with the last one known: another program has written it if they differ."""
    try:
        return FileStamp.of(os.stat(f"{directory}/{FILE}"))  # noqa: PTH116 - asked with each SELECT
    except FileNotFoundError:
        return None


def write_uidlist(
    directory: Path, uidlist: UidList, records: Iterable[Line] | None = None, *, sync: bool = True
) -> FileStamp:
    """Replaces the file, durably; its stamp. `records`: the lines, if they are not the list's.

    Without `sync` the caller has still to sync the directory.
    """
    with _locked(directory):
        return _replace(directory, uidlist, uidlist.records if records is None else records, sync=sync)


def append_records(directory: Path, records: Iterable[Record], stamp: FileStamp) -> FileStamp | None:
    """Appends lines, durably, if the file is still the one of `stamp` and of version 3; None: nothing was written."""
    with _locked(directory):
        if stamp_of(directory) != stamp:
            return None
        with (directory / FILE).open("r+b", buffering=0) as file:
            if file.read(2) != b"3 ":
                return None
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"  # the line of a program that was interrupted
            _write_all(file.fileno(), b"".join([b"\n" if torn else b"", *_lines(records)]))
            os.fsync(file.fileno())
            return FileStamp.of(os.fstat(file.fileno()))


def raise_next(directory: Path, next_uid: int) -> FileStamp:
    """Makes the header's N at least `next_uid`, durably, before any UID at or above the old N is announced.

    Overwrites ten digits in place where the header was written by us. FileNotFoundError: there is no list.
    """
    with _locked(directory):
        with (directory / FILE).open("r+b", buffering=0) as file:
            header = _OUR_HEADER.match(file.read(4096))
            if header is not None:
                if int(header[1]) < next_uid:
                    os.pwrite(file.fileno(), b"%010d" % next_uid, header.start(1))
                    os.fsync(file.fileno())
                return FileStamp.of(os.fstat(file.fileno()))
        uidlist = read_uidlist(directory)
        if uidlist is None:
            raise FileNotFoundError(f"no usable {FILE}")
        return _replace(directory, replace(uidlist, next_uid=max(uidlist.next_uid, next_uid)), uidlist.records)


def read_courier_uidls(directory: Path) -> dict[str, str]:
    """The UIDLs that Courier's POP3 server gave (`courierpop3dsizelist`), by base name; empty without the file.

    The first line is `/<version> <next> <uidvalidity>`, the others are `<name> <size> <n>:<uidvalidity>:<utf8>`.
    """
    try:
        text = os.fsdecode((directory / _COURIER_POP3).read_bytes())
    except FileNotFoundError:
        return {}
    found: dict[str, str] = {}
    for line in text.split("\n")[1:]:
        name, _, rest = line.partition(" ")
        base = name.partition(":")[0]
        number, _, more = rest.partition(" ")[2].partition(":")
        validity = more.partition(":")[0] or "0"
        if not (base and _NUMBER.fullmatch(number) and _NUMBER.fullmatch(validity)):
            continue
        if not int(number):
            found[base] = base
        else:
            found[base] = f"UID{int(number)}-{int(validity)}" if int(validity) else f"UID{int(number)}"
    return found


def _parse(text: str) -> UidList | None:
    first, _, rest = text.replace("\r\n", "\n").partition("\n")
    uidlist = _parse_header(first)
    if uidlist is None:
        return None
    mark = " :" if first.startswith("3") else " "
    by_base: dict[str, Record] = {}
    uids: set[int] = set()
    for line in rest.split("\n"):
        before, _, name = line.partition(mark)
        number, _, keys = before.partition(" ")
        base = name.partition(":")[0] if ":" in name else name
        if not base or not number.isdecimal() or len(number) > 10:
            continue
        uid = int(number)
        if uid not in uids and 0 < uid <= _MAX_UID:
            uids.add(uid)
            by_base[base] = Record(uid, base, tuple(keys.split()) if keys else ())  # the last line of a name counts
    uidlist.records = sorted(by_base.values())
    uidlist.next_uid = max(uidlist.next_uid, max(uids, default=0) + 1)
    return uidlist


def _parse_header(line: str) -> UidList | None:
    version, _, rest = line.partition(" ")
    keys = rest.split()
    if version == "1" and len(keys) == 2:
        keys = [f"V{keys[0]}", f"N{keys[1]}"]
    elif version != "3":
        return None
    known = {key[0]: key[1:] for key in keys}
    if not all(_NUMBER.fullmatch(known.get(letter, "")) for letter in "VN"):
        return None
    validity, next_uid = int(known["V"]), int(known["N"])
    if not 0 < validity < 2**32 or next_uid >= 2**32:
        return None
    guid = known.get("G", "")
    others = tuple(key for key in keys if key[0] not in "VNG")
    return UidList(validity, max(next_uid, 1), guid.lower() if _GUID.fullmatch(guid) else None, [], others)


def _replace(directory: Path, uidlist: UidList, records: Iterable[Line], *, sync: bool = True) -> FileStamp:
    guid = [f"G{uidlist.guid}"] if uidlist.guid else []
    header = " ".join([f"3 V{uidlist.uidvalidity}", f"N{uidlist.next_uid:010d}", *guid, *uidlist.header])
    before = stamp_of(directory)
    data = chain([os.fsencode(f"{header}\n")], _lines(records))
    return replace_file(directory / FILE, data, newer_than=before.mtime_ns if before else None, sync=sync)


def _lines(records: Iterable[Line]) -> Iterator[bytes]:
    """In pieces: a million at once would keep others waiting."""
    lines = (
        f"{uid} {' '.join(keys)} :{base}\n" if keys else f"{uid} :{base}\n"
        for uid, base, keys in records
        if "\n" not in base
    )
    while piece := "".join(islice(lines, pieces.PIECE)):
        yield os.fsencode(piece)


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Holds the lock file, or passes over it after LOCK_WAIT: another program's doubled line can be mended."""
    lock = directory / f"{FILE}.lock"
    until = time.monotonic() + LOCK_WAIT
    held = _take(lock)
    while not held and time.monotonic() < until:
        if _abandoned(lock):
            lock.unlink(missing_ok=True)
        else:
            time.sleep(0.02)
        held = _take(lock)
    try:
        yield
    finally:
        if held:
            lock.unlink(missing_ok=True)


def _take(lock: Path) -> bool:
    """Makes the lock file; False where there is one."""
    try:
        fd = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    with suppress(OSError):  # a full disk: the lock counts without its owner's name
        os.write(fd, f"{os.getpid()}:{os.uname().nodename}".encode("ascii", "replace"))
    os.close(fd)
    return True


def _abandoned(lock: Path) -> bool:
    """The lock's process is dead, or nobody touched the lock for long."""
    try:
        owner, _, host = lock.read_text("ascii", "replace").partition(":")
        age = time.time() - lock.stat().st_mtime
    except FileNotFoundError:
        return True
    if host.strip() == os.uname().nodename and _NUMBER.fullmatch(owner):
        try:
            os.kill(int(owner), 0)
        except ProcessLookupError:
            return True
        except (PermissionError, OverflowError):
            pass
    return age > LOCK_STALE
