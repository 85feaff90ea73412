"""A command whose literals are not held in memory: APPEND, REPLACE. Its handler reads text and literals in turn."""

from collections.abc import AsyncIterator

from mailaccess.imap import framing
from mailaccess.imap.errors import No
from mailaccess.imap.framing import split_literal
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.session import Session
from mailaccess.wire.reader import LineTooLong

PIECE = 256 * 1024
"""Octets gathered before they are handed on: one call to the disk for each, not one for each packet."""
MOST_SAID = 1024 * 1024
"""Octets of a command other than those of its messages: names, flags, dates, URLs. Some 20,000 messages."""


class Streamed:
    """The segment of text that has arrived, and the literal that ends it, which has not been taken.

    Whoever refuses the command calls `refuse`, wherever it stands: what is on its way must not be taken for commands.
    """

    def __init__(self, session: Session, line: bytes) -> None:
        """`line` is what follows the command's name."""
        self._session = session
        self._left: int | None = None  # octets that are missing of the literal which is being taken, if one is
        self._said = 0
        self._begin(line)

    def _begin(self, line: bytes) -> None:
        self._line, self._left = line, None
        text, self.literal = split_literal(line)
        self.cursor = Cursor(text, utf8=self._session.utf8)
        self._said += len(line)

    @property
    def finished(self) -> bool:
        """All of the command has been read. One trailing space is let through, as in other commands."""
        return self.literal is None and self.cursor.data[self.cursor.pos :] in (b"", b" ")

    async def take(self) -> AsyncIterator[bytes]:
        """The literal in large pieces; when they are through, the cursor reads what follows it. NO [LIMIT]."""
        literal = self.literal
        assert literal is not None
        if self._said > MOST_SAID:
            raise No("That much is not taken in one command", b"LIMIT")
        framing.accept(self._session.channel, literal)
        self._left = literal.size
        gathered: list[bytes] = []
        total = 0
        async for chunk in self._session.channel.reader.chunks(literal.size):
            self._left -= len(chunk)
            gathered.append(chunk)
            total += len(chunk)
            if total >= PIECE:
                yield b"".join(gathered)
                gathered, total = [], 0
        if gathered:
            yield gathered[0] if len(gathered) == 1 else b"".join(gathered)
        self._begin(await self._session.channel.reader.line(self._session.settings.max_line))

    async def whole(self) -> bytes:
        """The literal, as one object; the caller knows that it is of moderate size."""
        pieces = [piece async for piece in self.take()]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def astring(self, expected: str) -> bytes:
        """astring = 1*ASTRING-CHAR / string, be it a literal of its own."""
        if self.literal is None or self.literal.binary or not self.cursor.at_end():
            return self.cursor.astring(expected)
        limit = self._session.settings.max_line
        if self.literal.size > limit:
            raise No(f"A string may have {limit} octets here", b"TOOBIG")
        return await self.whole()

    async def mailbox(self) -> str:
        """mailbox = "INBOX" / astring"""
        return self.cursor.mailbox_name(await self.astring("a mailbox name"))

    async def refuse(self) -> None:
        """Drops what of the command is still on its way."""
        channel, limit = self._session.channel, self._session.settings.max_line
        line = self._line
        if self._left is not None:
            await channel.reader.drop(self._left)
            try:
                line = await channel.reader.line(limit)
            except LineTooLong as too_long:
                line = too_long.end
        await framing.refuse_rest(channel, line, limit)
