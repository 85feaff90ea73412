"""Reading the maildrop: STAT, LIST, UIDL, RETR, TOP, DELE, RSET, NOOP."""

from collections.abc import Sequence

from mailaccess.pop3.maildrop import Maildrop
from mailaccess.pop3.registry import Err, State, command, maybe_message, message_number, one_message
from mailaccess.pop3.session import Session
from mailaccess.pop3.stuffing import Stuffer, Top
from mailaccess.storage.content import Content
from mailaccess.wire.traps import call, drained, turn

AT_HAND = 32 * 1024
"""Up to so many octets are read faster than a thread is asked to."""
WHOLE = 256 * 1024
"""Up to so many octets a message is read and sent as one piece."""
PIECE = 64 * 1024
LINES_AT_ONCE = 1000
"""Rendered before others get their turn: well below a millisecond."""


@command(b"STAT", when=State.TRANSACTION)
async def stat(session: Session) -> None:
    """RFC 1939 section 5"""
    session.ok(f"{session.maildrop.count} {session.maildrop.octets}")


@command(b"LIST", when=State.TRANSACTION, parse=maybe_message)
async def list_(session: Session, number: int | None) -> None:
    """RFC 1939 section 5"""
    sizes = session.maildrop.sizes
    if number is not None:
        session.ok(f"{session.message(number)} {sizes[number - 1]}")
    else:
        await _tell_each(session, session.maildrop.counted, sizes)


@command(b"UIDL", when=State.TRANSACTION, parse=maybe_message, capability=b"UIDL")
async def uidl(session: Session, number: int | None) -> None:
    """RFC 1939 section 7"""
    uidls = session.maildrop.uidls
    if number is not None:
        session.ok(f"{session.message(number)} {uidls[number - 1]}")
    else:
        await _tell_each(session, "Unique ids follow", uidls)


async def _tell_each(session: Session, text: str, values: Sequence[int | str]) -> None:
    """A multi-line response with each message's number and value, but for those that are marked."""
    session.ok(text)
    numbers = session.maildrop.remaining
    for start in range(0, len(numbers), LINES_AT_ONCE):
        lines = "".join([f"{number} {values[number - 1]}\r\n" for number in numbers[start : start + LINES_AT_ONCE]])
        session.channel.write(lines.encode())
        if session.channel.full:
            await drained()
        else:
            await turn()
    session.channel.write(b".\r\n")


@command(b"DELE", when=State.TRANSACTION, parse=one_message)
async def dele(session: Session, number: int) -> None:
    """RFC 1939 section 5: only marks; QUIT removes."""
    session.maildrop.deleted.add(session.message(number))
    session.ok(f"Message {number} is marked as deleted")


@command(b"RSET", when=State.TRANSACTION)
async def rset(session: Session) -> None:
    """RFC 1939 section 5"""
    session.maildrop.deleted.clear()
    session.ok(session.maildrop.counted)


@command(b"NOOP", when=State.TRANSACTION)
async def noop(session: Session) -> None:
    """RFC 1939 section 5"""
    session.ok("Nothing done")


@command(b"RETR", when=State.TRANSACTION, parse=one_message)
async def retr(session: Session, number: int) -> None:
    """RFC 1939 section 5. Large messages go out in pieces, as fast as the client takes them."""
    size = session.maildrop.sizes[session.message(number) - 1]
    if size <= WHOLE:
        content = session.maildrop.content_at_hand(number) if size <= AT_HAND else None
        text = _stuffed(content) if content else await call(_read, session.maildrop, number)
        session.ok(f"{size} octets")
        session.channel.write(text)
    else:
        await _stream(session, number, size)
    session.seen(number)
    if session.channel.full:
        await drained()


def _read(maildrop: Maildrop, number: int) -> bytes:
    return _stuffed(maildrop.content(number))


def _stuffed(content: Content) -> bytes:
    with content:
        stuffer = Stuffer()
        return stuffer.add(content.read(0, content.size)) + stuffer.end()


async def _stream(session: Session, number: int, size: int) -> None:
    with await call(session.maildrop.content, number) as content:
        stuffer = Stuffer()
        session.ok(f"{size} octets")
        for start in range(0, content.size, PIECE):
            session.channel.write(stuffer.add(await call(content.read, start, PIECE)))
            await drained()
        session.channel.write(stuffer.end())


def parse_top(text: bytes) -> tuple[int, int]:
    """SP msg SP n"""
    number, space, lines = text.partition(b" ")
    if not space:
        raise Err("Expected a message number and a number of lines")
    return message_number(number), message_number(lines)


@command(b"TOP", when=State.TRANSACTION, parse=parse_top, capability=b"TOP")
async def top_(session: Session, number: int, lines: int) -> None:
    """RFC 1939 section 7. Header and lines may be as large as the message: they go out in pieces, too."""
    head, stuffer = Top(lines), Stuffer()
    with await call(session.maildrop.content, session.message(number)) as content:
        piece = await call(content.read, 0, PIECE)
        session.ok("Top of message follows")
        session.channel.write(stuffer.add(head.take(piece)))
        for start in range(PIECE, content.size, PIECE):
            if head.complete:
                break
            await drained()
            session.channel.write(stuffer.add(head.take(await call(content.read, start, PIECE))))
        session.channel.write(stuffer.end())
    if session.channel.full:
        await drained()
