"""FETCH and UID FETCH (RFC 3501 6.4.5, RFC 7162 3.1.4 and 3.2.6)."""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from mailaccess.imap import limiting, opening
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.fetching import LINES_AT_ONCE, Answer, plan_for, slices
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import SAVED, NumSet, resolve
from mailaccess.imap.numset import render as render_numbers
from mailaccess.imap.partial import Partial, parse_partial
from mailaccess.imap.plan import Asked, parse_asked
from mailaccess.imap.registry import SELECTED, command
from mailaccess.imap.session import Session
from mailaccess.imap.view import Ranges, View
from mailaccess.mail.flags import SEEN
from mailaccess.storage import rights
from mailaccess.storage.errors import StorageError
from mailaccess.storage.mailbox import Action
from mailaccess.wire.traps import call, compute_steps, turn

log = logging.getLogger(__name__)


@dataclass(slots=True)
class FetchArguments:
    numset: NumSet
    items: Asked
    changed_since: int | None = None
    vanished: bool = False
    partial: Partial | None = None


def parse_fetch(cursor: Cursor) -> tuple[FetchArguments]:
    """fetch = "FETCH" SP sequence-set SP (items) [SP "(" fetch-modifier *(SP fetch-modifier) ")"]   (RFC 4466)"""
    numset = cursor.numset()
    cursor.sp()
    items = parse_asked(cursor)
    changed_since, vanished, partial = None, False, None
    if cursor.skip(b" ("):
        while True:
            if cursor.skip(b"CHANGEDSINCE"):
                cursor.sp()
                changed_since = cursor.number64()  # 0, which the grammar does not have, is what iOS sends
            elif cursor.skip(b"VANISHED"):
                vanished = True
            elif partial is None and cursor.skip(b"PARTIAL"):
                partial = parse_partial(cursor)
            else:
                raise cursor.bad("CHANGEDSINCE, VANISHED or PARTIAL")
            if cursor.skip(b")"):
                break
            cursor.sp()
    cursor.end()
    return (FetchArguments(numset, items, changed_since, vanished, partial),)


@command(b"FETCH", when=SELECTED, parse=parse_fetch, uid=True, expunges=False, rfc=(3501, 4466, 7162, 9394))
async def fetch(session: Session, asked: FetchArguments) -> bytes | None:
    """RFC 3501 6.4.5"""
    if asked.vanished and not (session.by_uid and session.qresync and asked.changed_since is not None):
        raise Bad("VANISHED goes with UID FETCH and CHANGEDSINCE, once QRESYNC is enabled")
    ranges = session.ranges(asked.numset)
    if asked.partial is not None:
        if not session.by_uid:
            raise Bad("PARTIAL goes with UID FETCH")
        ranges = asked.partial.cut(ranges)  # "first select [...] and then only return flag changes" (RFC 9394 3.4)
    plan = plan_for(session, asked.items, with_uid=session.by_uid, with_modseq=asked.changed_since is not None)
    if plan.tells_modseq:
        session.enable(b"CONDSTORE")
    if session.mailbox.is_opening:
        await opening.before_fetch(session, plan, changed=asked.changed_since is not None)
    if asked.changed_since is not None:
        if asked.vanished and asked.numset != SAVED:  # what is gone is no longer part of `$` (RFC 5182 2.1)
            earlier = await call(_vanished, session.view, asked.numset, asked.changed_since)
            if earlier:
                session.untagged(b"VANISHED (EARLIER) " + earlier)
        ranges = await compute_steps(session.view.count, session.view.changed, ranges, asked.changed_since)
    ranges, lowest = limiting.within(session, ranges)
    seen: Collection[int] = ()
    # "MUST NOT set it, if the current user doesn't have "s" right" (RFC 4314 section 4)
    if plan.marking is not None and not session.view.read_only and rights.SEEN in session.mailbox.rights:
        seen = await _set_seen(session, ranges)
    answer = Answer(session, plan, seen)
    await answer.send(ranges)
    if lowest and (answer.undecodable or answer.missing):
        limiting.tell(session, lowest)
    if answer.undecodable:
        raise No("A part has a Content-Transfer-Encoding that is not known here", b"UNKNOWN-CTE")
    if answer.missing:
        raise No("Some of the messages no longer exist", b"EXPUNGEISSUED")
    return limiting.completed(session, lowest) if lowest else None


def _vanished(view: View, numset: NumSet, since: int) -> bytes:
    """UIDs of the set that have been expunged since."""
    known = [range(low, high + 1) for low, high in resolve(numset, view.mailbox.uidnext - 1)]
    return render_numbers(view.vanished(since, known))


async def _set_seen(session: Session, ranges: Ranges) -> set[int]:
    """Sets \\Seen where it is not set, all at once; returns the UIDs. Mail that cannot be marked can still be read."""
    view = session.view
    uids = []
    for piece in slices(ranges, LINES_AT_ONCE):
        current = view.mailbox.messages
        uids += [
            uid for _, uid, messages, row in view.pick(piece) if messages is current and SEEN not in messages.flags[row]
        ]
        await turn()
    if not uids:
        return set()
    try:
        await call(view.mailbox.store, uids, Action.ADD, frozenset([SEEN]))
    except StorageError as error:
        log.warning("\\Seen could not be set: %s", error)
        return set()
    return set(uids)
