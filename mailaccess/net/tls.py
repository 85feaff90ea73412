"""Certificates by the name a client asks for (SNI), read anew without a restart; and connections' TLS layer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL
from OpenSSL.crypto import X509, PKey
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IReactorTime
from twisted.internet.ssl import CertificateOptions, TLSVersion
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

USABLE = (EllipticCurvePrivateKey, RSAPrivateKey, Ed25519PrivateKey, Ed448PrivateKey)


class BadCertificate(Exception):  # noqa: N818
    """A certificate or its key cannot be used. The text names the file."""


class Pair(NamedTuple):
    """A certificate with its chain, and its key; both PEM."""

    certificate: Path
    key: Path | None = None  # None: in the certificate's file


@implementer(IOpenSSLServerConnectionCreator)
class Certificates:
    """Makes the TLS state of each new connection. The first pair serves clients that ask for no name we know."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        """Raises BadCertificate."""
        self._pairs = tuple(pairs)
        self._default, self._by_name = self._load()

    def reload(self) -> None:
        """Reads the files anew. Raises BadCertificate, and goes on with what was read before."""
        self._default, self._by_name = self._load()

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N803
        """Twisted asks for it, once a connection."""
        return SSL.Connection(self._default, None)

    def _load(self) -> tuple[SSL.Context, dict[str, SSL.Context]]:
        contexts = []
        by_name: dict[str, SSL.Context] = {}
        for pair in self._pairs:
            context, names = _context(pair)
            contexts.append(context)
            for name in names:
                by_name.setdefault(name, context)
        contexts[0].set_tlsext_servername_callback(self._choose)
        return contexts[0], by_name

    def _choose(self, connection: SSL.Connection) -> None:
        name = (connection.get_servername() or b"").decode("ascii", "replace").lower()
        found = self._by_name.get(name) or self._by_name.get("*." + name.partition(".")[2])
        if found is not None:
            connection.set_context(found)


class Layer(TLSMemoryBIOProtocol):
    """TLS between a TCP transport and a connection."""

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:
        """What went wrong need not remember where: it was seen in frames that remember it."""
        super()._tlsShutdownFinished(reason)  # type: ignore[no-untyped-call]
        if reason is not None:
            reason.cleanFailure()  # type: ignore[no-untyped-call]


def layers(creator: Any, clock: IReactorTime) -> TLSMemoryBIOFactory:
    """What connections get their TLS layer from.

    Twisted's default holds small writes back until the reactor's next round, in order to join them. Ours are joined.
    """
    factory = TLSMemoryBIOFactory(creator, False, None, clock)  # type: ignore[arg-type]  # no factory is wrapped
    factory.protocol = Layer
    return factory


def channel_binding(connection: SSL.Connection) -> bytes | None:
    """tls-exporter (RFC 9266 2), which is unique without further conditions from TLS 1.3 on."""
    if connection.get_protocol_version() < SSL.TLS1_3_VERSION:
        return None
    return connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")


def _context(pair: Pair) -> tuple[SSL.Context, list[str]]:
    """The context for a pair of files, and the DNS names it is for."""
    key_file = pair.key or pair.certificate
    try:
        chain = x509.load_pem_x509_certificates(pair.certificate.read_bytes())
    except OSError as error:
        raise BadCertificate(f"{pair.certificate}: {error.strerror}") from error
    except ValueError as error:
        raise BadCertificate(f"{pair.certificate}: no certificate in PEM form") from error
    try:
        key = load_pem_private_key(key_file.read_bytes(), None)
    except OSError as error:
        raise BadCertificate(f"{key_file}: {error.strerror}") from error
    except TypeError as error:
        raise BadCertificate(f"{key_file}: the key has a passphrase") from error
    except ValueError as error:
        raise BadCertificate(f"{key_file}: no private key in PEM form") from error
    if not isinstance(key, USABLE):
        raise BadCertificate(f"{key_file}: a kind of key that TLS has no use for")
    options = CertificateOptions(
        privateKey=PKey.from_cryptography_key(key),
        certificate=X509.from_cryptography(chain[0]),
        extraCertChain=[X509.from_cryptography(issuer) for issuer in chain[1:]],
        raiseMinimumTo=TLSVersion.TLSv1_2,
        enableSessionTickets=True,
    )
    try:
        context = options.getContext()
    except SSL.Error as error:
        raise BadCertificate(f"{key_file}: not the key of {pair.certificate}") from error
    return context, _names(chain[0])


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in names.get_values_for_type(x509.DNSName)]
