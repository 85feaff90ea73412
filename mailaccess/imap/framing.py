"""From bytes to whole commands: lines, literals and the continuations they ask for (RFC 3501 4.3, RFC 7888).

Framing goes before parsing, so that the octets of a literal are never taken for a command, however malformed the rest.
"""

from dataclasses import dataclass

from mailaccess.imap.errors import Bad, Bye, No
from mailaccess.imap.grammar import LITERAL_AT_END, MAX_NUMBER
from mailaccess.wire.channel import Channel
from mailaccess.wire.reader import LineTooLong

CONTINUE = b"+ Ready for literal data\r\n"
_TAG_CHARS = frozenset(range(33, 127)) - frozenset(b'(){%*"\\+')


@dataclass(frozen=True, slots=True)
class Literal:
    """The announcement `{size}`, `{size+}` or `~{size}` that ended a line."""

    size: int
    synchronizing: bool
    binary: bool


def split_literal(line: bytes) -> tuple[bytes, Literal | None]:
    """A line without its literal announcement, and the announcement."""
    if not line.endswith(b"}"):
        return line, None
    match = LITERAL_AT_END.search(line)
    if match is None:
        return line, None
    return line[: match.start()], Literal(int(match[2]), not match[3], bool(match[1]))


def accept(channel: Channel, literal: Literal) -> None:
    """Invites the literal, if its sender waits for that."""
    if literal.synchronizing:
        channel.write(CONTINUE)


async def refuse_rest(channel: Channel, line: bytes, limit: int) -> None:
    """Drops what of a refused command is on its way: non-synchronizing literals and the text behind them.

    A synchronizing literal is not invited, so its sender drops the command itself. One that is larger than a number can
    be is not waited for: Bye (RFC 7888 section 4).
    """
    literal = split_literal(line)[1]
    while literal is not None and not literal.synchronizing:
        if literal.size > MAX_NUMBER:
            raise Bye("A literal cannot be that large")
        await channel.reader.drop(literal.size)
        try:
            line = await channel.reader.line(limit)
        except LineTooLong as too_long:
            line = too_long.end
        literal = split_literal(line)[1]


async def rest_of_command(channel: Channel, line: bytes, limit: int) -> bytes:
    """The whole command that `line` starts, its literals in place. Larger than `limit`: NO [TOOBIG]."""
    literal = split_literal(line)[1]
    if literal is None:
        return line
    pieces = [line]
    total = len(line)
    while literal is not None:
        total += literal.size
        if total > limit:
            await refuse_rest(channel, line, limit)
            raise No(f"A command may have {limit} octets here", b"TOOBIG")
        accept(channel, literal)
        pieces += [b"\r\n", await channel.reader.exactly(literal.size)]
        line = await channel.reader.line(limit)
        pieces.append(line)
        total += len(line)
        literal = split_literal(line)[1]
    return b"".join(pieces)


def tag_in(start: bytes) -> bytes:
    """The tag of a line of which only the start is left; `*` if there is none."""
    try:
        return split_tag(start)[0] if b" " in start else b"*"
    except Bad:
        return b"*"


def split_tag(line: bytes) -> tuple[bytes, bytes]:
    """tag and the rest. tag = 1*<any ASTRING-CHAR except "+">"""
    tag, _, rest = line.partition(b" ")
    if not tag or not _TAG_CHARS.issuperset(tag):
        raise Bad("Expected a tag, a space and a command")
    return tag, rest
