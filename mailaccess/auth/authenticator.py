"""The one authentication layer, as the protocols see it.

A session logs in like this; all but the last block, and are done in threads (`wire.traps`):

    await delay(await call(authenticator.penalty, credentials, address))         nearly always 0.0
    identity = await verify(authenticator.verify, credentials, address, "imap")  Failed: its delay, then refuse
    slot = await call(authenticator.enter, identity, address)                    TooManySessions
    ...
    slot.leave()                                                                 never blocks; any thread
"""

import hashlib
import hmac
import logging
import os
import secrets
import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Literal

from mailaccess.auth.backend import Backend, Identity
from mailaccess.auth.ledger import Ledger, Slot, TooManySessions
from mailaccess.auth.sasl import MECHANISMS, Credentials, Digest, Exchange, Password, Unsupported

__all__ = [
    "Authenticator",
    "Failed",
    "NotAuthorized",
    "Plaintext",
    "Slot",
    "TooManySessions",
    "Unavailable",
    "Unsupported",
]

log = logging.getLogger(__name__)

Plaintext = Literal["never", "loopback", "always"]

CACHE_ENTRIES = 10_000
LOGGED_NAME = 255
"""Characters of a user name in the log: one that exists has no more, and what else is sent may be long."""


class Failed(Exception):  # noqa: N818 - what happened, not an error
    """Wrong name or password, never which. The answer must not leave before `delay` seconds have passed."""

    def __init__(self, delay: float, text: str = "Wrong user name or password.") -> None:
        super().__init__(text)
        self.delay = delay


class NotAuthorized(Failed):
    """The password is right, but this user may not act as another one (RFC 5530 AUTHORIZATIONFAILED)."""


class Unavailable(Exception):  # noqa: N818
    """No answer now: too many checks are waiting, or the backend cannot be asked. The text is for the user."""


class Authenticator:
    """Checks credentials against one backend, and counts sessions and failures in a ledger. Thread-safe."""

    def __init__(
        self,
        backend: Backend,
        ledger: Ledger,
        plaintext: Plaintext = "loopback",
        *,
        hostname: str = "localhost",
        max_parallel: int | None = None,
        max_waiting: int = 200,
        cache_seconds: float = 60.0,
        sessions_per_user: int = 50,
        sessions_per_address: int = 200,
    ) -> None:
        """`plaintext`: where passwords may travel without TLS. `max_parallel` checks run at a time (default: one for
        each core), at most `max_waiting` wait for their turn. A check is believed again for `cache_seconds`."""
        self.backend = backend
        self._ledger = ledger
        self._plaintext = plaintext
        self._hostname = hostname
        self._turns = threading.BoundedSemaphore(max_parallel or os.cpu_count() or 1)
        self._places = threading.BoundedSemaphore(max_waiting + (max_parallel or os.cpu_count() or 1))
        self._cache = _Cache(cache_seconds)
        self._sessions_per_user = sessions_per_user
        self._sessions_per_address = sessions_per_address

    def plaintext_allowed(self, *, tls: bool, loopback: bool) -> bool:
        """May a password travel as it is on such a connection?"""
        return tls or self._plaintext == "always" or (loopback and self._plaintext == "loopback")

    def mechanisms(self, *, tls: bool, loopback: bool) -> tuple[str, ...]:
        """Names of the SASL mechanisms that may be used now on such a connection. Does not block."""
        plaintext = self.plaintext_allowed(tls=tls, loopback=loopback)
        return tuple(
            name for name, known in MECHANISMS.items() if (plaintext if known.plaintext else self.digest_logins)
        )

    @property
    def digest_logins(self) -> bool:
        """Can anybody log in with APOP or CRAM-MD5? Does not block."""
        return self.backend.has_secrets

    def exchange(self, mechanism: str, *, tls: bool, loopback: bool) -> Exchange:
        """Begins a SASL exchange; Unsupported. Does not block."""
        name = mechanism.upper()
        if name in self.mechanisms(tls=tls, loopback=loopback):
            return MECHANISMS[name].start(self._hostname)
        if name in MECHANISMS and MECHANISMS[name].plaintext:
            raise Unsupported("Passwords are only accepted over TLS.")
        raise Unsupported("This authentication mechanism is not supported.")

    def penalty(self, credentials: Credentials, address: str) -> float:
        """Takes a turn: seconds to wait before `verify`, because of earlier failures. Unavailable if that were long."""
        wait = self._ledger.turn(credentials.user, address)
        if wait is None:
            raise Unavailable("Too many failed logins; try again later.")
        return wait

    def verify_unless_penalized(self, credentials: Credentials, address: str, protocol: str = "") -> Identity | float:
        """Both in one: `verify`, or what `penalty` says where that is something. Raises what they raise."""
        return self.penalty(credentials, address) or self.verify(credentials, address, protocol)

    def verify(self, credentials: Credentials, address: str, protocol: str = "") -> Identity:
        """Who has logged in. Failed, NotAuthorized, Unavailable. `protocol` is for the log."""
        began = time.monotonic()
        try:
            identity = self._password(credentials) if isinstance(credentials, Password) else self._digest(credentials)
        except OSError as error:
            log.exception("authentication backend failed")
            raise Unavailable("Logins are not possible right now.") from error
        if identity is None:
            # Counted from the beginning of the check, so that its duration tells nothing about the account.
            delay = self._ledger.failed(credentials.user, address) - (time.monotonic() - began)
            _log_failure(credentials, address, protocol, "wrong user name or password")
            raise Failed(max(0.0, delay))
        if isinstance(credentials, Password) and credentials.authzid:
            try:
                self._authorize(identity, credentials.authzid)
            except NotAuthorized:
                _log_failure(credentials, address, protocol, "may not act as another user")
                raise
        self._ledger.succeeded(credentials.user, address)
        return identity

    def enter(self, identity: Identity, address: str) -> Slot:
        """Counts a session until its slot is left, or dropped; TooManySessions."""
        return self._ledger.enter(
            identity.user, address, per_user=self._sessions_per_user, per_address=self._sessions_per_address
        )

    def _password(self, credentials: Password) -> Identity | None:
        version = self.backend.version()
        cached = self._cache.get(credentials, version)
        if cached is not None:
            return cached
        with self._turn():
            identity = self.backend.verify(credentials.user, credentials.password)
        if identity is not None:
            self._cache.put(credentials, version, identity)
        return identity

    def _digest(self, credentials: Digest) -> Identity | None:
        secret = self.backend.secret(credentials.user)
        key = (secret or secrets.token_hex(8)).encode("utf-8", "surrogateescape")
        if credentials.kind == "cram-md5":
            expected = hmac.new(key, credentials.challenge, hashlib.md5).hexdigest()
        else:
            expected = hashlib.md5(credentials.challenge + key, usedforsecurity=False).hexdigest()
        equal = hmac.compare_digest(expected.encode(), credentials.digest)
        return self.backend.lookup(credentials.user) if equal and secret else None

    def _authorize(self, identity: Identity, authzid: str) -> None:
        other = self.backend.lookup(authzid)
        if other is None or other.user != identity.user:
            raise NotAuthorized(0.0, "You may not act as this user.")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Unavailable("Too many logins at once; try again in a moment.")
        try:
            with self._turns:
                yield
        finally:
            self._places.release()


def _log_failure(credentials: Credentials, address: str, protocol: str, reason: str) -> None:
    """One line each, by which an operator sees who tries, and what bans addresses finds them."""
    user = credentials.user[:LOGGED_NAME]
    log.info("login failed", extra={"user": user, "address": address, "protocol": protocol, "reason": reason})


class _Cache:
    """Recent successful checks, under a key that is worth nothing outside this process."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._entries: dict[bytes, tuple[Identity, Hashable, float]] = {}

    def get(self, credentials: Password, version: Hashable) -> Identity | None:
        """Who that is, if it was checked lately and no account has changed since."""
        with self._lock:
            identity, then, until = self._entries.get(self._digest(credentials), (None, None, 0.0))
        return identity if then == version and time.monotonic() < until else None

    def put(self, credentials: Password, version: Hashable, identity: Identity) -> None:
        with self._lock:
            entry = (identity, version, time.monotonic() + self._seconds)
            self._entries[self._digest(credentials)] = entry
            if len(self._entries) > CACHE_ENTRIES:
                # Insertion order is age, near enough: the oldest half goes.
                for key in list(self._entries)[: CACHE_ENTRIES // 2]:
                    del self._entries[key]

    def _digest(self, credentials: Password) -> bytes:
        user, password = (text.encode("utf-8", "surrogateescape") for text in (credentials.user, credentials.password))
        return hmac.digest(self._key, b"%d:%b%b" % (len(user), user, password), "sha256")
