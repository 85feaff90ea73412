"""Which messages hold a needle, by the full-text index: the same that reading them would find.

A text that holds the needle has all of its trigrams. Those that have, and where trigrams do not help all that are in
question, are looked into.
"""

import sqlite3
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from mailaccess.storage.text.database import Opened, TextFile

FEW = 500
"""Messages that are looked into at once: faster than to ask for trigrams, which all the account's mail may have."""

_TRIGRAM = 3  # characters
_MOST_TRIGRAMS = 32  # of a long needle; more would hardly rule out more
_AT_ONCE = 200  # messages asked for
_SPREAD = 4  # so many are read for one that is wanted, rather than to ask for each
_STEP = 4 << 20  # octets of texts looked into in a step: about 20 ms
_ROW = 2000  # octets that one takes as long as, however short its text

_TEXTS = "SELECT uid, packed, {header}, body FROM place JOIN document ON document.id = place.document"
_HAVING = (
    "SELECT uid, packed, {header}, body FROM trigram"
    " CROSS JOIN place ON place.document = trigram.rowid AND place.document > 0 AND place.mailbox = ?"
    " CROSS JOIN document ON document.id = place.document WHERE trigram MATCH ?"
)

_Row = tuple[int, int, bytes, bytes]  # uid, packed, header, body


class Unanswered(Exception):  # noqa: N818 - what happened, not an error
    """The index cannot tell after all."""


class Asking:
    """One search's questions to the index, all about the same state of it. For one thread at a time; to be closed."""

    def __init__(self, file: TextFile, opened: Opened, mailbox: int, uidvalidity: int) -> None:
        """Unanswered, where nothing is known of the mailbox."""
        self._file = file
        self._opened = opened
        self._mailbox = mailbox
        self._upto = 0
        self._unread: set[int] = set()
        try:
            connection = opened.connection
            connection.execute("BEGIN")
            ask = "SELECT upto FROM mailbox WHERE number = ? AND uidvalidity = ?"
            known = connection.execute(ask, (mailbox, uidvalidity)).fetchone()
            if known is not None:
                self._upto = known[0]
                ask = "SELECT uid FROM place WHERE mailbox = ? AND document = 0"
                self._unread = {uid for (uid,) in connection.execute(ask, (mailbox,))}
        except sqlite3.Error as error:
            self._failed(error)

    def unknown(self, uids: Sequence[int]) -> list[int]:
        """Those of the messages (ascending) of which the index cannot tell; perhaps others, too."""
        return [*self._unread, *uids[bisect_right(uids, self._upto) :]]

    def holding(self, uids: Sequence[int], needle: str, *, header: bool) -> Iterator[list[int]]:
        """Those of the messages (ascending) that are known and whose bodies hold a folded needle, or with `header`
        their headers; perhaps others of the mailbox, too. In pieces of some 20 ms, which may be empty. Unanswered, from
        any of them."""
        wanted = needle.encode("utf-8", "surrogatepass")
        try:
            found: list[int] = []
            octets = 0
            for uid, packed, head, body in self._candidates(uids, needle, header=header):
                octets += len(head) + len(body) + _ROW
                if packed:
                    head, body = zlib.decompress(head) if head else b"", zlib.decompress(body)  # noqa: PLW2901
                if wanted in body or (header and wanted in head):
                    found.append(uid)
                if octets > _STEP:
                    yield found
                    found, octets = [], 0
            yield found
        except sqlite3.Error as error:
            self._failed(error)

    def close(self) -> None:
        """May be called twice; takes no time."""
        self._opened.close()

    def _candidates(self, uids: Sequence[int], needle: str, *, header: bool) -> Iterator[_Row]:
        column = "header" if header else "x''"
        trigrams = _trigrams(needle)
        if trigrams and len(uids) > FEW:
            yield from self._opened.connection.execute(_HAVING.format(header=column), (self._mailbox, trigrams))
            return
        ask = _TEXTS.format(header=column)
        for start in range(0, len(uids), _AT_ONCE):
            yield from self._texts(ask, uids[start : start + _AT_ONCE])

    def _texts(self, ask: str, uids: Sequence[int]) -> Iterator[_Row]:
        connection = self._opened.connection
        if uids[-1] - uids[0] > _SPREAD * len(uids):
            for uid in uids:
                yield from connection.execute(f"{ask} WHERE mailbox = ? AND uid = ?", (self._mailbox, uid))
            return
        chosen = set(uids)
        between = f"{ask} WHERE mailbox = ? AND uid BETWEEN ? AND ?"
        for row in connection.execute(between, (self._mailbox, uids[0], uids[-1])):
            if row[0] in chosen:
                yield row

    def _failed(self, error: sqlite3.Error) -> None:
        self._file.failed(self._opened, error)
        raise Unanswered from error


def _trigrams(needle: str) -> str:
    """What to ask the table of trigrams for; empty if it has nothing to tell."""
    found = dict.fromkeys(needle[at : at + _TRIGRAM] for at in range(len(needle) - _TRIGRAM + 1))
    asked = [trigram for trigram in found if "\0" not in trigram and not _has_surrogate(trigram)]
    step = -(-len(asked) // _MOST_TRIGRAMS) or 1
    return " AND ".join('"{}"'.format(trigram.replace('"', '""')) for trigram in asked[::step])


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
