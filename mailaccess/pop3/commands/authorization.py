"""Becoming somebody: USER and PASS, APOP, AUTH; and STLS and UTF8, which come before it."""

from mailaccess.auth import sasl
from mailaccess.auth.authenticator import Unsupported
from mailaccess.auth.sasl import Malformed
from mailaccess.pop3.registry import Err, State, command
from mailaccess.pop3.session import Session
from mailaccess.wire.reader import LineTooLong
from mailaccess.wire.traps import start_tls


def parse_name(text: bytes) -> tuple[bytes]:
    """SP name"""
    if not text:
        raise Err("Expected a user name")
    return (text,)


@command(b"USER", when=State.AUTHORIZATION, parse=parse_name)
async def user(session: Session, name: bytes) -> None:
    """RFC 1939 section 7. Says nothing about whether there is such a user."""
    session.require_privacy()
    session.user = name
    session.ok("Send PASS")


def parse_password(text: bytes) -> tuple[bytes]:
    """SP string: "a server may treat spaces in the argument as part of the password"."""
    return (text,)


@command(b"PASS", when=State.AUTHORIZATION, parse=parse_password)
async def pass_(session: Session, password: bytes) -> None:
    """RFC 1939 section 7"""
    name, session.user = session.user, None
    if name is None:
        raise Err("USER comes first")
    session.require_privacy()
    try:
        credentials = sasl.login(name, password)
    except Malformed as malformed:
        raise Err(str(malformed), "AUTH") from None
    await session.log_in(credentials)


def parse_apop(text: bytes) -> tuple[bytes, bytes]:
    """SP name SP digest"""
    name, _, digest = text.rpartition(b" ")
    if not name:
        raise Err("Expected a user name and a digest")
    return name, digest


@command(b"APOP", when=State.AUTHORIZATION, parse=parse_apop)
async def apop(session: Session, name: bytes, digest: bytes) -> None:
    """RFC 1939 section 7. For accounts whose secret is stored in plain."""
    if not session.challenge:
        raise Err("APOP is not offered here")
    try:
        credentials = sasl.apop(name, session.challenge, digest)
    except Malformed as malformed:
        raise Err(str(malformed), "AUTH") from None
    await session.log_in(credentials)


def parse_auth(text: bytes) -> tuple[str, bytes | None]:
    """[SP mechanism [SP initial-response]]"""
    mechanism, space, initial = text.partition(b" ")
    return mechanism.decode("ascii", "replace"), initial if space else None


@command(b"AUTH", when=State.AUTHORIZATION, parse=parse_auth, rfc=5034)
async def auth(session: Session, mechanism: str, initial: bytes | None) -> None:
    """RFC 5034. Without an argument it lists the mechanisms, as Outlook and others ask (RFC 1734's draft)."""
    peer, authenticator = session.channel.peer, session.settings.authenticator
    if not mechanism:
        names = authenticator.mechanisms(tls=peer.tls, loopback=peer.loopback)
        session.lines("Mechanisms follow", [name.encode() for name in names])
        return
    if initial is not None and not sasl.takes_initial_response(mechanism):
        raise Err("This mechanism takes no initial response")

    async def ask(challenge: bytes) -> bytes:
        session.channel.write(b"+ %s\r\n" % challenge)
        return await session.channel.reader.line(sasl.MAX_RESPONSE)

    try:
        exchange = authenticator.exchange(mechanism, tls=peer.tls, loopback=peer.loopback)
        credentials = await sasl.converse(exchange, initial, ask)
    except (Unsupported, Malformed) as refused:
        raise Err(str(refused)) from None
    except LineTooLong:
        raise Err(f"A response may have {sasl.MAX_RESPONSE} octets") from None
    await session.log_in(credentials)


@command(b"STLS", when=State.AUTHORIZATION, rfc=2595)
async def stls(session: Session) -> None:
    """RFC 2595 section 4. What was said before TLS is forgotten."""
    peer = session.channel.peer
    if peer.tls:
        raise Err("The connection is protected by TLS already")
    if not peer.tls_available:
        raise Err("There is no TLS on this server")
    session.user, session.utf8 = None, False
    session.ok("Begin TLS negotiation now")
    session.afterwards = start_tls


@command(b"UTF8", when=State.AUTHORIZATION, capability=b"UTF8 USER", rfc=6856)
async def utf8(session: Session) -> None:
    """RFC 6856 section 2. From here on responses may hold UTF-8. Messages are sent as they are in either mode.

    Before this command the RFC wants a message with UTF-8 in its header refused or rewritten. Such headers are in
    everyday mail, and clients have always been sent them; a rewritten one has another size than LIST and IMAP say, and
    no valid signature; a refused one is mail that somebody does not get.
    """
    session.utf8 = True
    session.ok("UTF-8 mode")
