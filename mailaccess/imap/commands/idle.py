"""IDLE: the client waits for news (RFC 2177)."""

from mailaccess.imap import framing, telling
from mailaccess.imap.errors import Bad
from mailaccess.imap.registry import ANY, AUTHENTICATED, command
from mailaccess.imap.session import Session
from mailaccess.wire.reader import LineTooLong


@command(b"IDLE", when=AUTHENTICATED, capability=b"IDLE", announce=ANY, rfc=2177)  # ANY: see ENABLE
async def idle(session: Session) -> None:
    """RFC 2177. A line every while keeps NAT tables and the client's own time-out from ending a quiet connection."""
    channel = session.channel
    session.write(b"+ idling\r\n")
    while True:
        line = channel.reader.take_line()
        if line is not None:
            break
        if channel.reader.buffered > session.max_line:
            line = await _long_line(session)
            break
        channel.woken = False
        await telling.update(session, expunges=True)
        if not await session.attend(session.settings.keepalive):
            session.untagged(b"OK Still here")
    if line.upper() != b"DONE":
        await framing.refuse_rest(channel, line, session.max_line)
        raise Bad("Expected DONE")


async def _long_line(session: Session) -> bytes:
    """The line that is on its way, or the end of it if it is too long to be kept."""
    try:
        return await session.channel.reader.line(session.max_line)
    except LineTooLong as too_long:
        return too_long.end
