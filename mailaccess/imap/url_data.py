"""The octets that an IMAP URL names: for CATENATE, which copies them, and for URLFETCH, which sends them."""

from collections.abc import Callable
from dataclasses import dataclass

from mailaccess.imap.facts import Facts
from mailaccess.imap.loading import load_facts
from mailaccess.imap.section import Section, Span, Text
from mailaccess.imap.url import BadUrl, ImapUrl
from mailaccess.storage.content import Content
from mailaccess.storage.errors import (
    ContentChanged,
    InvalidName,
    MessageGone,
    NoSuchMailbox,
    NotPermitted,
    NotSelectable,
    ShortRead,
)
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import call

NO_DATA: tuple[type[Exception], ...] = (
    BadUrl,
    NoSuchMailbox,
    NotPermitted,
    NotSelectable,
    InvalidName,
    MessageGone,
    ContentChanged,
    ShortRead,
)
"""What says that a URL names nothing; other errors say something of the server."""


@dataclass(slots=True)
class UrlData:
    """An open message, and what of it a URL names. Whoever asked closes the content."""

    content: Content
    text: bytes | Span  # single fields of a header; all else as its place in the content
    facts: Facts | None  # there if the section needs them, or somebody asked for them

    @property
    def size(self) -> int:
        return self.text.size if isinstance(self.text, Span) else len(self.text)

    def read(self, start: int, length: int) -> bytes:
        """Blocking: so many octets of it, fewer only at its end, as they are sent in a literal. ShortRead."""
        return self._read(self.content.read, start, length)

    def read_binary(self, start: int, length: int) -> bytes:
        """The same, as they are: NUL as NUL."""
        return self._read(self.content.read_binary, start, length)

    def _read(self, read: Callable[[int, int], bytes], start: int, length: int) -> bytes:
        if isinstance(self.text, bytes):
            return self.text[start : start + length]
        first = self.text.start + start
        return read(first, min(length, self.text.end - first))


async def open_url(mailbox: Mailbox, url: ImapUrl, *, with_facts: bool = False) -> UrlData:
    """Opens what a URL names of a mailbox, which is up to date. One of NO_DATA, if there is none."""
    if url.uid is None:
        raise BadUrl("the URL names no message")
    if url.uidvalidity not in (None, mailbox.uidvalidity):
        raise BadUrl("the URL is of another UIDVALIDITY")
    facts = None
    if with_facts or url.section.needs_facts:
        facts = (await load_facts(mailbox, [url.uid])).get(url.uid)
        if facts is None:
            raise MessageGone(url.uid)
        if not _exists(url.section, facts):
            raise BadUrl("the message has no such part")
    return await call(_open, mailbox, url.uid, url.section, facts)


def _exists(section: Section, facts: Facts) -> bool:
    """FETCH gives an empty text for a part that is not there; a URL that names one is no good."""
    if not section.path:
        return True
    part = facts.part(section.path)
    return part is not None and (section.text in (Text.WHOLE, Text.MIME) or part.inner_body > 0)


def _open(mailbox: Mailbox, uid: int, section: Section, facts: Facts | None) -> UrlData:
    content = mailbox.content(uid)
    try:
        text = section.span(facts, content.size) if section.fields is None else section.read(content, facts)
        return UrlData(content, text, facts)
    except BaseException:
        content.close()
        raise
