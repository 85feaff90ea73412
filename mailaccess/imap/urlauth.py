"""URLs that carry their own authorization (RFC 4467): what proves one, whom it serves, and what it opens.

A token is an HMAC of the URL before it, under a key that its owner has for the mailbox; the key never leaves the
server. It opens what the owner may read, to whomever the URL's access identifier admits.
"""

import hashlib
import hmac
from collections.abc import Mapping, Set
from time import time

from mailaccess.auth.backend import Identity
from mailaccess.imap.errors import Bad, No
from mailaccess.imap.session import Session
from mailaccess.imap.url import Authorization, ImapUrl, parse
from mailaccess.imap.url_data import NO_DATA, UrlData, open_url
from mailaccess.storage.access_keys import access_key, known_key
from mailaccess.wire.traps import call

MECHANISM = b"INTERNAL"
URLMECH = b"OK [URLMECH INTERNAL] Mechanisms of authorized URLs"

_ALGORITHM = b"01"  # "the server SHOULD incorporate some means of identifying the token generation algorithm" (2.4.1)
_ANONYMOUS = "anonymous"


def token(key: bytes, rump: bytes) -> bytes:
    """What authorizes the URL that begins with `rump`: hexadecimal digits."""
    return _ALGORITHM + hmac.new(key, rump, hashlib.sha256).hexdigest().encode()


def proves(key: bytes, authorization: Authorization) -> bool:
    """Its token is the one made with this key. Takes as long for a wrong one."""
    return authorization.mechanism == MECHANISM and hmac.compare_digest(
        token(key, authorization.rump), authorization.token.lower()
    )


def admits(authorization: Authorization, user: str, applications: Mapping[str, Set[str]]) -> bool:
    """Whether the session of `user` is one that the access identifier means (RFC 5092 6.1.2, RFC 5593 3.3).

    `applications`: who acts for which application. On whose behalf is theirs to validate: "the IMAP server SHALL NOT".
    """
    match authorization.application:
        case "anonymous":
            return True
        case "authuser":
            return user.lower() != _ANONYMOUS
        case "user":
            return user == authorization.user
        case application:
            return user in applications.get(application, ())


async def authorize(session: Session, text: bytes, mechanism: bytes) -> bytes:
    """GENURLAUTH: the URL with its token. "If any of the above checks fail, the server MUST return a tagged BAD"."""
    if mechanism.upper() != MECHANISM:
        raise No("INTERNAL is the only mechanism here", b"CANNOT")
    try:
        url = parse(text)
        rump = url.authorization
        if rump is None or rump.token or url.server is None or url.server.user is None:
            raise Bad("Expected imap://user@host/mailbox/;UID=n;URLAUTH=access")
        if await _named(session, url.server.user) != session.identity:
            raise Bad("A URL can be authorized by the user whom it names only")
        mailbox = await call(session.account.mailbox, url.mailbox or "")
        (await open_url(mailbox, url)).content.close()
    except NO_DATA as error:
        raise Bad(f"That URL cannot be authorized: {error}") from None
    key = await call(access_key, session.account.root, mailbox.guid)
    return b"%s:%s:%s" % (text, MECHANISM.lower(), token(key, text))


async def follow(session: Session, text: bytes, *, with_facts: bool = False) -> tuple[ImapUrl, UrlData] | None:
    """URLFETCH: what a URL opens to this session, whoever's it is; None "if the URL is invalid for any reason"."""
    try:
        url = parse(text)
        authorization = url.authorization
        if authorization is None or not authorization.token or url.server is None or url.server.user is None:
            return None
        if authorization.expires is not None and authorization.expires < time():
            return None
        if not await _admitted(session, authorization):
            return None
        owner = await _named(session, url.server.user)
        if owner is None:
            return None
        # "The URLFETCH command effectively executes with the access of the userid in the server component of the URL"
        access = await call(session.settings.accounts.access, owner.user, owner.home)
        name = url.mailbox or ""
        # The mailbox is opened, which may take a while, for those only who have proved that they may ask.
        key = await call(known_key, access.root, await call(access.guid, name))
        if key is None or not proves(key, authorization):
            return None
        return url, await open_url(await call(access.mailbox, name), url, with_facts=with_facts)
    except NO_DATA:
        return None


async def _admitted(session: Session, authorization: Authorization) -> bool:
    assert session.identity is not None
    user = session.identity.user
    if admits(authorization, user, session.settings.url_applications):
        return True
    if authorization.application != "user" or authorization.user is None:
        return False
    return await _named(session, authorization.user) == session.identity  # a name may be written in several ways


async def _named(session: Session, user: str) -> Identity | None:
    """Who is called so; None if nobody is."""
    if session.identity is not None and user == session.identity.user:
        return session.identity
    try:
        found = await call(session.settings.authenticator.backend.lookup, user)
    except OSError:
        raise No("Users cannot be looked up right now", b"UNAVAILABLE") from None
    same = found is not None and session.identity is not None and found.user == session.identity.user
    return session.identity if same else found
