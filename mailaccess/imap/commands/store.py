"""STORE and UID STORE."""

from dataclasses import dataclass

from mailaccess.imap import limiting, render, telling
from mailaccess.imap.changing import writable
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import MAX_FLAGS, Cursor
from mailaccess.imap.numset import NumSet
from mailaccess.imap.numset import render as render_numbers
from mailaccess.imap.registry import SELECTED, command
from mailaccess.imap.session import Session
from mailaccess.imap.view import Ranges, length
from mailaccess.mail.flags import Flags
from mailaccess.storage.mailbox import Action
from mailaccess.wire.traps import call, drained

AT_ONCE = 5_000
"""Messages between two looks at how far it is; storage has slices of its own."""


@dataclass(frozen=True, slots=True)
class StoreArguments:
    numset: NumSet
    unchanged_since: int | None
    action: Action
    silent: bool
    flags: Flags


_ACTIONS = {b"FLAGS": Action.REPLACE, b"+FLAGS": Action.ADD, b"-FLAGS": Action.REMOVE}


def parse_store(cursor: Cursor) -> tuple[StoreArguments]:
    """store = "STORE" SP sequence-set ["(" "UNCHANGEDSINCE" SP number ")"] SP store-att-flags   (RFC 7162)"""
    numset = cursor.numset()
    cursor.sp()
    unchanged_since = None
    if cursor.skip(b"("):
        cursor.expect(b"UNCHANGEDSINCE")
        cursor.sp()
        unchanged_since = cursor.number64()
        cursor.expect(b")")
        cursor.sp()
    word = cursor.word("FLAGS, +FLAGS or -FLAGS")
    silent = word.endswith(b".SILENT")
    action = _ACTIONS.get(word.removesuffix(b".SILENT"))
    if action is None:
        raise Bad("Expected FLAGS, +FLAGS or -FLAGS, with or without .SILENT")
    cursor.sp()
    return (StoreArguments(numset, unchanged_since, action, silent, _parse_flags(cursor)),)


def _parse_flags(cursor: Cursor) -> Flags:
    """(flag-list / (flag *(SP flag)))"""
    if cursor.peek() == b"(":
        flags = cursor.flag_list()
        cursor.end()
        return flags
    names = [cursor.flag() for _ in cursor.words(MAX_FLAGS, "flags")]
    return frozenset(name for name in names if name.upper() != "\\RECENT")


@command(b"STORE", when=SELECTED, parse=parse_store, uid=True, expunges=False, rfc=(3501, 7162))
async def store(session: Session, wanted: StoreArguments) -> bytes | None:
    """RFC 3501 6.4.6, RFC 7162 3.1.3"""
    writable(session)
    if wanted.unchanged_since is not None:
        session.enable(b"CONDSTORE")
    # What others changed is told first: after our change the client would take it for known.
    await telling.update(session, expunges=False)
    view = session.view
    ranges, lowest = limiting.within(session, session.ranges(wanted.numset))
    uids = view.present(ranges)
    refused: list[int] = []
    session.expect(len(uids))
    for start in range(0, max(1, len(uids)), AT_ONCE):
        piece = uids[start : start + AT_ONCE]
        refused += await call(session.mailbox.store, piece, wanted.action, wanted.flags, wanted.unchanged_since)
        session.advance(len(piece))
    upto = session.mailbox.messages.highest
    failed = set(refused)
    session.tell_keywords()
    if session.condstore or not wanted.silent:
        await _tell(session, ranges, failed, silent=wanted.silent)
    view.told([uid for uid in uids if uid not in failed] if failed else uids, upto)
    modified = b""
    if refused:
        numbers = refused if session.by_uid else [view.number(uid) for uid in refused]
        modified = b"[MODIFIED %s] " % render_numbers(numbers)
    missing = len(uids) < length(ranges) and not session.by_uid
    if lowest and (missing or refused):
        limiting.tell(session, lowest)
    if missing:
        raise No("Some of the messages no longer exist", modified.strip(b"[] ") or b"EXPUNGEISSUED")
    if refused:
        return modified + b"Conditional STORE failed"
    return limiting.completed(session, lowest) if lowest else None


async def _tell(session: Session, ranges: Ranges, failed: set[int], *, silent: bool) -> None:
    """The flags as they are now; with .SILENT only the mod-sequences, for a client that keeps them."""
    view = session.view
    current = session.mailbox.messages
    line = session.modseq_fetch() if silent else session.flags_fetch()
    for number, uid, messages, row in view.pick(ranges):
        if messages is not current or uid in failed:
            continue
        flags = b"" if silent else render.flags(messages.flags[row], recent=view.is_recent(uid))
        session.write(line(number, uid, flags, messages.modseqs[row]))
        if session.channel.full:
            await drained()
