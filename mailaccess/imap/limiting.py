"""MESSAGELIMIT and SAVELIMIT (RFC 9738): how many messages one command processes.

Where a command asks for more, those with the highest UIDs are processed, and the client is told the lowest of these:
what it wants of the others, it asks for below that. COPY, which copies all or nothing, is refused, and so is what
cannot be answered in part (SORT, THREAD, APPEND of many messages).
"""

from mailaccess.imap.errors import No
from mailaccess.imap.registry import feature
from mailaccess.imap.session import Session
from mailaccess.imap.view import Ranges, length

feature(b"MESSAGELIMIT", b"SAVELIMIT", rfc=9738)


def code(session: Session, lowest: int) -> bytes:
    """ "MESSAGELIMIT" SP message-limit [SP uniqueid]: the lowest UID that was, or would be, processed; 0 for none."""
    limit = session.settings.max_messages
    return b"MESSAGELIMIT %d %d" % (limit, lowest) if lowest else b"MESSAGELIMIT %d" % limit


def completed(session: Session, lowest: int) -> bytes:
    """The text of the tagged OK of a command that processed only messages from this UID on."""
    return b"[%s] Completed for the last %d messages" % (code(session, lowest), session.settings.max_messages)


def tell(session: Session, lowest: int) -> None:
    """The same in an untagged OK, where the tagged response has something else to tell."""
    session.untagged(b"OK " + completed(session, lowest))


def within(session: Session, ranges: Ranges) -> tuple[Ranges, int]:
    """Of these messages those that one command processes, and the lowest UID of them; 0 if they are all."""
    limit = session.settings.max_messages
    if length(ranges) <= limit:
        return ranges, 0
    kept = last(ranges, limit)
    return kept, session.view.uid(kept[0][0])


def last(ranges: Ranges, count: int) -> Ranges:
    """The last so many numbers of ascending ranges, which have more."""
    kept: Ranges = []
    for low, high in reversed(ranges):
        kept.append((max(low, high - count + 1), high))
        count -= high - kept[-1][0] + 1
        if not count:
            break
    return kept[::-1]


def too_many(session: Session, lowest: int = 0) -> No:
    """The refusal of a command that is done for all messages or for none."""
    limit = session.settings.max_messages
    return No(f"That is done for {limit} messages at most; try a smaller set", code(session, lowest))
