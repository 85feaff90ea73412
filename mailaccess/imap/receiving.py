"""Messages on their way in, by APPEND or REPLACE: to disk as they arrive, what URLs name copied piece by piece.

Nothing is left behind of a command that fails, and what of it is still on its way is not taken for commands.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mailaccess.imap import limiting
from mailaccess.imap.append_data import Form, Options, Part, parse_form, parse_options, parse_part
from mailaccess.imap.errors import Bye, No
from mailaccess.imap.framing import Literal
from mailaccess.imap.session import Session
from mailaccess.imap.streamed import Streamed
from mailaccess.imap.upload import Upload
from mailaccess.imap.url import BadUrl, ImapUrl, parse
from mailaccess.imap.url_data import NO_DATA, UrlData, open_url
from mailaccess.storage import keywords, quota
from mailaccess.storage.mailbox import Incoming, Mailbox
from mailaccess.storage.quota import Room
from mailaccess.wire.reader import LineTooLong
from mailaccess.wire.traps import Closing, Gone, TimedOut, call

COPIES = 4
"""One command may copy so many times the octets of the largest message: what it copies, it need not send."""

_STEP = 1 << 20  # octets copied by one call to a thread
_UNSPEAKABLE = frozenset(b'"\\]') | frozenset(range(0x21)) | frozenset(range(0x7F, 0x100))


class Receiver:
    """The messages of one command; `rest` is what of it has still to be read."""

    def __init__(self, session: Session, line: bytes) -> None:
        self.rest = Streamed(session, line)
        self.upload = Upload()
        self._session = session
        self._messages = 0
        self._may_copy = COPIES * session.settings.max_append
        self.room: Room | None = None  # in the mailbox they are bound for; None: any
        self._octets = 0  # of the messages taken
        self._source: tuple[str, Mailbox] | None = None  # of the last URL, since the next is likely to name it too

    def announced(self) -> tuple[Options, Form]:
        """append-message, as far as it stands before its octets. Bad, StorageError."""
        self._messages += 1
        if self._messages > self._session.settings.max_messages:
            raise limiting.too_many(self._session)
        options = parse_options(self.rest.cursor)
        keywords.check(options.flags)
        return options, parse_form(self.rest.cursor, self.rest.literal)

    def is_coming(self, message: tuple[Options, Form]) -> bool:
        """The message that was announced is small and comes whether or not it will be stored: it can be taken before
        anybody has looked where to."""
        literal = self.rest.literal
        unasked = literal is not None and not literal.synchronizing and self.upload.fits(literal.size)
        return unasked and message[1] is not Form.CATENATE

    async def take(self, message: tuple[Options, Form], mailbox: Mailbox | None) -> None:
        """The octets of the message that was announced, bound for `mailbox`; None, of one that `is_coming`: wherever.
        Bad, No, StorageError."""
        options, form = message
        if form is Form.CATENATE:
            assert mailbox is not None
            self._octets += await self._catenate(mailbox, options)
        else:
            assert self.rest.literal is not None
            size = self.rest.literal.size
            await self._literal(mailbox, options, self.rest.literal)
            self._octets += size
            if form is Form.UTF8:
                self.rest.cursor.expect(b")")

    def check(self, room: Room | None) -> None:
        """Refuses all that was taken where there is not so much room. OverQuota."""
        if room is not None:
            quota.check(room, self._octets, self._messages)

    async def _literal(self, mailbox: Mailbox | None, options: Options, literal: Literal) -> None:
        self._admit(literal.size)
        if literal.size == 0:
            raise _empty()
        pieces = self.rest.take()
        if self._session.utf8_accepted and not literal.binary and literal.size > len(b"UTF8 ()"):
            pieces = _unwrapped(pieces, literal.size)
        if self.upload.fits(literal.size):
            self.upload.hold(b"".join([piece async for piece in pieces]), options)
            return
        assert mailbox is not None
        incoming = await call(self.upload.begin, mailbox, options)
        async for piece in pieces:
            await call(incoming.write, piece)
        await call(incoming.sync, options.date)

    async def _catenate(self, mailbox: Mailbox, options: Options) -> int:
        """RFC 4469. A URL is followed as it comes: one that leads nowhere is told before the next literal is sent.

        Returns how many octets the message has."""
        rest = self.rest
        incoming = await call(self.upload.begin, mailbox, options)
        part = parse_part(rest.cursor, rest.literal, first=True)
        while part is not Part.END:
            if part is Part.URL:
                await self._copy(await rest.astring("a URL"), incoming)
            else:
                assert rest.literal is not None
                self._admit(incoming.size + rest.literal.size)
                async for piece in rest.take():
                    await call(incoming.write, piece)
                if part is Part.UTF8:
                    rest.cursor.expect(b")")
            part = parse_part(rest.cursor, rest.literal, first=False)
        if incoming.size == 0:
            raise _empty()
        await call(incoming.sync, options.date)
        return incoming.size

    def _admit(self, size: int) -> None:
        """Refuses a message of so many octets before they are taken. OverQuota."""
        limit = self._session.settings.max_append
        if size > limit:
            raise No(f"A message may have {limit} octets", b"TOOBIG")
        if self.room is not None:
            quota.check(self.room, self._octets + size, self._messages)

    async def _copy(self, text: bytes, incoming: Incoming) -> None:
        """Appends what a URL names, "as if the literal returned in a FETCH BODY response were put in place"."""
        try:
            data = await self._open(parse(text))
        except NO_DATA as error:
            raise _bad_url(text, str(error)) from None
        try:
            self._admit(incoming.size + data.size)
            self._may_copy -= data.size
            if self._may_copy < 0:
                raise No("That much is not copied by one command", b"LIMIT")
            for start in range(0, data.size, _STEP):
                try:
                    piece = await call(data.read_binary, start, _STEP)
                except NO_DATA as error:
                    raise _bad_url(text, str(error)) from None
                await call(incoming.write, piece)
        finally:
            data.content.close()

    async def _open(self, url: ImapUrl) -> UrlData:
        """Only relative URLs: of "the current authenticated IMAP session" (RFC 4469 section 3)."""
        if url.server is not None:
            raise BadUrl("the URL names a server; here it begins with the mailbox")
        return await open_url(await self._mailbox(url), url)

    async def _mailbox(self, url: ImapUrl) -> Mailbox:
        if url.mailbox is None:
            if self._session.selected is None:
                raise BadUrl("the URL names no mailbox, and none is selected")
            return self._session.mailbox
        if self._source is None or self._source[0] != url.mailbox:
            self._source = url.mailbox, await call(self._session.account.mailbox, url.mailbox)
        return self._source[1]


@asynccontextmanager
async def receiving(session: Session, line: bytes) -> AsyncIterator[Receiver]:
    """Around a command that brings messages; `line` is what follows its name."""
    receiver = Receiver(session, line)
    try:
        yield receiver
    except Exception as error:
        await call(receiver.upload.discard)
        if not isinstance(error, Gone | TimedOut | Closing | Bye | LineTooLong):
            await receiver.rest.refuse()
        raise


async def _unwrapped(pieces: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """A literal without the `UTF8 (` and `)` that Python's imaplib (3.5 to 3.14.0), once UTF8=ACCEPT is enabled, puts
    into it, where they belong around it. No header field begins like that."""
    wrapped, before = False, 0
    async for piece in pieces:
        if not before:
            wrapped = piece.startswith(b"UTF8 (")
        start = 6 if wrapped and not before else 0
        before += len(piece)
        yield piece[start:].removesuffix(b")") if wrapped and before == size else piece[start:]


def _empty() -> No:
    return No("A message of zero octets is not stored")  # and in MULTIAPPEND it cancels the rest (RFC 3502)


def _bad_url(url: bytes, why: str) -> No:
    """badurl-response-code, of "the first URL specified ... that has caused the operation to fail" (RFC 4469 4.1)"""
    told = b"".join(b"%%%02X" % octet if octet in _UNSPEAKABLE else b"%c" % octet for octet in url)
    return No(f"That URL cannot be followed: {why}", b'BADURL "%s"' % told)
