"""Tokens, and whom a URL serves."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.url import Authorization, parse
from mailaccess.imap.urlauth import admits, proves, token

KEY = b"k" * 32
RUMP = b"imap://joe@example.com/INBOX/;uid=20;urlauth=anonymous"


def authorization(text: bytes) -> Authorization:
    found = parse(text).authorization
    assert found is not None
    return found


def test_a_token_is_of_its_url_and_key() -> None:
    """At least 128 bits, with a mark of how it was made."""
    made = token(KEY, RUMP)
    assert made == b"01" + hmac.new(KEY, RUMP, hashlib.sha256).hexdigest().encode()
    assert proves(KEY, authorization(RUMP + b":INTERNAL:" + made))
    assert proves(KEY, authorization(RUMP + b":internal:" + made.upper()))

    assert not proves(b"other", authorization(RUMP + b":INTERNAL:" + made))
    assert not proves(KEY, authorization(RUMP + b":XSAMPLE:" + made))
    assert not proves(KEY, authorization(RUMP.replace(b"20", b"21") + b":INTERNAL:" + made))
    assert not proves(KEY, authorization(RUMP + b":INTERNAL:" + made[:-1]))
    assert not proves(KEY, authorization(RUMP))


@given(st.integers(0, len(RUMP) + 76), st.sampled_from(b"0123456789abcdefghijklmnop"))
def test_no_letter_can_be_changed(place: int, letter: int) -> None:
    """Neither of the URL nor of the token."""
    text = RUMP + b":internal:" + token(KEY, RUMP)
    changed = bytearray(text)
    changed[place % len(text)] = letter
    if bytes(changed).lower() == text.lower():
        return
    try:
        found = parse(bytes(changed)).authorization
    except ValueError:
        return
    assert found is None or not proves(KEY, found)


@pytest.mark.parametrize(
    ("access", "users"),
    [
        (b"anonymous", {"joe", "fred", "anonymous", "Anonymous", "postfix", "media"}),
        (b"authuser", {"joe", "fred", "postfix", "media"}),
        (b"user+fred", {"fred"}),
        (b"submit+fred", {"postfix"}),
        (b"stream", {"media", "postfix"}),
        (b"stream+fred", {"media", "postfix"}),
        (b"other", set()),
    ],
)
def test_whom_an_access_identifier_admits(access: bytes, users: set[str]) -> None:
    """RFC 5092 6.1.2 and RFC 5593 3.3: whoever acts for an application is told by the operator."""
    found = authorization(b"imap://joe@example.com/INBOX/;uid=20;urlauth=" + access)
    applications = {"submit": frozenset(["postfix"]), "stream": frozenset(["media", "postfix"])}
    everybody = {"joe", "fred", "anonymous", "Anonymous", "postfix", "media"}

    assert {user for user in everybody if admits(found, user, applications)} == users
