"""One mailbox as its directory and its row in the index, and how the two find each other.

A mailbox is known by its GUID, which stands in its uidlist: a directory that was moved keeps its UIDs, one that was put
in another's place does not get that one's.
"""

import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mailaccess.storage import watch
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.errors import NoSuchMailbox, Unavailable
from mailaccess.storage.heard import Heard
from mailaccess.storage.index import reading
from mailaccess.storage.index.database import Index
from mailaccess.storage.index.rows import ABSENT, MailboxRow
from mailaccess.storage.index.transaction import Forgotten, Transaction
from mailaccess.storage.keywords import FILE as KEYWORDS_FILE
from mailaccess.storage.maildir import Maildir
from mailaccess.storage.names import Entry, Where
from mailaccess.storage.quota import Quota
from mailaccess.storage.uidlist import (
    Line,
    UidList,
    append_records,
    raise_next,
    read_uidlist,
    stamp_of,
    write_uidlist,
)
from mailaccess.storage.uidvalidity import next_uidvalidity

BLOCK = 1000
"""UIDs reserved in the uidlist at a time."""

_LAST_UID = 2**32 - 2
_UIDS_LEFT = 1 << 20  # a uidlist with fewer is as good as none


class Box:
    """Where a mailbox is. Shared by threads; `follow` may move it."""

    __slots__ = (
        "directory",
        "extra_size",
        "guid",
        "heard",
        "id",
        "index",
        "instance",
        "maildir",
        "quota",
        "root",
        "seconds",
    )

    def __init__(
        self,
        root: Path,
        index: Index,
        directory: str,
        quota: Quota | None = None,
        *,
        within: Transaction | None = None,
        uidvalidity: int = 0,
    ) -> None:
        """The mailbox in a directory below `root` ("": the root itself). It is entered into the index if need be:
        `within` a transaction; else that takes one. `uidvalidity`: what it gets if it has none, and nobody else had.

        `quota`: what is added and removed by way of this box counts there.
        """
        self.quota = quota
        self.root = root
        self.index = index
        self.heard = Heard()
        self.extra_size = 0  # octets of the keywords' sidecar when this process last wrote it whole
        self.seconds: dict[Where, float] = {"new": 0.0, "cur": 0.0}  # how long the last comparison took
        self._place(directory)
        if within is None:
            self._identify()
        else:
            row = self._find_or_add(within, uidvalidity)
            self.instance, self.id, self.guid = within.instance, row.id, row.guid

    # -- the row

    def look(self) -> MailboxRow:
        """The row as it is now; Forgotten if the index does not know it any more."""
        known = self.index.read(lambda connection: reading.identified(connection, self.id))
        if known is None or known[0] != self.instance:
            raise Forgotten
        self._follow(known[1])
        return known[1]

    def row(self, transaction: Transaction) -> MailboxRow:
        """The row, to be read and changed."""
        if transaction.instance != self.instance:
            raise Forgotten
        row = transaction.mailbox(self.id)
        self._follow(row)
        return row

    def identify_again(self, uidvalidity: int) -> None:
        """After Forgotten: finds the row anew. NoSuchMailbox if it is that of another mailbox."""
        self._identify()
        if self.look().uidvalidity != uidvalidity:
            raise NoSuchMailbox("the mailbox is no longer there; another has its name")

    def raise_modseq(self, *, durable: bool = True) -> None:
        """Notes that the mailbox has changed, where no message has."""

        def change(transaction: Transaction) -> None:
            self.row(transaction).next_modseq(transaction.now_us)
            transaction.touched.add(self.id)

        self.index.write(change, durable=durable)

    # -- the directory

    @contextmanager
    def changing(self, row: MailboxRow) -> Iterator[None]:
        """Around our own changes of files: they alone are no reason for a scan, as far as can be told."""
        before = self.maildir.stamp()
        with watch.unnoticed():
            yield
        if row.stamp == before:
            row.stamp = self.maildir.stamp()
            row.new_settled &= row.stamp.of("new") == before.of("new")
            row.cur_settled &= row.stamp.of("cur") == before.of("cur")

    def find(self, entry: Entry) -> Entry | None:
        """Where a message's file is, if it is at a likely name or at one that was heard of. None proves nothing."""
        heard = (other for other in self.heard.names_of(entry.base) if os.path.lexists(self.maildir.file(other)))
        return self.maildir.find(entry) or next(heard, None)

    def keywords_stamp(self) -> FileStamp:
        """Of the file that names the keywords."""
        try:
            return FileStamp.of(os.stat(f"{self.directory}/{KEYWORDS_FILE}"))  # noqa: PTH116 - asked with each STORE
        except FileNotFoundError:
            return ABSENT

    # -- what it holds

    def admit(self, transaction: Transaction, octets: int, messages: int) -> None:
        """Before so much is added to the account's mail. OverQuota."""
        if self.quota is not None:
            self.quota.admit(transaction, octets, messages)

    def changed(self, transaction: Transaction, octets: int, messages: int) -> None:
        """So much is added to it, or, below zero, removed."""
        if self.quota is not None:
            self.quota.changed(transaction, octets, messages)

    # -- UIDs beside the mail

    def read_list(self) -> UidList | None:
        """The uidlist, if there is one that leaves UIDs to be given."""
        uidlist = read_uidlist(self.directory)
        return uidlist if uidlist is not None and uidlist.next_uid <= _LAST_UID - _UIDS_LEFT else None

    def reserve(self, transaction: Transaction, row: MailboxRow, next_uid: int, *, rewritten: bool = False) -> None:
        """Before UIDs up to, not including, `next_uid` are given: the uidlist says, durably, that they are taken.

        `rewritten`: it will be written whole, within this transaction.
        """
        if next_uid <= row.reserved:
            return
        if next_uid > _LAST_UID:
            raise Unavailable("the mailbox has used up its UIDs")
        row.reserved = min(next_uid + BLOCK, _LAST_UID + 1)
        if rewritten:
            return
        known = row.uidlist is not None and stamp_of(self.directory) == row.uidlist
        try:
            stamp = raise_next(self.directory, row.reserved)
        except FileNotFoundError:
            self.write_list(transaction, row)
        else:
            row.uidlist = stamp if known else None  # what another program wrote has still to be read

    def write_list(self, transaction: Transaction, row: MailboxRow, records: Iterable[Line] | None = None) -> None:
        """Writes the uidlist whole. `records`: the lines, if they are at hand."""
        if records is None:
            records = reading.records(transaction.connection, row.id)
        header = UidList(row.uidvalidity, row.reserved, row.guid, [], row.header)
        row.uidlist = write_uidlist(self.directory, header, records, sync=False)
        transaction.sync_before_commit(self.directory)
        row.listed, row.lines = row.uidnext - 1, row.messages

    def update_list(self, transaction: Transaction, row: MailboxRow) -> None:
        """Brings the uidlist's lines up to date: by appending, unless more than a quarter of them are dead."""
        if row.uidlist is None or row.uidlist != stamp_of(self.directory):
            return  # sync has to read it first
        fresh = list(reading.records(transaction.connection, row.id, row.listed + 1))
        dead = row.lines - (row.messages - len(fresh))
        if dead * 4 > row.lines:
            self.write_list(transaction, row)
        elif fresh:
            stamp = append_records(self.directory, fresh, row.uidlist)
            if stamp is not None:
                row.uidlist = stamp
                row.listed, row.lines = fresh[-1].uid, row.lines + len(fresh)

    # -- who is who

    def _place(self, directory: str) -> None:
        self.directory = self.root / directory if directory else self.root
        self.maildir = Maildir(self.directory)

    def _follow(self, row: MailboxRow) -> None:
        """The mailbox may have been renamed."""
        if row.directory is None:
            raise NoSuchMailbox("the mailbox is no longer there")
        if row.directory != self._key():
            self._place(row.directory)

    def _key(self) -> str:
        return "" if self.directory == self.root else self.directory.name

    def _identify(self) -> None:
        self.instance, row = self.index.read(
            lambda connection: (reading.instance(connection), reading.mailbox_at(connection, self._key()))
        )
        if row is None or row.uidlist is None or row.uidlist != stamp_of(self.directory):
            self.instance, row = self.index.write(
                lambda transaction: (transaction.instance, self._find_or_add(transaction))
            )
        self.id, self.guid = row.id, row.guid

    def _find_or_add(self, transaction: Transaction, uidvalidity: int = 0) -> MailboxRow:
        uidlist = self.read_list()
        guid = uidlist.guid if uidlist is not None else None
        here = transaction.find_mailbox(directory=self._key())
        if here is not None:
            if guid == here.guid or (guid is None and self._is_same(here)):
                return here
            transaction.set_directory(here, None)
        known = transaction.find_mailbox(guid=guid) if guid is not None else None
        if known is not None:
            if not self._is_elsewhere(known):
                transaction.set_directory(known, self._key())
                return known
            uidlist = None  # a copy of a mailbox that is still there is one of its own
        if uidlist is None:
            validity = uidvalidity or next_uidvalidity(self.root, int(time.time()), transaction.highest_uidvalidity())
            guid = secrets.token_hex(16)
        else:
            validity = uidlist.uidvalidity
        return transaction.add_mailbox(MailboxRow(0, self._key(), guid or secrets.token_hex(16), validity))

    def _is_same(self, row: MailboxRow) -> bool:
        """A directory without a GUID is the one that was here before: only its uidlist was lost, or not written yet."""
        if row.stamp is None:
            return True
        stamp = self.maildir.stamp()  # of both directories: file systems give a removed one's inode to the next
        return (row.stamp.new_inode, row.stamp.cur_inode) == (stamp.new_inode, stamp.cur_inode)

    def _is_elsewhere(self, row: MailboxRow) -> bool:
        if row.directory is None or row.directory == self._key():
            return False
        uidlist = read_uidlist(self.root / row.directory)
        return uidlist is not None and uidlist.guid == row.guid
