"""STARTTLS, LOGIN, AUTHENTICATE, ENABLE: becoming somebody, and saying what one understands."""

from mailaccess.auth import sasl
from mailaccess.auth.authenticator import Failed, NotAuthorized, TooManySessions, Unavailable, Unsupported
from mailaccess.auth.sasl import Credentials, Malformed
from mailaccess.imap.errors import Bad, Bye, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import (
    ANY,
    AUTHENTICATED,
    ENABLED_AS,
    ENABLES,
    NOT_AUTHENTICATED,
    WHEN_ENABLED,
    command,
    feature,
)
from mailaccess.imap.session import Session
from mailaccess.wire.reader import LineTooLong
from mailaccess.wire.traps import delay, end_compression, start_tls, verify

MAX_FAILURES = 10
"""Failed logins on one connection."""

MAX_ENABLED = 100

feature(b"SASL-IR", rfc=4959, announce=NOT_AUTHENTICATED)


@command(b"STARTTLS", when=NOT_AUTHENTICATED)
async def starttls(session: Session) -> bytes:
    """RFC 3501 6.2.1. The change of the wire comes behind the tagged OK."""
    peer = session.channel.peer
    if peer.tls:
        raise Bad("The connection is protected by TLS already")
    if not peer.tls_available:
        raise Bad("There is no TLS on this server")
    session.afterwards = start_tls
    return b"Begin TLS negotiation now"


def parse_login(cursor: Cursor) -> tuple[bytes, bytes]:
    """login = "LOGIN" SP userid SP password"""
    user = cursor.astring("a user name")
    cursor.sp()
    password = cursor.astring("a password")
    cursor.end()
    return user, password


@command(b"LOGIN", when=NOT_AUTHENTICATED, parse=parse_login)
async def login(session: Session, user: bytes, password: bytes) -> bytes:
    """RFC 3501 6.2.3"""
    _require_privacy(session)
    try:
        credentials = sasl.login(user, password)
    except Malformed as malformed:
        raise No(str(malformed), b"AUTHENTICATIONFAILED") from None
    return await _log_in(session, credentials)


def parse_authenticate(cursor: Cursor) -> tuple[bytes, bytes | None]:
    """authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]   (RFC 4959)"""
    mechanism = cursor.word("a SASL mechanism")
    initial = None
    if not cursor.at_end():
        cursor.sp()
        # Where GNU SASL has nothing to say at once, mutt leaves it at the space.
        initial, cursor.pos = cursor.data[cursor.pos :] or None, len(cursor.data)
    return mechanism, initial


@command(b"AUTHENTICATE", when=NOT_AUTHENTICATED, parse=parse_authenticate)
async def authenticate(session: Session, mechanism: bytes, initial: bytes | None) -> bytes:
    """RFC 3501 6.2.2, RFC 4959"""
    peer, name = session.channel.peer, mechanism.decode("ascii", "replace")

    async def ask(challenge: bytes) -> bytes:
        session.write(b"+ %s\r\n" % challenge)
        return await session.channel.reader.line(sasl.MAX_RESPONSE)

    try:
        exchange = session.settings.authenticator.exchange(name, tls=peer.tls, loopback=peer.loopback)
        if initial is not None and not sasl.takes_initial_response(name):
            raise Bad("This mechanism takes no initial response")
        credentials = await sasl.converse(exchange, initial, ask)
    except Unsupported as refused:
        raise No(str(refused), b"PRIVACYREQUIRED" if mechanism in {b"PLAIN", b"LOGIN"} else b"") from None
    except Malformed as malformed:
        raise Bad(str(malformed)) from None
    except LineTooLong:
        raise Bad(f"A response may have {sasl.MAX_RESPONSE} octets") from None
    return await _log_in(session, credentials)


def _require_privacy(session: Session) -> None:
    peer = session.channel.peer
    if not session.settings.authenticator.plaintext_allowed(tls=peer.tls, loopback=peer.loopback):
        raise No("A password may be sent here over TLS only; use STARTTLS or port 993", b"PRIVACYREQUIRED")


async def _log_in(session: Session, credentials: Credentials) -> bytes:
    authenticator, address = session.settings.authenticator, session.channel.peer.address
    try:
        found = await verify(authenticator.verify_unless_penalized, credentials, address, "imap")
        if isinstance(found, float):
            await delay(found)
            found = await verify(authenticator.verify, credentials, address, "imap")
        await session.log_in(found)
    except NotAuthorized as refused:
        raise No(str(refused), b"AUTHORIZATIONFAILED") from None
    except Failed as failed:
        await delay(failed.delay)
        session.failed_logins += 1
        if session.failed_logins >= MAX_FAILURES:
            raise Bye("Too many failed logins") from None
        raise No("User name or password is wrong", b"AUTHENTICATIONFAILED") from None
    except Unavailable as unavailable:
        raise No(str(unavailable), b"UNAVAILABLE") from None
    except TooManySessions as refused:
        raise No(str(refused), b"LIMIT") from None
    return b"[CAPABILITY %s] Logged in" % session.capabilities()


@command(b"UNAUTHENTICATE", when=AUTHENTICATED, capability=b"UNAUTHENTICATE", rfc=8437)
async def unauthenticate(session: Session) -> None:
    """RFC 8437. "If IMAP COMPRESS is active, the server terminates its outgoing compression layer after it sends the
    CRLF following the OK response" (4.1)."""
    session.log_out()
    session.compressed = False
    session.afterwards = end_compression


def parse_enable(cursor: Cursor) -> tuple[list[bytes]]:
    """enable = "ENABLE" 1*(SP capability)"""
    return ([cursor.word("a capability") for _ in cursor.words(MAX_ENABLED, "capabilities")],)


# Announced before login too, as is IDLE, though neither can be used there. Python's imaplib (3.11 to 3.14) asks for the
# capabilities when it connects and after STARTTLS, and never again: not after login, nor does it look at what the OK of
# LOGIN says. Its enable() and idle() refuse to send what was not on that list, so nobody could use them. Its other
# methods do not look, so every other capability appears only where it can be used.
@command(b"ENABLE", when=AUTHENTICATED, parse=parse_enable, capability=b"ENABLE", announce=ANY, rfc=5161)
async def enable(session: Session, names: list[bytes]) -> None:
    """RFC 5161. Unknown names are passed over; ENABLED lists what this command turned on."""
    unknown = session.enabled | session.without
    turned_on = [name for name in dict.fromkeys(names) if name in ENABLES and name not in unknown]
    for name in turned_on:
        for part in ENABLES[name]:
            session.enable(part)
        if name in WHEN_ENABLED:
            await WHEN_ENABLED[name](session)
    session.untagged(b" ".join([b"ENABLED", *map(ENABLED_AS.__getitem__, turned_on)]))
