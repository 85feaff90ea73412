"""What other programs wrote beside the mail, the uidlist and the names of keywords, taken into the index."""

import string
from collections.abc import Mapping

from mailaccess.storage.box import Box
from mailaccess.storage.courier import read_courier_keywords
from mailaccess.storage.index.rows import MailboxRow, keywords_column, keywords_of
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.keywords import read_extra, read_keywords, write_extra
from mailaccess.storage.uidlist import UidList, stamp_of


def read_list_anew(box: Box, row: MailboxRow) -> UidList | None:
    """The uidlist, if it is not the one last read or written and speaks of this mailbox.

    Where it has to be written anew (it is lost, another mailbox's, Courier's, or knows less than was promised),
    `row.uidlist` is None afterwards.
    """
    if row.uidlist is not None and row.uidlist == stamp_of(box.directory):
        return None
    uidlist = box.read_list()
    row.uidlist = None
    if uidlist is None:
        return None
    first_sight = row.stamp is None
    if not first_sight and uidlist.uidvalidity != row.uidvalidity:
        return None
    row.header = uidlist.header
    if uidlist.uidvalidity == row.uidvalidity and uidlist.guid == row.guid and uidlist.next_uid >= row.reserved:
        row.uidlist = uidlist.stamp
        row.listed = uidlist.records[-1].uid if uidlist.records else 0
        row.lines = len(uidlist.records)
    return uidlist


def read_keywords_anew(transaction: Transaction, box: Box, row: MailboxRow) -> None:
    """The names of letters, if another program wrote them. Messages that thereby have other flags get told of."""
    stamp = box.keywords_stamp()
    if stamp == row.keywords_stamp:
        return
    old, new = keywords_of(row.keywords), read_keywords(box.directory)
    changed = {letter for letter in string.ascii_lowercase if old.flags(letter) != new.flags(letter)}
    row.keywords, row.keywords_stamp = keywords_column(new), stamp
    if not changed or row.stamp is None:
        return
    modseq = 0
    for message in transaction.messages_from(row):
        if not changed.isdisjoint(message.entry.letters):
            modseq = modseq or row.next_modseq(transaction.now_us)
            transaction.change(row, message, message._replace(modseq=modseq))


def keywords_without_letter(box: Box, uidlist: UidList | None) -> Mapping[str, tuple[str, ...]]:
    """By base name, at first sight of a mailbox whose uidlist is `uidlist`: as we wrote them, or as Courier did.

    Courier's are written down as ours at once, for they are read only as long as there is no GUID, which no list of
    Courier's has: what a client takes from a message later must not come back with the next index.
    """
    ours = read_extra(box.directory)
    if ours or (uidlist is not None and uidlist.guid is not None):
        return ours
    couriers = read_courier_keywords(box.directory)
    if couriers:
        write_extra(box.directory, couriers)
    return couriers
