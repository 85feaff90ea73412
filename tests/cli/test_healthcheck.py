"""mailaccess.cli.healthcheck: does the server greet?"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.cli.conftest import Run


@contextmanager
def greeter(greeting: bytes, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a server that greets one client and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with tls.wrap_socket(client, server_side=True) if tls else client as connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_greeting_is_health(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code 0, and the greeting is shown."""
    with greeter(b"* OK ready\r\n") as port:
        monkeypatch.setenv("MAILACCESS_IMAP__LISTEN", f"*:{port}")
        result = run("healthcheck")

    assert (result.code, result.out) == (0, "* OK ready\n")


def test_a_busy_server_is_not_healthy(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A BYE in place of a greeting."""
    with greeter(b"* BYE later\r\n") as port:
        monkeypatch.setenv("MAILACCESS_IMAP__LISTEN", f"127.0.0.1:{port}")
        result = run("healthcheck")

    assert (result.code, result.err) == (1, f"Error: 127.0.0.1:{port}: expected * OK, not b'* BYE later\\r\\n'\n")


def test_nobody_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("MAILACCESS_IMAP__LISTEN", f"127.0.0.1:{port}")
    result = run("healthcheck")

    assert (result.code, result.err) == (1, f"Error: 127.0.0.1:{port}: Connection refused\n")


def test_pop3_over_tls_where_there_is_nothing_else(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever the certificate names: the question is whether it greets."""
    certificate = trustme.CA().issue_cert("mail.example.org")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    monkeypatch.setenv("MAILACCESS_TLS__CERTIFICATE", str(tmp_path / "both.pem"))
    for name in ("IMAP__LISTEN", "IMAP__LISTEN_TLS", "POP3__LISTEN"):
        monkeypatch.setenv(f"MAILACCESS_{name}", "[]")
    with greeter(b"+OK ready\r\n", context) as port:
        monkeypatch.setenv("MAILACCESS_POP3__LISTEN_TLS", f"127.0.0.1:{port}")
        result = run("healthcheck")

    assert (result.code, result.out) == (0, "+OK ready\n")


def test_no_port_is_configured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said as it is."""
    for name in ("IMAP__LISTEN", "POP3__LISTEN"):
        monkeypatch.setenv(f"MAILACCESS_{name}", "[]")
    result = run("healthcheck")

    assert (result.code, result.err) == (1, "Error: The configuration opens no port.\n")
