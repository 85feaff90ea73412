"""A certificate made at the first start."""

import socket
import ssl
import threading
from pathlib import Path

from mailaccess.net.certificate import self_signed


def _handshake(tmp_path: Path, name: str) -> None:
    """A strict client that was given the certificate connects to `name`."""
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    asking = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    asking.verify_flags |= ssl.VERIFY_X509_STRICT
    here, there = socket.socketpair()
    thread = threading.Thread(target=lambda: serving.wrap_socket(there, server_side=True).close())
    thread.start()
    with asking.wrap_socket(here, server_hostname=name):
        pass
    thread.join(10)


def test_is_good_for_the_host_and_for_this_machine(tmp_path: Path) -> None:
    """A client that was told to trust it finds nothing to complain of."""
    self_signed("mail.example.org", tmp_path / "cert.pem", tmp_path / "key.pem")

    for name in ("mail.example.org", "localhost", "127.0.0.1", "::1"):
        _handshake(tmp_path, name)


def test_the_host_may_be_an_address_or_have_a_long_name(tmp_path: Path) -> None:
    """Whatever the configuration takes for a host name."""
    for name in ("192.0.2.1", "localhost", "a" * 60 + ".example.org"):
        self_signed(name, tmp_path / "cert.pem", tmp_path / "key.pem")
        _handshake(tmp_path, name)


def test_nobody_else_may_read_the_key(tmp_path: Path) -> None:
    """Not even where a readable file stood before."""
    (tmp_path / "key.pem").touch(0o644)
    self_signed("mail.example.org", tmp_path / "cert.pem", tmp_path / "key.pem")

    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cert.pem", "key.pem"]
