"""What CAPA says (RFC 2449): the table's capabilities, and those whose arguments depend on operator and connection."""

from importlib.metadata import version

from mailaccess.pop3.registry import COMMANDS, State
from mailaccess.pop3.session import Session

IMPLEMENTATION = f"mailaccess-{version('mailaccess')}".encode()


def capabilities(session: Session) -> list[bytes]:
    """The lines of CAPA."""
    settings, peer = session.settings, session.channel.peer
    authenticator = settings.authenticator
    lines = [b"PIPELINING", b"RESP-CODES", b"AUTH-RESP-CODE"]
    lines += dict.fromkeys(line for command in COMMANDS for line in command.capability)
    if authenticator.plaintext_allowed(tls=peer.tls, loopback=peer.loopback):
        lines.append(b"USER")
    mechanisms = authenticator.mechanisms(tls=peer.tls, loopback=peer.loopback)
    if mechanisms:
        lines.append(b"SASL " + " ".join(mechanisms).encode())
    if peer.tls_available and not peer.tls and session.state is State.AUTHORIZATION:
        lines.append(b"STLS")
    if settings.login_delay:
        lines.append(b"LOGIN-DELAY %d" % settings.login_delay)
    lines.append(b"EXPIRE NEVER" if settings.expire is None else b"EXPIRE %d" % settings.expire)
    lines.append(b"IMPLEMENTATION " + IMPLEMENTATION)
    return lines
