"""Starting, stopping, reloading, dying."""

import imaplib
import os
import signal
import socket
import ssl
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme

from mailaccess.net.certificate import self_signed
from tests.e2e.running import PATIENCE, Server, lay_out, serving, trusting


def connect(server: Server) -> imaplib.IMAP4:
    return imaplib.IMAP4("localhost", server.ports["imap"], timeout=PATIENCE)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_cleanly(tmp_path: Path, workers: int, number: signal.Signals) -> None:
    """Sessions get BYE, also those that idle; the exit status says that all is well."""
    with serving(lay_out(tmp_path, workers)) as server:
        clients = [connect(server) for _ in range(4)]
        for client in clients:
            client.login("ann", "apple")
            client.select()
        clients[0].send(b"x IDLE\r\n")
        assert clients[0].readline().startswith(b"+")

        assert server.stop(number) == 0
        for client in clients:
            assert client.readline().startswith(b"* BYE")
            client.shutdown()


def test_users_and_certificates_are_read_anew_on_sighup(tmp_path: Path) -> None:
    """By all workers, without anybody losing a connection."""
    config = lay_out(tmp_path, workers=2)
    with serving(config) as server:
        before = connect(server)
        before.login("ann", "apple")
        (tmp_path / "users").write_text("carol:{PLAIN}cherry\n")
        self_signed("localhost", tmp_path / "cert.pem", tmp_path / "key.pem")
        server.process.send_signal(signal.SIGHUP)
        for _ in range(2):
            server.until("^reloaded$")

        for _ in range(8):  # whichever worker takes them
            client = imaplib.IMAP4_SSL("localhost", server.ports["imaps"], ssl_context=trusting(config), timeout=20)
            client.login("carol", "cherry")
            client.logout()
        assert before.noop()[0] == "OK"
        before.logout()


def test_a_bad_certificate_on_sighup_changes_nothing(tmp_path: Path) -> None:
    """It is logged, with the file's name."""
    config = lay_out(tmp_path)
    context = trusting(config)
    with serving(config) as server:
        (tmp_path / "cert.pem").write_text("oops")
        server.process.send_signal(signal.SIGHUP)
        assert "cert.pem" in server.until("certificates could not be read")["reason"]
        server.until("^reloaded$")

        imaplib.IMAP4_SSL("localhost", server.ports["imaps"], ssl_context=context, timeout=20).logout()


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    """At the same port; the other worker's sessions do not notice."""
    with serving(lay_out(tmp_path, workers=2)) as server:
        clients = [connect(server) for _ in range(8)]
        victim, survivor = server.workers()
        os.kill(victim, signal.SIGKILL)
        assert "SIGKILL" in server.until("died")["event"]
        alive = sum(map(_alive, clients))
        for _ in range(8):
            client = connect(server)
            client.login("ann", "apple")
            client.logout()

        assert survivor in server.workers()
        assert len(server.workers()) == 2
        assert alive < len(clients)


def _alive(client: imaplib.IMAP4) -> bool:
    """Is there still a session? Afterwards there is none."""
    try:
        return client.noop()[0] == "OK"
    except (imaplib.IMAP4.abort, OSError):
        return False
    finally:
        client.shutdown()


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    """Otherwise nobody could start a new server."""
    config = lay_out(tmp_path, workers=2)
    server = Server(config).ready()
    client = connect(server)
    server.process.kill()
    server.until("parent process is gone")

    assert client.readline().startswith(b"* BYE")
    client.shutdown()
    server.stop()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """And nothing is left running."""
    config = lay_out(tmp_path, workers=2)
    with serving(config) as first:
        config.write_text(config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{first.ports['imap']}", 1))
        second = Server(config)
        entry = second.until("in use")

        assert f"127.0.0.1:{first.ports['imap']}" in entry["event"]
        assert second.stop() != 0


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("missing", ["users", "cert.pem", "key.pem"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str, workers: int) -> None:
    """Once, before anything is served."""
    config = lay_out(tmp_path, workers)
    (tmp_path / missing).unlink()
    server = Server(config)
    entry = server.until("No such file")

    assert str(tmp_path / missing) in entry["event"]
    assert server.process.wait(PATIENCE) == 78
    server.stop()
    assert all(other["event"] != "ready" for other in server.log)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_root_becomes_the_configured_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind binding, and for good; what the user may not read is named."""
    python = _for_everybody(monkeypatch)
    with TemporaryDirectory() as made:  # pytest's own are closed to others
        directory = Path(made)
        directory.chmod(0o755)
        config = lay_out(directory, workers=2, more='[security]\nuser = "nobody"\n')
        (directory / "mail").mkdir()
        (directory / "mail").chmod(0o777)
        for name in ("users", "cert.pem"):
            (directory / name).chmod(0o644)
        server = Server(config, python)
        assert f"{directory / 'key.pem'}: Permission denied (as user nobody)" in server.until("denied")["event"]
        assert server.process.wait(PATIENCE) == 78
        server.stop()

        (directory / "key.pem").chmod(0o644)
        with serving(config, python) as server:
            for pid in (server.process.pid, *server.workers()):
                status = Path(f"/proc/{pid}/status").read_text()
                assert "\nUid:\t0\t" not in status
                assert "\nGid:\t0\t" not in status
            client = connect(server)
            client.login("ann", "apple")
            client.logout()
        assert (directory / "mail" / "ann").stat().st_uid != 0


def _for_everybody(monkeypatch: pytest.MonkeyPatch) -> str:
    """A Python that not only root may read: ours, or the system's with our packages."""
    if all(parent.stat().st_mode & 0o001 for parent in Path(os.__file__).parents):
        return sys.executable
    system = Path(f"/usr/bin/python3.{sys.version_info.minor}")
    if not system.exists():
        pytest.skip("only root may read Python")
    monkeypatch.setenv("PYTHONPATH", sysconfig.get_path("purelib"))
    return str(system)


def test_without_a_certificate_there_is_no_tls(tmp_path: Path) -> None:
    """The TLS ports stay closed, STARTTLS is not offered, and the log says so."""
    config = lay_out(tmp_path)
    text = config.read_text()
    begin, end = text.index("[tls]"), text.index("[imap]")
    config.write_text((text[:begin] + text[end:]).replace('listen_tls = ["127.0.0.1:0"]\n', ""))
    with serving(config) as server:
        assert any("no certificate" in entry["event"] for entry in server.log)
        assert set(server.ports) == {"imap", "pop3"}
        client = connect(server)
        assert "STARTTLS" not in client.capabilities
        client.logout()


def test_a_proxy_brings_the_client_with_it(tmp_path: Path) -> None:
    """Loopback is a proxy here: no greeting before the header; the client's own address decides what is offered."""
    config = lay_out(tmp_path, more='[security]\nproxy_networks = ["127.0.0.0/8"]\n')
    with serving(config) as server, socket.create_connection(("127.0.0.1", server.ports["imap"]), 20) as client:
        client.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 143\r\n")

        assert b"LOGINDISABLED" in client.recv(1000)


def test_old_tls_is_refused(tmp_path: Path) -> None:
    """TLS 1.1 and before are not safe."""
    config = lay_out(tmp_path)
    context = trusting(config)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with serving(config) as server, pytest.raises((ssl.SSLError, OSError)):
        imaplib.IMAP4_SSL("localhost", server.ports["imaps"], ssl_context=context, timeout=20)


def test_another_authority_serves_as_well(tmp_path: Path) -> None:
    """A chain with an intermediate certificate is sent whole."""
    config = lay_out(tmp_path)
    authority = trustme.CA()
    issued = authority.create_child_ca().issue_cert("localhost")
    (tmp_path / "cert.pem").write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    (tmp_path / "key.pem").write_bytes(issued.private_key_pem.bytes())
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with serving(config) as server:
        imaplib.IMAP4_SSL("localhost", server.ports["imaps"], ssl_context=context, timeout=20).logout()
