"""Python's own client with UTF8=ACCEPT enabled, from end to end."""

import imaplib
from collections.abc import Iterator

import pytest

from tests.e2e.running import Server, lay_out, serving

MESSAGE = "From: Jörg <jörg@müller.example>\r\nSubject: Schöne Grüße\r\n\r\nHübsch, nicht?\r\n".encode()
LONG = b"Subject: lang\r\n\r\n" + "Äpfel und Öl\r\n".encode() * 30_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(lay_out(tmp_path_factory.mktemp("utf8"))) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[imaplib.IMAP4]:
    made = imaplib.IMAP4("localhost", server.ports["imap"], timeout=20)
    made.login("ann", "apple")
    made.enable("UTF8=ACCEPT")
    assert made.utf8_enabled
    yield made
    made.logout()


def texts(client: imaplib.IMAP4) -> list[bytes]:
    """The messages of the selected mailbox."""
    found = client.fetch("1:*", "(BODY.PEEK[])")[1]
    return [item[1] for item in found if isinstance(item, tuple)]


def test_mailbox_names_and_messages_are_utf8(client: imaplib.IMAP4, server: Server) -> None:
    """What is made, appended and searched for comes back as it was written; another client has names in ASCII."""
    assert client.create('"Größe & Gewicht"')[0] == "OK"
    assert client.list('""', '"Gr*"')[1] == ['(\\HasNoChildren) "/" "Größe & Gewicht"'.encode()]
    for message in (MESSAGE, LONG):
        assert client.append('"Größe & Gewicht"', None, None, message)[0] == "OK"
    assert client.select('"Größe & Gewicht"') == ("OK", [b"2"])
    assert client.search(None, "SUBJECT", '"grüße"') == ("OK", [b"1"])
    assert client.uid("SEARCH", "BODY", '"öl"') == ("OK", [b"2"])
    assert texts(client) == [MESSAGE, LONG]

    other = imaplib.IMAP4("localhost", server.ports["imap"], timeout=20)
    other.login("ann", "apple")
    assert other.list('""', '"Gr*"')[1] == [b'(\\HasNoChildren) "/" "Gr&APYA3w-e &- Gewicht"']
    other.select('"Gr&APYA3w-e &- Gewicht"')
    assert texts(other) == [MESSAGE, LONG]
    other.logout()


def test_a_message_in_ascii_may_be_appended_too(client: imaplib.IMAP4) -> None:
    """It is wrapped like any other."""
    client.append("INBOX", "(\\Seen)", None, b"Subject: x\r\n\r\n(UTF8)")
    client.select()
    assert texts(client) == [b"Subject: x\r\n\r\n(UTF8)"]
