"""Certificates by name, read anew; TLS from the first octet and on request."""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from twisted.protocols.tls import TLSMemoryBIOFactory

from mailaccess.net.factory import SessionFactory, Shared
from mailaccess.net.tls import BadCertificate, Certificates, Pair
from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import Gone, drained, start_tls
from tests.net.stage import Running, connected, read_line, trusting

CA = trustme.CA()


def written(directory: Path, name: str, authority: trustme.CA = CA) -> Pair:
    """A certificate for `name` in a file, its key in another."""
    issued = authority.issue_cert(name)
    pair = Pair(directory / f"{name[-20:]}.pem", directory / f"{name[-20:]}.key")
    assert pair.key
    pair.certificate.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    pair.key.write_bytes(issued.private_key_pem.bytes())
    return pair


async def serve(channel: Channel) -> None:
    """Says what it knows of TLS; STARTTLS begins it; BIG sends a megabyte."""
    try:
        while True:
            peer = channel.peer
            channel.write(
                b"tls=%d available=%d exporter=%s\r\n"
                % (peer.tls, peer.tls_available, (peer.tls_exporter or b"").hex().encode())
            )
            line = await channel.reader.line(100)
            if line == b"STARTTLS":
                channel.write(b"begin\r\n")
                await start_tls()
            elif line == b"BIG":
                for number in range(64):
                    channel.write(bytes([number]) * 16384)
                    await drained()
            elif line == b"BYE":
                return
    except Gone:
        pass


Listen = Callable[..., int]


@pytest.fixture
def running() -> Iterator[Running]:
    with Running() as one:
        yield one


@pytest.fixture
def listen(running: Running) -> Iterator[Listen]:
    """Listens with a factory, and returns its port."""
    factories: list[SessionFactory] = []

    def start(certificates: Certificates, *, implicit: bool, proxies: Sequence[str] = ()) -> int:
        def begin() -> int:
            shared = Shared(running.reactor, proxies=proxies)
            factory = SessionFactory(serve, tls=certificates, implicit_tls=implicit, shared=shared)
            factories.append(factory)
            return int(running.reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port)

        port: int = running.do(begin)
        return port

    yield start
    for factory in factories:
        running.do(factory.close, 0)


def subject(client: socket.socket) -> str:
    """The name in the certificate that the server showed."""
    assert isinstance(client, ssl.SSLSocket)
    shown = client.getpeercert()
    assert shown
    names = shown["subjectAltName"]
    return str(names[0][1])


def test_implicit_tls(listen: Listen, tmp_path: Path) -> None:
    """The session begins when the wire is encrypted, and knows the channel binding (RFC 9266: TLS 1.3)."""
    port = listen(Certificates([written(tmp_path, "localhost")]), implicit=True)
    with connected(port, trusting(CA)) as client:
        said = read_line(client)

        assert said.startswith(b"tls=1 available=0 exporter=")
        assert len(said) == len(b"tls=1 available=0 exporter=\r\n") + 64


def test_tls_1_2_has_no_exporter_that_binds(listen: Listen, tmp_path: Path) -> None:
    """Older versions are refused altogether."""
    port = listen(Certificates([written(tmp_path, "localhost")]), implicit=True)
    context = trusting(CA)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with connected(port, context) as client:
        assert read_line(client) == b"tls=1 available=0 exporter=\r\n"


def test_starttls_drops_what_was_sent_in_plaintext(listen: Listen, tmp_path: Path) -> None:
    """A command put in by someone on the way is not carried out (CVE-2011-0411)."""
    port = listen(Certificates([written(tmp_path, "localhost")]), implicit=False)
    with connected(port) as plain:
        assert read_line(plain) == b"tls=0 available=1 exporter=\r\n"
        plain.sendall(b"STARTTLS\r\nINJECTED\r\n")
        assert read_line(plain) == b"begin\r\n"
        with trusting(CA).wrap_socket(plain.dup(), server_hostname="localhost") as client:
            assert read_line(client).startswith(b"tls=1 available=0 exporter=")
            client.sendall(b"BYE\r\n")
            assert client.recv(100) == b""


def test_a_proxys_header_stands_before_the_handshake(listen: Listen, tmp_path: Path) -> None:
    """In plaintext, whether or not the first octets of TLS come with it."""
    port = listen(Certificates([written(tmp_path, "localhost")]), implicit=True, proxies=["127.0.0.0/8"])
    header = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 993\r\n"
    for first, then in ((b"", header), (header, b"")):
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            plain.sendall(first)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = trusting(CA).wrap_bio(incoming, outgoing, server_hostname="localhost")
            with pytest.raises(ssl.SSLWantReadError):
                client.do_handshake()
            plain.sendall(then + outgoing.read())
            said = b""
            while not said:
                incoming.write(plain.recv(10_000))
                try:
                    said = client.read(100)
                except ssl.SSLWantReadError:
                    plain.sendall(outgoing.read())

            assert said.startswith(b"tls=1 available=0 exporter=")


def test_other_peoples_tls_does_as_well(running: Running, tmp_path: Path) -> None:
    """The factory may stand behind an endpoint that encrypts."""
    pair = written(tmp_path, "localhost")
    ours = SessionFactory(serve, shared=Shared(running.reactor))
    theirs = TLSMemoryBIOFactory(Certificates([pair]), False, ours, running.reactor)
    port = running.do(running.reactor.listenTCP, 0, theirs, interface="127.0.0.1")
    with connected(port.getHost().port, trusting(CA)) as client:
        assert read_line(client).startswith(b"tls=1 available=0 exporter=")
        client.sendall(b"BYE\r\n")
        assert client.recv(100) == b""


def test_much_output_arrives_whole_over_tls(listen: Listen, tmp_path: Path) -> None:
    """In order, however slowly it is read."""
    port = listen(Certificates([written(tmp_path, "localhost")]), implicit=True)
    with connected(port, trusting(CA)) as client:
        read_line(client)
        client.sendall(b"BIG\r\n")
        data = b""
        while len(data) < 1 << 20:
            data += client.recv(10_000)

        assert data[: 1 << 20] == b"".join(bytes([number]) * 16384 for number in range(64))


def test_a_name_chooses_its_certificate(listen: Listen, tmp_path: Path) -> None:
    """Exactly, by wildcard, or the first."""
    names = ("mail.example.org", "mail.example.net", "*.example.com")
    port = listen(Certificates([written(tmp_path, name) for name in names]), implicit=True)
    context = trusting(CA)
    for asked, shown in (
        ("mail.example.net", "mail.example.net"),
        ("MAIL.example.ORG", "mail.example.org"),
        ("any.example.com", "*.example.com"),
    ):
        with connected(port, context, asked) as client:
            assert subject(client) == shown
    context.check_hostname = False
    with connected(port, context, "other.invalid") as client:
        assert subject(client) == "mail.example.org"


def test_a_session_is_resumed(listen: Listen, tmp_path: Path) -> None:
    """A client that was here lately need not shake hands in full."""
    port = listen(Certificates([written(tmp_path, "localhost")]), implicit=True)
    context = trusting(CA)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with connected(port, context) as client:
        assert isinstance(client, ssl.SSLSocket)
        read_line(client)
        ticket = client.session
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost", session=ticket) as client,
    ):
        read_line(client)
        assert client.session_reused


def test_reloading_serves_the_new_certificate(listen: Listen, tmp_path: Path) -> None:
    """To the next connection; the present one goes on."""
    certificates = Certificates([written(tmp_path, "localhost")])
    port = listen(certificates, implicit=True)
    later = trustme.CA()
    with connected(port, trusting(CA)) as before:
        read_line(before)
        written(tmp_path, "localhost", later)
        certificates.reload()
        with connected(port, trusting(later)) as after:
            assert read_line(after).startswith(b"tls=1")
        before.sendall(b"still there?\r\n")
        assert read_line(before).startswith(b"tls=1")


def test_a_bad_file_is_named_and_the_old_one_serves_on(listen: Listen, tmp_path: Path) -> None:
    """An administrator's slip does not end the service."""
    pair = written(tmp_path, "localhost")
    certificates = Certificates([pair])
    port = listen(certificates, implicit=True)
    pair.certificate.write_text("not a certificate")
    with pytest.raises(BadCertificate, match=r"localhost\.pem: no certificate"):
        certificates.reload()

    with connected(port, trusting(CA)) as client:
        assert read_line(client).startswith(b"tls=1")


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    """Which file, and what is the matter with it."""
    pair = written(tmp_path, "localhost")
    other = written(tmp_path, "other.example")
    strange = tmp_path / "x25519.key"
    strange.write_bytes(X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for pairs, expected in (
        (Pair(tmp_path / "none.pem", pair.key), r"none\.pem: No such file"),
        (Pair(pair.certificate, tmp_path / "none.key"), r"none\.key: No such file"),
        (Pair(pair.certificate), r"localhost\.pem: no private key"),
        (Pair(pair.certificate, other.key), r"other\.example\.key: not the key of .*localhost\.pem"),
        (Pair(pair.certificate, strange), r"x25519\.key: a kind of key"),
    ):
        with pytest.raises(BadCertificate, match=expected):
            Certificates([pairs])


def test_one_file_may_hold_both(tmp_path: Path, listen: Listen) -> None:
    """As many tools write it."""
    pair = written(tmp_path, "localhost")
    assert pair.key
    both = tmp_path / "both.pem"
    both.write_bytes(pair.key.read_bytes() + pair.certificate.read_bytes())
    port = listen(Certificates([Pair(both)]), implicit=True)
    with connected(port, trusting(CA)) as client:
        assert read_line(client).startswith(b"tls=1")


def test_an_encrypted_key_is_refused_without_asking(tmp_path: Path) -> None:
    """A server has nobody to ask for the passphrase."""
    pair = written(tmp_path, "localhost")
    assert pair.key
    key = load_pem_private_key(pair.key.read_bytes(), None)
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))

    with pytest.raises(BadCertificate, match="passphrase"):
        Certificates([pair])
