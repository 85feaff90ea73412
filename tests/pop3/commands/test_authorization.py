"""APOP and STLS; the rest is in the transcripts."""

import hashlib
import re

from mailaccess.wire.channel import Peer
from tests.world import World


def test_apop(world: World) -> None:
    """RFC 1939 section 7: the digest of the greeting's timestamp and the secret."""
    client = world.pop3()
    stamp = re.search(rb"<[^>]+>", client.output())
    assert stamp
    digest = hashlib.md5(stamp[0] + b"secret").hexdigest().encode()

    assert client.ask(b"APOP fred " + digest + b"\r\n").startswith(b"+OK 0 messages")


def test_apop_is_not_offered_without_secrets(world: World) -> None:
    """No timestamp where no account has a secret in plain."""
    (world.root / "users").write_text("fred:{SHA256}nonsense\n")
    client = world.pop3()
    assert b"<" not in client.output()
    assert client.ask(b"APOP fred 00000000000000000000000000000000\r\n").startswith(b"-ERR")


def test_stls_forgets_what_was_said(world: World) -> None:
    """A name given in plaintext is not used afterwards, and what was sent behind STLS is dropped."""
    client = world.pop3(Peer("127.0.0.1", tls_available=True, loopback=True))
    client.ask(b"USER fred\r\n")
    assert client.ask(b"STLS\r\nPASS secret\r\n") == b"+OK Begin TLS negotiation now\r\n"
    assert client.ask(b"PASS secret\r\n").startswith(b"-ERR")


def test_passwords_need_tls_where_the_operator_says_so(world: World) -> None:
    """USER and AUTH PLAIN are refused before anything is given away."""
    client = world.pop3(Peer("192.0.2.1", tls_available=True))
    client.output()

    assert client.ask(b"USER fred\r\n").startswith(b"-ERR")
    assert client.ask(b"AUTH PLAIN\r\n").startswith(b"-ERR")
    assert client.ask(b"AUTH CRAM-MD5\r\n").startswith(b"+ ")
