"""APPEND: messages go to disk as they arrive, however large, and all of one command or none (RFC 3502)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from mailaccess.imap import framing
from mailaccess.imap.commands.copy import target_mailbox
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.framing import Literal, split_literal
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import render
from mailaccess.imap.registry import AUTHENTICATED, command, feature
from mailaccess.imap.session import Session
from mailaccess.mail.flags import Flags
from mailaccess.storage import keywords
from mailaccess.storage.errors import StorageError
from mailaccess.storage.mailbox import Incoming, Mailbox
from mailaccess.wire.traps import call

PIECE = 256 * 1024
"""Octets gathered before they are handed to the disk."""
SMALL = 64 * 1024
"""A message of at most so many octets waits in memory for the one call that stores the command's messages ..."""
SMALL_TOGETHER = 1024 * 1024
"""... unless there are so many of them."""
MOST_SAID = 1024 * 1024
"""Octets that one command may say of its messages: names, flags, dates. Some 20,000 messages."""

feature(b"MULTIAPPEND", rfc=3502)
feature(b"APPENDLIMIT", rfc=7889)


@dataclass(frozen=True, slots=True)
class Arriving:
    """What the command says of a message before its literal."""

    flags: Flags
    date: int | None
    literal: Literal
    wrapped: bool  # in `UTF8 (~{n}...)`, the form of RFC 6855, which Thunderbird sends though it is not announced


def parse_message(text: bytes, literal: Literal | None) -> Arriving:
    """append-message = [SP flag-list] [SP date-time] SP literal   (`text` ends before the literal's announcement)"""
    cursor = Cursor(text)
    flags: Flags = frozenset()
    date = None
    cursor.sp()
    if cursor.peek() == b"(":
        flags = cursor.flag_list()
        cursor.sp()
    if cursor.peek() == b'"':
        date = cursor.date_time()
        cursor.sp()
    wrapped = cursor.skip(b"UTF8 (")
    if literal is None or literal.binary != wrapped or not cursor.at_end():
        raise cursor.bad("a date and time or a literal")
    return Arriving(flags, date, literal, wrapped)


@dataclass(slots=True)
class Upload:
    """The messages of one command so far: small ones in memory, large ones in tmp/."""

    items: list[tuple[bytes | Incoming, Flags, int | None]] = field(default_factory=list)
    held: int = 0  # octets in memory
    said: int = 0  # octets of what the command said of them

    def fits(self, size: int) -> bool:
        return size <= SMALL and self.held + size <= SMALL_TOGETHER

    def store(self, mailbox: Mailbox) -> list[int]:
        """Blocking: puts all of them into the mailbox; their UIDs. No more than one file is open at a time."""
        for number, (message, flags, date) in enumerate(self.items):
            if isinstance(message, bytes):
                incoming = mailbox.incoming()
                self.items[number] = incoming, flags, date
                incoming.write(message)
                incoming.sync(date)
        return mailbox.append([(m, flags, date) for m, flags, date in self.items if not isinstance(m, bytes)])

    def discard(self) -> None:
        """Blocking: leaves nothing in tmp/."""
        for message, _, _ in self.items:
            if not isinstance(message, bytes):
                message.discard()


@command(b"APPEND", when=AUTHENTICATED, stream=True, rfc=(3501, 3502))
async def append(session: Session, line: bytes) -> bytes:
    """RFC 3501 6.3.11"""
    name, line = await _mailbox_name(session, line)
    message = await _parse(session, line)
    mailbox = await _target(session, name, line)
    upload = Upload()
    try:
        while True:
            await _receive(session, mailbox, message, line, upload)
            line = await session.channel.reader.line(session.settings.max_line)
            if message.wrapped:
                if not line.startswith(b")"):
                    await framing.refuse_rest(session.channel, line, session.settings.max_line)
                    raise Bad("Expected ')' behind the literal")
                line = line[1:]
            if not line:
                break
            message = await _parse(session, line)
        uids = await call(upload.store, mailbox)
    except Exception:
        await call(upload.discard)
        raise
    return b"[APPENDUID %d %s] APPEND completed" % (mailbox.uidvalidity, render(uids))


async def _mailbox_name(session: Session, line: bytes) -> tuple[str, bytes]:
    """The mailbox's name, which may be a literal of its own, and the line that follows it."""
    text, literal = split_literal(line)
    if text or literal is None:
        cursor = Cursor(text, utf8=session.utf8)
        try:
            return cursor.mailbox(), line[cursor.pos :]
        except Bad:
            await framing.refuse_rest(session.channel, line, session.settings.max_line)
            raise
    if literal.size > session.settings.max_line:
        await framing.refuse_rest(session.channel, line, session.settings.max_line)
        raise No("The mailbox name is too long", b"TOOBIG")
    framing.accept(session.channel, literal)
    raw = await session.channel.reader.exactly(literal.size)
    rest = await session.channel.reader.line(session.settings.max_line)
    try:
        return Cursor(b"", utf8=session.utf8).mailbox_name(raw), rest
    except Bad:
        await framing.refuse_rest(session.channel, rest, session.settings.max_line)
        raise


async def _target(session: Session, name: str, line: bytes) -> Mailbox:
    try:
        return await target_mailbox(session, name)
    except (No, StorageError):
        await framing.refuse_rest(session.channel, line, session.settings.max_line)
        raise


async def _parse(session: Session, line: bytes) -> Arriving:
    try:
        message = parse_message(*split_literal(line))
        keywords.check(message.flags)
        return message
    except (Bad, StorageError):
        await framing.refuse_rest(session.channel, line, session.settings.max_line)
        raise


async def _receive(session: Session, mailbox: Mailbox, message: Arriving, line: bytes, upload: Upload) -> None:
    """Takes one message. What cannot be kept is still read to its end, so that the session goes on."""
    literal, limit = message.literal, session.settings.max_append
    upload.said += len(line)
    if upload.said > MOST_SAID:
        await framing.refuse_rest(session.channel, line, session.settings.max_line)
        raise No("That many messages are not taken at once", b"LIMIT")
    if literal.size > limit or literal.size == 0:
        await framing.refuse_rest(session.channel, line, session.settings.max_line)
        if literal.size == 0:
            raise No("A message of zero octets is not stored")  # and in MULTIAPPEND it cancels the rest (RFC 3502)
        raise No(f"A message may have {limit} octets", b"TOOBIG")
    if upload.fits(literal.size):
        framing.accept(session.channel, literal)
        upload.items.append((await session.channel.reader.exactly(literal.size), message.flags, message.date))
        upload.held += literal.size
        return
    try:
        incoming = await call(mailbox.incoming)
    except StorageError:
        await framing.refuse_rest(session.channel, line, session.settings.max_line)
        raise
    upload.items.append((incoming, message.flags, message.date))
    framing.accept(session.channel, literal)
    left = literal.size
    try:
        async for piece in _pieces(session, literal.size):
            left -= len(piece)
            await call(incoming.write, piece)
        await call(incoming.sync, message.date)
    except StorageError:
        await session.channel.reader.drop(left)
        rest = await session.channel.reader.line(session.settings.max_line)
        await framing.refuse_rest(session.channel, rest, session.settings.max_line)
        raise


async def _pieces(session: Session, size: int) -> AsyncIterator[bytes]:
    """The literal in large pieces: one call to the disk for each, not one for each packet."""
    gathered: list[bytes] = []
    total = 0
    async for chunk in session.channel.reader.chunks(size):
        gathered.append(chunk)
        total += len(chunk)
        if total >= PIECE:
            yield b"".join(gathered)
            gathered, total = [], 0
    if gathered:
        yield b"".join(gathered)
