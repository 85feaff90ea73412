"""What the client is owed, at the end of each command and while it waits: news of its mailbox, then of all else."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from mailaccess.imap import render
from mailaccess.imap.errors import Bye
from mailaccess.imap.events import Selected
from mailaccess.imap.numset import render as render_numbers
from mailaccess.imap.session import Session
from mailaccess.imap.view import News, Ranges, View
from mailaccess.storage import rights
from mailaccess.storage.errors import NoSuchMailbox, NotSelectable, StorageError
from mailaccess.wire.traps import call, compute_steps, drained

log = logging.getLogger(__name__)

T = TypeVar("T")

EVERYTHING = Selected(messages=True, flags=True)
"""What a client is told of the selected mailbox that does not say what it wants to be told."""


async def update(session: Session, *, expunges: bool) -> None:
    """Tells the client what others have done that it is to hear of."""
    notifier, view = session.notifier, session.selected
    arrived: Ranges = []
    if view is not None:
        heeds = notifier.selected if notifier is not None else EVERYTHING
        arrived = await _update(session, view, heeds, expunges=expunges)
    for watcher in session.watchers:
        await watcher()
    if notifier is not None:
        await notifier.tell(arrived)


async def _update(session: Session, view: View, heeds: Selected, *, expunges: bool) -> Ranges:
    """Brings the view up to date with disk and other sessions and tells the client. Returns what is new."""
    if view.mailbox.poll():
        await _look(view.mailbox.sync)
    _heed_rights(session, view)
    if not view.has_news:
        return []
    # Who is not to be told of expunges is told of his own.
    expunges &= heeds.messages or session.removes
    if not (heeds.messages or expunges):
        return []
    known = view.count
    flush = partial(view.flush, may_expunge=expunges, new=heeds.messages, flags=heeds.flags)
    news = await compute_steps(view.owed() * 10, flush)
    if news is None:
        return []
    followers = list(view.followers.values())
    if news.expunged:
        for follower in followers:
            await follower.expunged(news.expunged)
    if news.exists is not None:
        mailbox = view.mailbox
        nothing_to_claim = view.read_only or mailbox.is_claimed
        first_recent = mailbox.recent_floor if nothing_to_claim else await _look(mailbox.claim_recent)
        if first_recent is not None and not session.rev2:
            view.add_recent(first_recent)
    await _tell(session, view, news)
    for follower in followers:
        await follower.look()
    return [(known - len(news.expunged) + 1, news.exists)] if news.exists is not None else []


async def heed_rights(session: Session) -> None:
    """Looks whether the rights to the selected mailbox are still those that the client was told of."""
    view = session.view
    await _look(view.mailbox.sync)
    _heed_rights(session, view)


def _heed_rights(session: Session, view: View) -> None:
    """ "If the server checks the rights on each command, then it SHOULD send FLAGS and PERMANENTFLAGS responses if
    they have changed. If such server detects that the user no longer has read access to the mailbox, it MAY send an
    untagged BYE response and close connection": clients do not handle refusals well (RFC 4314 5.1.1)."""
    now = view.mailbox.rights
    if now is session.rights_told or now == session.rights_told:
        return
    if rights.READ not in now:
        raise Bye("The right to read the selected mailbox was withdrawn")
    session.rights_told = now
    view.keywords = None
    session.tell_keywords()


async def _look(look: Callable[[], T]) -> T | None:
    """What `look` says; None if storage fails. Then the client hears the news later, and what it has asked for,
    which is done by now, is answered as what it is: told NO, a client would copy or append once more."""
    try:
        return await call(look)
    except (NoSuchMailbox, NotSelectable):
        raise Bye("The selected mailbox has been deleted") from None
    except StorageError as error:
        log.warning("no news of a mailbox: %s", error)
        return None


async def _tell(session: Session, view: View, news: News) -> None:
    """EXPUNGE or VANISHED, then EXISTS and RECENT, then FETCH: the order in which numbers stay true."""
    if news.expunged:
        vanished = session.qresync or session.uidonly
        session.write(await compute_steps(len(news.expunged) * 4, _expunged, news, vanished=vanished))
    if news.exists is not None:
        session.untagged(b"%d EXISTS" % news.exists)
        if not session.rev2:
            session.untagged(b"%d RECENT" % view.recent)
    session.tell_keywords()
    flags_fetch = session.flags_fetch()
    for number, uid, messages, row in news.changed:
        flags = render.flags(messages.flags[row], recent=view.is_recent(uid))
        session.write(flags_fetch(number, uid, flags, messages.modseqs[row]))
        if session.channel.full:
            await drained()
    if news.highest is not None and session.condstore:
        session.untagged(b"OK [HIGHESTMODSEQ %d] Highest of what was told" % news.highest)


def _expunged(news: News, *, vanished: bool) -> bytes:
    """`* VANISHED uid-set`, or an EXPUNGE for each."""
    if vanished:
        return b"* VANISHED %s\r\n" % render_numbers(sorted(uid for _, uid in news.expunged))
    return b"".join([b"* %d EXPUNGE\r\n" % number for number, _ in news.expunged])
