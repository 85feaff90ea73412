"""The four ports, with the standard library's clients, on the same mail."""

import imaplib
import poplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import Server, lay_out, serving, trusting

MESSAGE = b"From: bob@example.org\r\nSubject: hello\r\n\r\n.a dot\r\nand a line\r\n"


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two workers"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(lay_out(tmp_path_factory.mktemp("served"), workers=request.param)) as running:
        yield running


def imap(server: Server, how: str = "plain") -> imaplib.IMAP4:
    """A connection that is logged in."""
    if how == "tls":
        made: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            "localhost", server.ports["imaps"], ssl_context=trusting(server.config), timeout=20
        )
    else:
        made = imaplib.IMAP4("localhost", server.ports["imap"], timeout=20)
        if how == "starttls":
            made.starttls(trusting(server.config))
    made.login("ann", "apple")
    return made


def pop3(server: Server, how: str = "plain") -> poplib.POP3:
    """A connection that is logged in."""
    if how == "tls":
        made: poplib.POP3 = poplib.POP3_SSL(
            "localhost", server.ports["pop3s"], context=trusting(server.config), timeout=20
        )
    else:
        made = poplib.POP3("localhost", server.ports["pop3"], timeout=20)
        if how == "starttls":
            made.stls(trusting(server.config))
    made.user("ann")
    made.pass_("apple")
    return made


@pytest.mark.parametrize("how", ["plain", "tls", "starttls"])
def test_imap(server: Server, how: str) -> None:
    """A message goes in and comes out."""
    client = imap(server, how)
    assert client.append("INBOX", "(\\Flagged)", None, MESSAGE)[0] == "OK"
    client.select("INBOX")
    _, [found] = client.uid("SEARCH", "SUBJECT", "hello")
    _, data = client.uid("FETCH", found.split()[-1].decode(), "(FLAGS BODY.PEEK[])")
    client.logout()

    assert isinstance(data[0], tuple)
    assert b"\\Flagged" in data[0][0]
    assert data[0][1] == MESSAGE


@pytest.mark.parametrize("how", ["plain", "tls", "starttls"])
def test_pop3(server: Server, how: str) -> None:
    """The same message, the same size."""
    writer = imap(server)
    writer.append("INBOX", None, None, MESSAGE)
    writer.logout()
    client = pop3(server, how)
    count, _ = client.stat()
    _, lines, size = client.retr(count)
    client.quit()

    assert b"\r\n".join(lines) + b"\r\n" == MESSAGE
    assert size == len(MESSAGE)


def test_imaplib_is_told_all_it_asks_for(server: Server) -> None:
    """It asks for the capabilities before login only, and sends no ENABLE (and, from Python 3.14, no IDLE) without."""
    client = imap(server)
    answer = client.enable("CONDSTORE")
    capabilities = client.capabilities
    client.logout()

    assert answer[0] == "OK"
    assert "IDLE" in capabilities


def test_a_wrong_password_is_refused_by_both(server: Server) -> None:
    """And neither says why."""
    client = imaplib.IMAP4("localhost", server.ports["imap"], timeout=20)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.login("ann", "pear")
    client.logout()
    reader = poplib.POP3("localhost", server.ports["pop3"], timeout=20)
    reader.user("nobody")
    with pytest.raises(poplib.error_proto, match="AUTH"):
        reader.pass_("pear")
    reader.quit()


def test_uids_and_uidls_outlive_a_restart(tmp_path: Path) -> None:
    """A client need not fetch anything again."""
    config = lay_out(tmp_path)
    with serving(config) as server:
        client = imap(server)
        for _ in range(3):
            client.append("INBOX", None, None, MESSAGE)
        before = _identities(server)
        client.logout()
    with serving(config) as server:
        assert _identities(server) == before


def _identities(server: Server) -> tuple[object, ...]:
    """All that a client knows messages by."""
    client = imap(server)
    client.select("INBOX", readonly=True)
    validity = client.response("UIDVALIDITY")
    uids = client.uid("SEARCH", "ALL")
    client.logout()
    reader = pop3(server)
    uidls = reader.uidl()
    reader.quit()
    return validity, uids, uidls
