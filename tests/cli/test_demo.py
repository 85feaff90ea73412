"""mailaccess.cli.demo: from nothing to mail in a client."""

import imaplib
import ssl
from itertools import takewhile
from pathlib import Path

from tests.cli.serving import Server, serving


def instructions(server: Server) -> str:
    return "".join(takewhile(lambda line: not line.startswith("The mail is in"), server.out))


def inbox(server: Server) -> tuple[object, object]:
    """UIDVALIDITY and UIDs, over TLS with the certificate that is in .server/."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=context)
    client.login("demo", "demo")
    client.select("INBOX", readonly=True)
    found = client.response("UIDVALIDITY")[1], client.uid("SEARCH", "ALL")[1]
    client.logout()
    return found


def test_it_says_what_to_enter(tmp_path: Path) -> None:
    """Server, ports, security, user and password, once it can be reached."""
    with serving("demo", str(tmp_path)) as server:
        text = instructions(server)

    assert "\nuser: demo\npassword: demo\n" in text
    for step in ("Add Account", "Email", "Continue", "Advanced config", "OK", "security exception"):
        assert step in text, "what Thunderbird calls it, in the README too"
    assert max(map(len, text.splitlines())) <= 100
    for name, protocol, security in (
        ("imap", "IMAP", "STARTTLS or None"),
        ("imaps", "IMAP", "SSL/TLS"),
        ("pop3", "POP3", "STARTTLS or None"),
        ("pop3s", "POP3", "SSL/TLS"),
    ):
        expected = [protocol, "127.0.0.1", str(server.ports[name]), *security.split()]
        assert any(line.split()[: len(expected)] == expected for line in text.splitlines())


def test_a_second_start_keeps_everything(tmp_path: Path) -> None:
    """Mail, UIDs, certificate and accounts."""
    with serving("demo", str(tmp_path)) as server:
        first = inbox(server)
    kept = {path.name: path.read_bytes() for path in (tmp_path / ".server").iterdir()}
    with serving("demo", str(tmp_path)) as server:
        second = inbox(server)

    assert first == second
    assert {path.name: path.read_bytes() for path in (tmp_path / ".server").iterdir()} == kept
