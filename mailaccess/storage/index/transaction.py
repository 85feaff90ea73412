"""What one piece of work reads and changes of the index, inside a write transaction that others may share."""

import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from mailaccess.mail.lines import LineEnding
from mailaccess.storage.index import changed, infos, reading
from mailaccess.storage.index.delta import Delta
from mailaccess.storage.index.infos import Change, File
from mailaccess.storage.index.rows import (
    ENDINGS,
    INSERT_MAILBOX,
    INSERT_MESSAGE,
    LEFT_FACTS,
    SAVE_MAILBOX,
    SELECT_MAILBOX,
    SELECT_MESSAGE,
    MailboxRow,
    Message,
    Numbered,
    facts_id,
    load_mailbox,
    mailbox_of,
    mailbox_values,
    message_of,
    message_values,
    new_values,
    packed,
    saved_values,
    unpacked,
    words,
)
from mailaccess.storage.names import Entry

log = logging.getLogger(__name__)


class Forgotten(Exception):  # noqa: N818 - never leaves storage
    """The index does not know this mailbox (any more), or was lost and begun anew. Identify it again."""


class Transaction:
    """One piece of work. Rows got from `mailbox` are shared within it and saved at its end.

    Files are changed as it goes; `on_failure` says how to take that back should the work or its commit fail.
    """

    def __init__(self, connection: sqlite3.Connection, instance: str) -> None:
        self.connection = connection
        self.instance = instance  # of the database
        self.now_us = time.time_ns() // 1000
        self.touched: set[int] = set()  # mailboxes in which a client may see a difference
        self.unsynced: list[Path] = []  # directories to be synced before the commit, in this order
        self.deltas: dict[int, Delta] = {}  # of all mailboxes that were looked at
        self._loaded: dict[int, tuple[object, ...]] = {}  # their rows' columns before
        self._undo: list[Callable[[], object]] = []

    # -- files

    def sync_before_commit(self, directory: Path) -> None:
        """The directory's new and removed entries are durable before anybody is told of the commit."""
        self.unsynced.append(directory)

    def on_failure(self, undo: Callable[[], object]) -> None:
        """Called, last one first, if the work or its commit fails."""
        self._undo.append(undo)

    def undo(self) -> None:
        """Takes back what was done to files, as far as possible."""
        while self._undo:
            try:
                self._undo.pop()()
            except OSError as error:
                log.warning("a change of files could not be taken back: %s", error)

    # -- mailboxes

    def mailbox(self, number: int) -> MailboxRow:
        """A mailbox's row; Forgotten if there is none."""
        if number not in self.deltas:
            row = load_mailbox(self.connection, number)
            if row is None:
                raise Forgotten
            self._know(row)
        return self.deltas[number].row

    def find_mailbox(self, *, directory: str | None = None, guid: str | None = None) -> MailboxRow | None:
        """The mailbox in this directory, or of this GUID."""
        column, value = ("directory", packed(directory)) if directory is not None else ("guid", guid)
        found = self.connection.execute(f"SELECT id FROM mailbox WHERE {column} = ?", (value,)).fetchone()  # noqa: S608
        return self.mailbox(found[0]) if found else None

    def mailboxes(self) -> list[MailboxRow]:
        """All rows, to be looked at only."""
        return [mailbox_of(values) for values in self.connection.execute(SELECT_MAILBOX)]

    def highest_uidvalidity(self) -> int:
        """Of all mailboxes; 0 if there are none."""
        return int(self.connection.execute("SELECT coalesce(max(uidvalidity), 0) FROM mailbox").fetchone()[0])

    def add_mailbox(self, row: MailboxRow) -> MailboxRow:
        """Enters a mailbox; its id is set."""
        row.id = self.connection.execute(INSERT_MAILBOX, mailbox_values(row)).lastrowid or 0
        self._know(row)
        return row

    def set_directory(self, row: MailboxRow, directory: str | None) -> None:
        """Notes at once, since directories are unique, where the mailbox is; None: nowhere."""
        row.directory = directory
        value = directory if directory is None else packed(directory)
        self.connection.execute("UPDATE mailbox SET directory = ? WHERE id = ?", (value, row.id))

    def forget_mailbox(self, number: int) -> None:
        """Removes a mailbox and all that is known of its messages."""
        self.deltas.pop(number, None)
        for table in ("message", "gone", "changed"):
            self.connection.execute(f"DELETE FROM {table} WHERE mailbox = ?", (number,))  # noqa: S608
        low = facts_id(number, 0)
        for table in ("facts", "placed", "packed"):
            ask = f"DELETE FROM {table} WHERE id >= ? AND id < ?"  # noqa: S608
            self.connection.execute(ask, (low, facts_id(number + 1, 0)))
        self.connection.execute("DELETE FROM mailbox WHERE id = ?", (number,))
        self.touched.add(number)

    def save(self) -> None:
        """Writes the rows that differ from what was loaded, and which of their messages do."""
        for number, delta in self.deltas.items():
            values = saved_values(delta.row)
            if (delta.row.directory, *values) != self._loaded[number] or delta.row.version != delta.before:
                delta.row.version += 1
                self.connection.execute(SAVE_MAILBOX, (*values, delta.row.version, number))
                changed.note(self.connection, delta.row, sorted(delta.entered + ranges(sorted(delta.messages))))

    # -- messages

    def message(self, row: MailboxRow, uid: int) -> Message | None:
        """A message by its UID."""
        found = self.connection.execute(f"{SELECT_MESSAGE} WHERE mailbox = ? AND uid = ?", (row.id, uid)).fetchone()
        return message_of(found) if found else None

    def message_of_base(self, row: MailboxRow, base: str) -> Message | None:
        """A message by its file's base name."""
        found = self.connection.execute(
            f"{SELECT_MESSAGE} WHERE mailbox = ? AND base = ?", (row.id, packed(base))
        ).fetchone()
        return message_of(found) if found else None

    def messages(self, row: MailboxRow, uids: Iterable[int]) -> list[Message]:
        """Those of these messages that are there, ascending."""
        return reading.messages_of(self.connection, row.id, uids)

    def messages_from(self, row: MailboxRow, uid: int = 1) -> list[Message]:
        """All messages from a UID on, ascending."""
        ask = f"{SELECT_MESSAGE} WHERE mailbox = ? AND uid >= ? ORDER BY uid"
        return [message_of(values) for values in self.connection.execute(ask, (row.id, uid))]

    def letters(self, row: MailboxRow) -> set[str]:
        """All letters that files of the mailbox bear."""
        found = self.connection.execute("SELECT DISTINCT info FROM message WHERE mailbox = ?", (row.id,))
        return {letter for (info,) in found for letter in Entry("", unpacked(info), "cur").letters}

    def extra_keywords(self, row: MailboxRow) -> dict[str, tuple[str, ...]]:
        """The keywords without a letter, by base name."""
        ask = "SELECT base, extra FROM message WHERE mailbox = ? AND extra IS NOT NULL"
        return {unpacked(base): words(extra) for base, extra in self.connection.execute(ask, (row.id,))}

    def add(self, row: MailboxRow, messages: Sequence[Message]) -> None:
        """Enters messages (ascending) whose UIDs are `row.uidnext` or above, and reserved."""
        if not messages:
            return
        self._check_numbers(row, messages[0].uid, messages[-1].uid)
        self.connection.executemany(INSERT_MESSAGE, (message_values(row.id, message) for message in messages))
        row.uidnext = messages[-1].uid + 1
        row.count(messages)
        self.deltas[row.id].add(messages)
        self._changed(row)

    def enter(self, row: MailboxRow, numbered: Sequence[Numbered], extra: Mapping[str, Iterable[str]]) -> None:
        """As `add`, for files at first sight. `extra`: keywords without a letter, by base."""
        self._check_numbers(row, numbered[0][0], numbered[-1][0])
        modseq = row.next_modseq(self.now_us)
        self.connection.executemany(INSERT_MESSAGE, new_values(row.id, modseq, numbered, extra))
        row.uidnext = numbered[-1][0] + 1
        row.count_files(file for _, _, file in numbered)
        self.deltas[row.id].enter(numbered[0][0], numbered[-1][0])
        self._changed(row)

    def change(self, row: MailboxRow, old: Message, new: Message) -> None:
        """Replaces what is known of a message's file. A new mod-sequence tells it to clients."""
        values = message_values(row.id, new)
        kept = old._replace(entry=old.entry._replace(info=new.entry.info), extra=new.extra, modseq=new.modseq)
        if new == kept:
            # The usual STORE. A column that is set is written in its indexes too, even if it is what it was.
            ask = "UPDATE message SET info = ?, extra = ?, modseq = ? WHERE mailbox = ? AND uid = ?"
            self.connection.execute(ask, (values[3], values[5], values[6], row.id, old.uid))
        else:
            self.connection.execute(
                "UPDATE message SET base = ?, info = ?, place = ?, extra = ?, modseq = ?, size = ?, ending = ?"
                " WHERE mailbox = ? AND uid = ?",
                (*values[2:9], row.id, old.uid),
            )
        row.recount(old, new)
        self.deltas[row.id].change(old, new)
        if new.modseq != old.modseq:
            self.touched.add(row.id)

    def files(self, row: MailboxRow, uids: Iterable[int]) -> list[File]:
        """Those of these messages that are there, ascending, as columns."""
        return infos.files(self.connection, row.id, uids)

    def measure(self, row: MailboxRow, measured: Mapping[int, tuple[int, LineEnding]]) -> list[int]:
        """Files were read: the octets on the wire, and how their lines end. Returns who of them is there, ascending.

        It tells clients nothing new; what is known already stays.
        """
        files = self.files(row, measured)
        new = [(file.uid, *measured[file.uid]) for file in files if file.size is None]
        self.connection.executemany(
            "UPDATE message SET size = ?, ending = ? WHERE mailbox = ? AND uid = ?",
            [(size, ENDINGS.index(ending), row.id, uid) for uid, size, ending in new],
        )
        row.unsized -= len(new)
        row.size += sum(size for _, size, _ in new)
        return [file.uid for file in files]

    def change_infos(self, row: MailboxRow, changes: Sequence[Change]) -> None:
        """Files in cur/ have another info, their messages a new mod-sequence."""
        if changes:
            infos.change(self.connection, self.deltas[row.id], changes, row.next_modseq(self.now_us))
            self.touched.add(row.id)

    def remove(self, row: MailboxRow, messages: Sequence[Message]) -> None:
        """Removes messages (ascending) and notes their UIDs as gone.

        Their facts stay for a while: sessions that have not been told yet still answer from them.
        """
        if not messages:
            return
        modseq = row.next_modseq(self.now_us)
        keys = [(row.id, message.uid) for message in messages]
        self.connection.executemany("DELETE FROM message WHERE mailbox = ? AND uid = ?", keys)
        gone = ranges(message.uid for message in messages)
        self.connection.executemany(
            "INSERT INTO gone VALUES (?, ?, ?, ?)", [(row.id, modseq, first, last) for first, last in gone]
        )
        row.count(messages, -1)
        self.deltas[row.id].remove(messages, gone)
        self._changed(row)

    def forget_expunges(self, mailbox: int, before: int, most: int) -> int:
        """Drops what is known of expunges below a mod-sequence, and of the older ones beyond `most` ranges.

        Returns the highest mod-sequence dropped, or 0.
        """
        beyond = self.connection.execute(
            "SELECT modseq FROM gone WHERE mailbox = ? ORDER BY modseq DESC LIMIT 1 OFFSET ?", (mailbox, most)
        ).fetchone()
        below = max(before, beyond[0] + 1 if beyond else 0)
        floor = self.connection.execute(
            "SELECT max(modseq) FROM gone WHERE mailbox = ? AND modseq < ?", (mailbox, below)
        ).fetchone()[0]
        if floor is None:
            return 0
        left = self.connection.execute(f"{LEFT_FACTS} WHERE gone.mailbox = ? AND gone.modseq <= ?", (mailbox, floor))
        self.drop_facts([number for (number,) in left.fetchall()])
        self.connection.execute("DELETE FROM gone WHERE mailbox = ? AND modseq <= ?", (mailbox, floor))
        return int(floor)

    def note_intent(self, work: Mapping[str, object], number: int | None = None) -> int:
        """Writes down what is meant to be done in several transactions; returns the number it is noted under."""
        ask = "INSERT OR REPLACE INTO intent (id, work) VALUES (?, ?)"
        return self.connection.execute(ask, (number, json.dumps(work))).lastrowid or 0

    def forget_intent(self, number: int) -> None:
        """It is done."""
        self.connection.execute("DELETE FROM intent WHERE id = ?", (number,))

    def copy_facts(self, source: MailboxRow, target: MailboxRow, uids: Iterable[tuple[int, int]]) -> None:
        """Gives messages the facts of others with the same content: (UID in the source, UID in the target) each."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO facts SELECT ?, version, data FROM facts WHERE id = ?",
            [(facts_id(target.id, new), facts_id(source.id, old)) for old, new in uids],
        )

    def save_facts(self, row: MailboxRow, uid: int, version: int, data: bytes) -> None:
        """Keeps what was computed from a message's content."""
        self.connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (facts_id(row.id, uid), version, data))

    def drop_facts(self, numbers: Iterable[int]) -> None:
        """Forgets facts by their keys, and which threads the messages were of."""
        keys = [(number,) for number in numbers]
        for table in ("facts", "placed"):
            self.connection.executemany(f"DELETE FROM {table} WHERE id = ?", keys)  # noqa: S608

    def _check_numbers(self, row: MailboxRow, first: int, last: int) -> None:
        if not row.uidnext <= first <= last < row.reserved:
            raise AssertionError(f"{first}:{last} is not in [{row.uidnext}, {row.reserved})")

    def _know(self, row: MailboxRow) -> None:
        self.deltas[row.id] = Delta(self.instance, row)
        self._loaded[row.id] = row.directory, *saved_values(row)

    def _changed(self, row: MailboxRow) -> None:
        row.changed = self.now_us
        self.touched.add(row.id)


def ranges(uids: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as inclusive ranges."""
    found: list[tuple[int, int]] = []
    for uid in uids:
        if found and found[-1][1] == uid - 1:
            found[-1] = found[-1][0], uid
        else:
            found.append((uid, uid))
    return found
