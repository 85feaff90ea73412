"""GENURLAUTH, RESETKEY, URLFETCH: URLs by which others get parts of one's mail (RFC 4467, RFC 5524)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.render import quoted, string
from mailaccess.imap.section import Section, Text
from mailaccess.imap.session import Session
from mailaccess.imap.url_data import UrlData
from mailaccess.imap.url_metadata import Metadata, body_part_structure, decoded
from mailaccess.imap.urlauth import MECHANISM, URLMECH, authorize, follow
from mailaccess.storage.access_keys import reset_keys
from mailaccess.storage.errors import StorageError
from mailaccess.wire.traps import Closing, Gone, TimedOut, call, drained

log = logging.getLogger(__name__)

_METADATA = {item.value: item for item in Metadata}
_MOST_URLS = 100  # of one command
_MOST_MECHANISMS = 100
_PIECE = 64 * 1024

feature(b"URLAUTH=BINARY", rfc=5524)
feature(b"URL-PARTIAL", rfc=5550)  # ;PARTIAL= is heeded wherever a URL is


def parse_resetkey(cursor: Cursor) -> tuple[str | None, list[bytes]]:
    """resetkey = "RESETKEY" [SP mailbox *(SP mechanism)]"""
    if cursor.at_end():
        return None, []
    mailbox = cursor.mailbox()
    if not cursor.skip(b" ") or cursor.at_end():
        cursor.end()
        return mailbox, []
    return mailbox, [cursor.word("a mechanism") for _ in cursor.words(_MOST_MECHANISMS, "mechanisms")]


@command(b"RESETKEY", when=AUTHENTICATED, parse=parse_resetkey, capability=b"URLAUTH", rfc=4467)
async def resetkey(session: Session, name: str | None, mechanisms: list[bytes]) -> bytes | None:
    """RFC 4467 7: a new key for a mailbox, or none for all: URLs made with the old ones are worth nothing.

    Other sessions, to which URLMECH would have nothing new to say, are not told."""
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
        _bound(len(pairs))
        if not cursor.skip(b" ") or cursor.at_end():
            break
    cursor.end()
    return (pairs,)


@command(b"GENURLAUTH", when=AUTHENTICATED, parse=parse_genurlauth, capability=b"URLAUTH", rfc=4467)
async def genurlauth(session: Session, pairs: list[tuple[bytes, bytes]]) -> None:
    """RFC 4467 7: all of the URLs or none."""
    urls = [await authorize(session, url, mechanism) for url, mechanism in pairs]
    session.untagged(b"GENURLAUTH " + b" ".join(map(quoted, urls)))


def parse_urlfetch(cursor: Cursor) -> tuple[list[tuple[bytes, list[Metadata]]]]:
    """urlfetch = "URLFETCH" 1*(SP url-fetch-arg), where url-fetch-arg = url-full / "(" url-full *(SP param) ")" """
    urls: list[tuple[bytes, list[Metadata]]] = []
    while True:
        if cursor.skip(b"("):
            urls.append((cursor.astring("a URL"), _parse_metadata(cursor)))
        else:
            urls.append((cursor.astring("a URL"), []))
        _bound(len(urls))
        if not cursor.skip(b" ") or cursor.at_end():
            break
    cursor.end()
    return (urls,)


def _parse_metadata(cursor: Cursor) -> list[Metadata]:
    """ "Metadata items MUST NOT appear more than once per URL, and clients MUST NOT request both BINARY and BODY" """
    wanted: list[Metadata] = []
    while not cursor.skip(b")"):
        cursor.sp()
        word = cursor.word("BODY, BINARY or BODYPARTSTRUCTURE")
        if word not in _METADATA or _METADATA[word] in wanted:
            raise Bad("Expected BODY, BINARY or BODYPARTSTRUCTURE, each once")
        wanted.append(_METADATA[word])
    if Metadata.BODY in wanted and Metadata.BINARY in wanted:
        raise Bad("BODY and BINARY cannot both be had")
    return wanted


@command(b"URLFETCH", when=AUTHENTICATED, parse=parse_urlfetch, capability=b"URLAUTH", rfc=4467)
async def urlfetch(session: Session, urls: list[tuple[bytes, list[Metadata]]]) -> None:
    """RFC 4467 7: no matter what is selected, or what this user may do otherwise. Nothing becomes \\Seen."""
    for text, wanted in urls:
        found = await follow(session, text, with_facts=bool(wanted))
        session.write(b"* URLFETCH %s" % string(text))
        if found is None:
            session.write(b" NIL\r\n")
            continue
        url, data = found
        try:
            if wanted:
                await _send_metadata(session, url.section, data, wanted)
            else:
                session.write(b" ")
                await _send(session, data)
        finally:
            data.content.close()
        session.write(b"\r\n")
        if session.channel.full:
            await drained()


async def _send_metadata(session: Session, section: Section, data: UrlData, wanted: list[Metadata]) -> None:
    """url-metadata = 1*(SP "(" url-metadata-el ")")"""
    with _to_its_end(session):
        for item in wanted:
            session.write(b" (%s " % item.value)
            if item is Metadata.BODYPARTSTRUCTURE:
                session.write(await body_part_structure(section, data, binary=Metadata.BINARY in wanted))
            elif item is Metadata.BODY or section.text is not Text.WHOLE:
                await _send(session, data)
            else:
                await _send_decoded(session, section, data)
            session.write(b")")


async def _send_decoded(session: Session, section: Section, data: UrlData) -> None:
    """url-meta-binary: NIL "on decoding error"; "if content contains a NUL octet, literal8 MUST be used"."""
    found = await decoded(section, data)
    if found is None:
        session.write(b"NIL")
    elif isinstance(found, bytes):
        session.write(b"%s{%d}\r\n%s" % (b"~" if b"\0" in found else b"", len(found), found))
    else:
        session.write(b"%s{%d}\r\n" % (b"~" if found.has_nul else b"", found.size))
        for start in range(0, found.size, _PIECE):
            session.write(await call(found.piece, data.content, start, min(_PIECE, found.size - start)))
            await drained()


async def _send(session: Session, data: UrlData) -> None:
    """The octets as a literal; a long one piece by piece."""
    session.write(b"{%d}\r\n" % data.size)
    with _to_its_end(session):
        for start in range(0, data.size, _PIECE):
            session.write(await call(data.read, start, _PIECE))
            await drained()


@contextmanager
def _to_its_end(session: Session) -> Iterator[None]:
    """Once a response is begun it is sent to its end, or the connection ends: no word would be taken for one in it."""
    channel = session.channel
    before, channel.mid_response = channel.mid_response, True
    try:
        yield
        channel.mid_response = before
    except (StorageError, Closing, TimedOut) as error:
        log.warning("a message could not be sent to its end: %r", error)
        raise Gone from None


def _bound(urls: int) -> None:
    if urls > _MOST_URLS:
        raise Bad(f"At most {_MOST_URLS} URLs can be given at once")
