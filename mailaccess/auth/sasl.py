"""SASL mechanisms (RFC 4422) as pure generators: they yield challenges, are sent responses, return credentials.

An exchange is begun by `Authenticator.exchange`; `converse` runs it.
"""

import binascii
import re
import secrets
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from typing import Literal

MAX_RESPONSE = 12288
"""Octets of a line with a response (RFC 5034 section 4 has this figure; RFC 4422 leaves it to the protocol)."""

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


class Malformed(Exception):  # noqa: N818 - what the client sent, named as such
    """A response that its mechanism does not allow. The text is for the client's user."""


class Unsupported(Exception):  # noqa: N818
    """This mechanism is unknown, or may not be used on this connection. The text is for the client's user."""


@dataclass(frozen=True, slots=True)
class Password:
    """A name and its password in plain. A password that is not UTF-8 keeps its octets as surrogate escapes."""

    user: str
    password: str = field(repr=False)
    authzid: str = ""  # whom to act as; empty: the user


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest of a challenge of ours and the user's secret, in hexadecimal."""

    user: str
    challenge: bytes
    digest: bytes
    kind: Literal["cram-md5", "apop"]


Credentials = Password | Digest
Exchange = Generator[bytes, bytes, Credentials]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism: how to begin it, given the server's host name, and when it may be used."""

    start: Callable[[str], Exchange]
    plaintext: bool  # it reveals the password to whoever listens
    initial_response: bool  # the client may speak first (RFC 4422 section 5: else it is an error)


def challenge(hostname: str) -> bytes:
    """A msg-id that was never sent before, for CRAM-MD5 (RFC 2195 section 2) and APOP (RFC 1939 section 7)."""
    return f"<{secrets.token_hex(16)}.{time.time_ns()}@{hostname}>".encode("ascii", "replace")


def decode_base64(raw: bytes) -> bytes:
    """Decodes a response. Malformed on anything outside the alphabet, padding but at the end (RFC 5034 section 4)."""
    if not _BASE64.fullmatch(raw):
        raise Malformed("That is not valid base64.")
    return binascii.a2b_base64(raw)


def login(user: bytes, password: bytes, authzid: bytes = b"") -> Password:
    """Credentials from a name and a password as the client sent them (LOGIN, USER and PASS). Malformed."""
    return Password(_text(user), password.decode("utf-8", "surrogateescape"), _text(authzid))


def apop(user: bytes, challenge: bytes, digest: bytes) -> Digest:
    """Credentials of the APOP command; `challenge` is the greeting's, with its angle brackets. Malformed."""
    return Digest(_text(user), challenge, _hex_digest(digest), "apop")


def plain() -> Exchange:
    """PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd`."""
    pieces = (yield b"").split(b"\0")
    if len(pieces) != 3:
        raise Malformed("PLAIN needs an authorization identity, a user name and a password, separated by NUL.")
    authzid, user, password = pieces
    return login(user, password, authzid)


def login_mechanism() -> Exchange:
    """LOGIN, which has no standard; clients wait for exactly these two challenges."""
    user = yield b"Username:"
    password = yield b"Password:"
    return login(user, password)


def cram_md5(challenge: bytes) -> Exchange:
    """CRAM-MD5 (RFC 2195): `user SP digest`. A user name may contain spaces."""
    user, space, digest = (yield challenge).rpartition(b" ")
    if not space:
        raise Malformed("CRAM-MD5 needs a user name, a space and a digest.")
    return Digest(_text(user), challenge, _hex_digest(digest), "cram-md5")


MECHANISMS: dict[str, Mechanism] = {
    "PLAIN": Mechanism(lambda _: plain(), plaintext=True, initial_response=True),
    "LOGIN": Mechanism(lambda _: login_mechanism(), plaintext=True, initial_response=True),
    "CRAM-MD5": Mechanism(lambda hostname: cram_md5(challenge(hostname)), plaintext=False, initial_response=False),
}
"""In the order in which they are offered."""


async def converse(exchange: Exchange, initial: bytes | None, ask: Callable[[bytes], Awaitable[bytes]]) -> Credentials:
    """Runs an exchange to its end, over lines of base64 as IMAP and POP3 have them. Malformed.

    `initial`: what the client sent along with the mechanism's name, if anything; "=" is an empty response (RFC 4959
    section 3, RFC 5034 section 4). `ask` sends a challenge and returns the line that answers it; "*" cancels.
    """
    # An initial response takes the place of the answer to the first challenge, which is not sent.
    response = None if initial is None else decode_base64(b"" if initial == b"=" else initial)
    try:
        challenge = next(exchange)
        while True:
            if response is None:
                line = await ask(b64encode(challenge))
                if line == b"*":
                    raise Malformed("Authentication was cancelled")
                response = decode_base64(line)
            challenge, response = exchange.send(response), None
    except StopIteration as end:
        credentials: Credentials = end.value
        return credentials


def takes_initial_response(mechanism: str) -> bool:
    """May the client speak first in this mechanism? (RFC 4959 section 3: an initial response is an error otherwise.)"""
    known = MECHANISMS.get(mechanism.upper())
    return known is not None and known.initial_response


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed("A user name must be UTF-8.") from error


def _hex_digest(raw: bytes) -> bytes:
    if not re.fullmatch(rb"[0-9a-fA-F]{32}", raw):
        raise Malformed("A digest has 32 hexadecimal digits.")
    return raw.lower()
