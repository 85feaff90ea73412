"""Logging in beyond the transcripts: where passwords may travel, STARTTLS, limits."""

from mailaccess.imap.commands.login import MAX_FAILURES
from mailaccess.wire.channel import Peer
from tests.world import World


def test_passwords_need_tls_where_the_operator_says_so(world: World) -> None:
    """LOGINDISABLED is announced, LOGIN is refused, and after STARTTLS both are gone."""
    client = world.imap(Peer("192.0.2.1", tls_available=True))
    greeting = client.output()
    assert b"LOGINDISABLED" in greeting
    assert b"STARTTLS" in greeting
    assert b"AUTH=PLAIN" not in greeting
    assert client.ask(b"a LOGIN fred secret\r\n").startswith(b"a NO [PRIVACYREQUIRED]")
    assert client.ask(b"b AUTHENTICATE PLAIN AGZyZWQAc2VjcmV0\r\n").startswith(b"b NO [PRIVACYREQUIRED]")

    assert client.ask(b"c STARTTLS\r\nd LOGIN fred secret\r\n") == b"c OK Begin TLS negotiation now\r\n"
    after = client.ask(b"e CAPABILITY\r\n")
    assert b"LOGINDISABLED" not in after
    assert b"STARTTLS" not in after
    assert client.ask(b"f STARTTLS\r\n").startswith(b"f BAD")
    assert client.ask(b"g LOGIN fred secret\r\n").startswith(b"g OK")


def test_failed_logins_slow_down_and_end(world: World) -> None:
    """Each answer waits, and a connection has only so many."""
    client = world.imap(Peer("192.0.2.1", tls=True))
    for number in range(MAX_FAILURES - 1):
        assert b" NO [AUTHENTICATIONFAILED]" in client.ask(b"a%d LOGIN fred wrong\r\n" % number)
    assert client.slept > 0
    assert client.ask(b"z LOGIN fred wrong\r\n").startswith(b"* BYE")
    assert client.closed


def test_a_password_may_have_any_character(world: World) -> None:
    """Quotes and backslashes are escaped, the rest goes as a literal."""
    (world.root / "users").write_text('odd:{PLAIN}a"b\\c d\n')
    client = world.imap()
    client.output()

    assert client.ask(b'a LOGIN odd "a\\"b\\\\c d"\r\n').startswith(b"a OK")
    assert world.imap().ask(b'a LOGIN odd {7+}\r\na"b\\c d\r\n').count(b"a OK")


def test_enable_while_selected_tells_highestmodseq(world: World) -> None:
    """ "MUST cause the server to return HIGHESTMODSEQ" (RFC 7162 3.1)."""
    client = world.imap_in()

    assert b"* OK [HIGHESTMODSEQ" in client.ask(b"a ENABLE CONDSTORE\r\n")
    assert b"HIGHESTMODSEQ" not in client.ask(b"b ENABLE CONDSTORE\r\n")
