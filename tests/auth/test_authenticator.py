"""The authentication layer as the protocols use it."""

import base64
import hashlib
import hmac
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailaccess.auth import sasl
from mailaccess.auth.authenticator import (
    Authenticator,
    Failed,
    NotAuthorized,
    Plaintext,
    TooManySessions,
    Unavailable,
    Unsupported,
)
from mailaccess.auth.backend import Identity
from mailaccess.auth.ledger import Ledger
from mailaccess.auth.passwd_file import PasswdFile
from mailaccess.auth.sasl import Digest, Password

HOME = "192.0.2.7"
SHA = "{SHA256.HEX}" + hashlib.sha256(b"secret").hexdigest()


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    ledger = Ledger(None)
    yield ledger
    ledger.close()


@pytest.fixture
def users(tmp_path: Path) -> PasswdFile:
    path = tmp_path / "users"
    path.write_text(f"tim:{{PLAIN}}tanstaaftanstaaf\ntom:{SHA}\n")
    return PasswdFile(path)


@pytest.fixture
def authenticator(users: PasswdFile, ledger: Ledger) -> Authenticator:
    return Authenticator(users, ledger, hostname="mail.example.org")


class Counting:
    """A backend with one account that counts what it is asked, and may be held up."""

    has_secrets = False

    def __init__(self) -> None:
        self.asked = 0
        self.state = 0
        self.running = 0
        self.most = 0
        self.guard = threading.Lock()
        self.gate = threading.Event()
        self.gate.set()

    def verify(self, user: str, password: str) -> Identity | None:
        with self.guard:
            self.asked += 1
            self.running += 1
            self.most = max(self.most, self.running)
        self.gate.wait(30)
        with self.guard:
            self.running -= 1
        return Identity(user) if (user, password) == ("tim", "secret") else None

    def lookup(self, user: str) -> Identity | None:
        return Identity(user) if user == "tim" else None

    def secret(self, user: str) -> str | None:
        return None

    def version(self) -> int:
        return self.state

    def users(self) -> list[str]:
        return ["tim"]

    def reload(self) -> None:
        pass


class Broken(Counting):
    """Cannot be asked."""

    def verify(self, user: str, password: str) -> Identity | None:
        raise ConnectionRefusedError


# -- what is offered


@pytest.mark.parametrize(
    ("setting", "tls", "loopback", "allowed"),
    [
        ("never", False, False, False),
        ("never", False, True, False),
        ("never", True, False, True),
        ("loopback", False, False, False),
        ("loopback", False, True, True),
        ("loopback", True, False, True),
        ("always", False, False, True),
    ],
)
def test_where_passwords_may_travel(
    users: PasswdFile, ledger: Ledger, setting: Plaintext, tls: bool, loopback: bool, allowed: bool
) -> None:
    """Over TLS always; else as the operator says. Challenges are offered all the same."""
    authenticator = Authenticator(users, ledger, setting)

    assert authenticator.plaintext_allowed(tls=tls, loopback=loopback) is allowed
    expected = ("PLAIN", "LOGIN", "CRAM-MD5") if allowed else ("CRAM-MD5",)
    assert authenticator.mechanisms(tls=tls, loopback=loopback) == expected


def test_challenges_are_offered_if_anybody_can_answer_them(authenticator: Authenticator, users: PasswdFile) -> None:
    """The last plaintext secret takes them away."""
    assert authenticator.digest_logins
    users.remove("tim")
    users.reload()

    assert not authenticator.digest_logins
    assert authenticator.mechanisms(tls=True, loopback=False) == ("PLAIN", "LOGIN")
    with pytest.raises(Unsupported):
        authenticator.exchange("CRAM-MD5", tls=True, loopback=False)


def test_exchange_begins_a_mechanism_in_any_case(authenticator: Authenticator) -> None:
    """The challenge bears the server's name."""
    assert next(authenticator.exchange("plain", tls=True, loopback=False)) == b""
    assert next(authenticator.exchange("Cram-MD5", tls=False, loopback=False)).endswith(b"@mail.example.org>")


@pytest.mark.parametrize(
    ("name", "text"), [("PLAIN", "TLS"), ("login", "TLS"), ("GSSAPI", "not supported"), ("", "not")]
)
def test_exchange_refuses_what_may_not_be_used(authenticator: Authenticator, name: str, text: str) -> None:
    """And says why."""
    with pytest.raises(Unsupported, match=text):
        authenticator.exchange(name, tls=False, loopback=False)


# -- checking


def test_password_login(authenticator: Authenticator) -> None:
    """By whatever scheme."""
    assert authenticator.verify(Password("tim", "tanstaaftanstaaf"), HOME) == Identity("tim")
    assert authenticator.verify(Password("tom", "secret"), HOME) == Identity("tom")


@pytest.mark.parametrize(
    "credentials",
    [
        Password("tim", "wrong"),
        Password("tim", ""),
        Password("nobody", "tanstaaftanstaaf"),
        Password("", ""),
        Password("../tim", "x"),
        Password("a\0b", "x\0"),
        Password("x" * 5000, "x" * 5000),
        Digest("tim", b"<1@x>", b"0" * 32, "cram-md5"),
        Digest("tom", b"<1@x>", b"0" * 32, "apop"),
        Digest("nobody", b"<1@x>", b"0" * 32, "apop"),
    ],
)
def test_failures_do_not_say_what_was_wrong(authenticator: Authenticator, credentials: Password | Digest) -> None:
    """The same text and the same time to wait, whether the user exists or not."""
    with pytest.raises(Failed) as failed:
        authenticator.verify(credentials, HOME)

    assert type(failed.value) is Failed
    assert str(failed.value) == "Wrong user name or password."
    assert 0 <= failed.value.delay <= 0.5


def test_failures_are_logged(authenticator: Authenticator, caplog: pytest.LogCaptureFixture) -> None:
    """Who, from where, by what protocol; never the password, and nothing of a login that succeeds."""
    caplog.set_level(logging.DEBUG)
    for credentials in (
        Password("tim", "wronggg"),
        Password("x" * 5000, "wronggg"),
        Password("tim", "tanstaaftanstaaf", "tom"),
    ):
        with pytest.raises(Failed):
            authenticator.verify(credentials, HOME, "imap")
    authenticator.verify(Password("tim", "tanstaaftanstaaf"), HOME, "imap")

    told = [vars(record) for record in caplog.records if record.getMessage() == "login failed"]
    assert [(line["user"], line["address"], line["protocol"], line["levelname"]) for line in told] == [
        ("tim", HOME, "imap", "INFO"),
        ("x" * 255, HOME, "imap", "INFO"),
        ("tim", HOME, "imap", "INFO"),
    ]
    assert not any(secret in str(vars(record)) for record in caplog.records for secret in ("wronggg", "tanstaaf"))


def test_failures_slow_down_and_success_forgives(authenticator: Authenticator) -> None:
    """The caller waits, no thread does."""
    good, bad = Password("tim", "tanstaaftanstaaf"), Password("tim", "wrong")
    for _ in range(5):
        with pytest.raises(Failed) as failed:
            authenticator.verify(bad, HOME)

    assert 7 < failed.value.delay <= 8
    assert 7 < authenticator.penalty(good, HOME) <= 8
    assert authenticator.verify_unless_penalized(good, HOME) == pytest.approx(16, abs=1)
    authenticator.verify(good, HOME)
    assert authenticator.penalty(good, HOME) == 0
    assert authenticator.verify_unless_penalized(good, HOME) == authenticator.verify(good, HOME)


def test_too_many_guesses_at_once_are_not_tried(authenticator: Authenticator) -> None:
    """Nor kept waiting for minutes; that is no wrong password."""
    guess = Password("tim", "wrong")
    for _ in range(6):
        with pytest.raises(Failed):
            authenticator.verify(guess, HOME)

    assert 14 < authenticator.penalty(guess, HOME) <= 15
    assert 29 < authenticator.penalty(guess, HOME) <= 30
    with pytest.raises(Unavailable):
        authenticator.penalty(guess, HOME)


def test_cram_md5(authenticator: Authenticator) -> None:
    """RFC 2195 section 2."""
    exchange = sasl.cram_md5(base64.b64decode("PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"))
    next(exchange)
    with pytest.raises(StopIteration) as end:
        exchange.send(base64.b64decode("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"))

    assert authenticator.verify(end.value.value, HOME) == Identity("tim")


def test_apop(authenticator: Authenticator) -> None:
    """RFC 1939 section 7: the digest of challenge and secret."""
    digest = hashlib.md5(b"<1@x>tanstaaftanstaaf").hexdigest().encode()

    assert authenticator.verify(sasl.apop(b"tim", b"<1@x>", digest), HOME) == Identity("tim")
    with pytest.raises(Failed):
        authenticator.verify(sasl.apop(b"tim", b"<2@x>", digest), HOME)


def test_digest_of_a_hash_is_no_login(authenticator: Authenticator) -> None:
    """Who has only a hash fails as with any wrong password."""
    for key in (b"", SHA.encode(), b"secret"):
        digest = hmac.new(key, b"<1@x>", hashlib.md5).hexdigest().encode()
        with pytest.raises(Failed):
            authenticator.verify(Digest("tom", b"<1@x>", digest, "cram-md5"), HOME)


def test_authorization_identity_may_be_oneself(authenticator: Authenticator) -> None:
    """RFC 4616: nobody acts as somebody else here, and only a right password is told so."""
    assert authenticator.verify(Password("tim", "tanstaaftanstaaf", "tim"), HOME) == Identity("tim")
    for other in ("tom", "nobody", "../tim"):
        with pytest.raises(NotAuthorized):
            authenticator.verify(Password("tim", "tanstaaftanstaaf", other), HOME)
    with pytest.raises(Failed) as failed:
        authenticator.verify(Password("tim", "wrong", "tom"), HOME)
    assert type(failed.value) is Failed


def test_backend_that_cannot_be_asked(ledger: Ledger, users: PasswdFile) -> None:
    """Is no wrong password, so clients do not ask for a new one."""
    with pytest.raises(Unavailable):
        Authenticator(Broken(), ledger).verify(Password("tim", "secret"), HOME)
    users.path.unlink()
    for credentials in (Password("tim", "x"), Digest("tim", b"<1@x>", b"0" * 32, "apop")):
        with pytest.raises(Unavailable):
            Authenticator(users, ledger).verify(credentials, HOME)


# -- the cache


def test_right_password_is_checked_once(ledger: Ledger) -> None:
    """A client that opens five connections costs one hash."""
    backend = Counting()
    authenticator = Authenticator(backend, ledger)
    for _ in range(5):
        assert authenticator.verify(Password("tim", "secret"), HOME) == Identity("tim")

    assert backend.asked == 1


def test_wrong_password_is_checked_each_time(ledger: Ledger) -> None:
    """Nor does the cache take part of a name for part of a password."""
    backend = Counting()
    authenticator = Authenticator(backend, ledger)
    authenticator.verify(Password("tim", "secret"), HOME)
    for credentials in (Password("tim", "wrong"), Password("tim", "wrong"), Password("tims", "ecret")):
        with pytest.raises(Failed):
            authenticator.verify(credentials, HOME)

    assert backend.asked == 4


def test_cache_is_dropped_when_accounts_change(ledger: Ledger) -> None:
    """At once."""
    backend = Counting()
    authenticator = Authenticator(backend, ledger)
    authenticator.verify(Password("tim", "secret"), HOME)
    backend.state += 1
    authenticator.verify(Password("tim", "secret"), HOME)

    assert backend.asked == 2


def test_changed_password_is_void_at_once(authenticator: Authenticator, users: PasswdFile) -> None:
    """Also in this process's memory."""
    authenticator.verify(Password("tom", "secret"), HOME)
    authenticator.verify(Password("tom", "secret"), HOME)
    users.set_password("tom", "other")

    with pytest.raises(Failed):
        authenticator.verify(Password("tom", "secret"), HOME)
    assert authenticator.verify(Password("tom", "other"), HOME) == Identity("tom")


def test_cache_is_short_lived(ledger: Ledger) -> None:
    """Here for no time at all."""
    backend = Counting()
    authenticator = Authenticator(backend, ledger, cache_seconds=0)
    for _ in range(2):
        authenticator.verify(Password("tim", "secret"), HOME)

    assert backend.asked == 2


def test_cache_holds_no_password(ledger: Ledger) -> None:
    """Nor anything it could be guessed from without the process's own key."""
    authenticator = Authenticator(Counting(), ledger)
    authenticator.verify(Password("tim", "secret"), HOME)
    (key,) = authenticator._cache._entries

    assert b"secret" not in key
    assert key != Authenticator(Counting(), ledger)._cache._digest(Password("tim", "secret"))


# -- how many at a time


def test_checks_are_bounded(ledger: Ledger) -> None:
    """Two at a time, three wait, more are told to come again."""
    backend = Counting()
    backend.gate.clear()
    authenticator = Authenticator(backend, ledger, max_parallel=2, max_waiting=3, cache_seconds=0)
    results: list[Identity] = []
    refused = threading.Semaphore(0)

    def log_in() -> None:
        try:
            results.append(authenticator.verify(Password("tim", "secret"), HOME))
        except Unavailable:
            refused.release()

    threads = [threading.Thread(target=log_in) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert all(refused.acquire(timeout=30) for _ in range(3))
    backend.gate.set()
    for thread in threads:
        thread.join(30)

    assert results == [Identity("tim")] * 5
    assert backend.most == 2
    assert authenticator.verify(Password("tim", "secret"), HOME) == Identity("tim")


# -- sessions


def test_sessions_are_counted_by_identity(users: PasswdFile, ledger: Ledger) -> None:
    """And limited as the operator says."""
    authenticator = Authenticator(users, ledger, sessions_per_user=1, sessions_per_address=2)
    slot = authenticator.enter(Identity("tim"), HOME)

    with pytest.raises(TooManySessions, match="user"):
        authenticator.enter(Identity("tim"), HOME)
    other = authenticator.enter(Identity("tom"), HOME)
    with pytest.raises(TooManySessions, match="address"):
        authenticator.enter(Identity("tam"), HOME)
    slot.leave()
    authenticator.enter(Identity("tam"), HOME).leave()
    other.leave()
