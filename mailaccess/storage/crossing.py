"""Messages from a mailbox of one account into one of another, each with an index of its own.

What was computed of them is not brought along: an account knows threads of its own.
"""

import time
from collections.abc import Mapping, Sequence

from mailaccess.mail.flags import Flags
from mailaccess.storage.box import Box
from mailaccess.storage.flagging import letters_for, save_extra
from mailaccess.storage.index import reading
from mailaccess.storage.index.rows import Message, keywords_of
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.keywords import Keywords
from mailaccess.storage.names import Entry, info_of


def flags_of(message: Message, keywords: Keywords, given: Mapping[int, Flags] | None) -> Flags:
    """The flags a copy of the message is to have: those given for it, or its own. Letters belong to a mailbox."""
    if given is not None and message.uid in given:
        return given[message.uid]
    return keywords.flags(message.entry.letters) | frozenset(message.extra)


def bring(
    transaction: Transaction, uids: Sequence[int], box: Box, target: Box, flags: Mapping[int, Flags] | None
) -> list[tuple[int, int]]:
    """Copies messages from `box` into `target`, whose index's transaction it is: (UID there, UID here) each."""
    keywords = keywords_of(box.look().keywords)
    found = (box.index.read(lambda connection, uid=uid: reading.message(connection, box.id, uid)) for uid in uids)  # type: ignore[misc]
    messages: list[Message] = [message for message in found if message is not None]
    target.admit(transaction, sum(message.stamp.size for message in messages), len(messages))
    given = {each.uid: flags_of(each, keywords, flags) for each in messages}
    row = target.row(transaction)
    letters = letters_for(transaction, target, row, sorted({name for names in given.values() for name in names}))
    target.reserve(transaction, row, row.uidnext + len(messages))
    modseq = row.next_modseq(transaction.now_us)
    made: list[tuple[Message, Message]] = []
    with target.changing(row):
        for message in messages:
            names = given[message.uid]
            entry = _link(box, message, target, info_of(letters.letters(names), message.entry.info))
            if entry is None:
                continue
            transaction.on_failure(lambda entry=entry: target.maildir.unlink(entry))  # type: ignore[misc]
            new = message._replace(
                uid=row.uidnext + len(made),
                entry=entry,
                extra=tuple(letters.without_letter(names)),
                modseq=modseq,
                saved=int(time.time()),
                keys=(),
            )
            made.append((message, new))
    transaction.sync_before_commit(target.directory / "cur")
    transaction.add(row, [new for _, new in made])
    target.changed(transaction, sum(new.stamp.size for _, new in made), len(made))
    save_extra(transaction, target, row, {new.entry.base: new.extra for _, new in made if new.extra})
    return [(old.uid, new.uid) for old, new in made]


def _link(box: Box, message: Message, target: Box, info: str) -> Entry | None:
    """None: the message is gone."""
    try:
        return box.maildir.link_copy(message.entry, target.maildir, info)
    except FileNotFoundError:
        entry = box.maildir.find(message.entry) or box.maildir.settled_scan(4).entries.get(message.entry.base)
    try:
        return None if entry is None else box.maildir.link_copy(entry, target.maildir, info)
    except FileNotFoundError:
        return None
