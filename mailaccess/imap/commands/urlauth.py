"""GENURLAUTH, RESETKEY, URLFETCH: URLs by which others get parts of one's mail (RFC 4467, RFC 5092)."""

import logging

from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.render import quoted, string
from mailaccess.imap.section import Span
from mailaccess.imap.session import Session
from mailaccess.imap.url_data import UrlData
from mailaccess.imap.urlauth import MECHANISM, authorize, follow
from mailaccess.storage.access_keys import reset_keys
from mailaccess.storage.errors import StorageError
from mailaccess.wire.traps import Closing, Gone, TimedOut, call, drained

log = logging.getLogger(__name__)

URLMECH = b"OK [URLMECH INTERNAL] Mechanisms of authorized URLs"

_MOST_URLS = 100  # of one command
_PIECE = 64 * 1024

feature(b"URL-PARTIAL", rfc=5550)  # ;PARTIAL= is heeded wherever a URL is


def parse_resetkey(cursor: Cursor) -> tuple[str | None, list[bytes]]:
    """resetkey = "RESETKEY" [SP mailbox *(SP mechanism)]"""
    mailbox, mechanisms = None, []
    if not cursor.at_end():
        mailbox = cursor.mailbox()
        while cursor.skip(b" ") and not cursor.at_end():
            mechanisms.append(cursor.word("a mechanism"))
    cursor.end()
    return mailbox, mechanisms


@command(b"RESETKEY", when=AUTHENTICATED, parse=parse_resetkey, capability=b"URLAUTH", rfc=4467)
async def resetkey(session: Session, name: str | None, mechanisms: list[bytes]) -> bytes | None:
    """RFC 4467 7: a new key for a mailbox, or none for all: URLs made with the old ones are worth nothing."""
    if name is None:
        await call(reset_keys, session.account.root)
        return b"All keys are removed"
    if any(mechanism != MECHANISM for mechanism in mechanisms):
        raise No("INTERNAL is the only mechanism here", b"CANNOT")
    mailbox = await call(session.account.mailbox, name)
    await call(reset_keys, session.account.root, mailbox.guid)
    return URLMECH.removeprefix(b"OK ")


def parse_genurlauth(cursor: Cursor) -> tuple[list[tuple[bytes, bytes]]]:
    """genurlauth = "GENURLAUTH" 1*(SP url-rump SP mechanism)"""
    pairs: list[tuple[bytes, bytes]] = []
    while True:
        url = cursor.astring("a URL")
        cursor.sp()
        pairs.append((url, cursor.word("a mechanism")))
        if not cursor.skip(b" ") or cursor.at_end():
            break
    cursor.end()
    _bound(len(pairs))
    return (pairs,)


@command(b"GENURLAUTH", when=AUTHENTICATED, parse=parse_genurlauth, capability=b"URLAUTH", rfc=4467)
async def genurlauth(session: Session, pairs: list[tuple[bytes, bytes]]) -> None:
    """RFC 4467 7: all of the URLs or none."""
    urls = [await authorize(session, url, mechanism) for url, mechanism in pairs]
    session.untagged(b"GENURLAUTH " + b" ".join(map(quoted, urls)))


def parse_urlfetch(cursor: Cursor) -> tuple[list[bytes]]:
    """urlfetch = "URLFETCH" 1*(SP url-full)"""
    urls: list[bytes] = []
    while True:
        urls.append(cursor.astring("a URL"))
        if not cursor.skip(b" ") or cursor.at_end():
            break
    cursor.end()
    _bound(len(urls))
    return (urls,)


@command(b"URLFETCH", when=AUTHENTICATED, parse=parse_urlfetch, capability=b"URLAUTH", rfc=4467)
async def urlfetch(session: Session, urls: list[bytes]) -> None:
    """RFC 4467 7: no matter what is selected, or what this user may do otherwise. Nothing becomes \\Seen."""
    for text in urls:
        found = await follow(session, text)
        session.write(b"* URLFETCH %s " % string(text))
        if found is None:
            session.write(b"NIL\r\n")
            continue
        _, data = found
        try:
            await _send(session, data)
        finally:
            data.content.close()
        session.write(b"\r\n")
        if session.channel.full:
            await drained()


async def _send(session: Session, data: UrlData) -> None:
    """The octets as a literal; a long one piece by piece. Once it is begun it is sent to its end, or the connection
    ends: no word would be taken for one in a literal."""
    session.write(b"{%d}\r\n" % data.size)
    if not isinstance(data.text, Span):
        session.write(data.text)
        return
    try:
        for start in range(0, data.size, _PIECE):
            session.write(await call(data.read, start, _PIECE))
            await drained()
    except (StorageError, Closing, TimedOut) as error:
        log.warning("a message could not be sent to its end: %r", error)
        raise Gone from None


def _bound(urls: int) -> None:
    if urls > _MOST_URLS:
        raise Bad(f"At most {_MOST_URLS} URLs can be given at once")
