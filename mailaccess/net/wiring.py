"""What stands between a session's reader and a socket: TCP, TLS over it, DEFLATE over that."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.interfaces import ISSLTransport
from twisted.internet.protocol import Protocol
from twisted.internet.tcp import Connection as TCPConnection
from twisted.protocols.tls import TLSMemoryBIOFactory

from mailaccess.net.deflate import Deflate
from mailaccess.net.outlet import Outlet, nothing_waits, send
from mailaccess.net.tls import Layer, channel_binding
from mailaccess.wire.reader import Reader


class Wiring:
    """One connection's. Used in the reactor's thread only."""

    __slots__ = ("_deflate", "_direct", "_reader", "_reading", "_tcp", "_top", "deflates", "encrypted")

    def __init__(self, transport: Any, reader: Reader) -> None:
        """`transport`: TCP, or TLS that somebody else has put over it."""
        self._top: Any = transport  # what output is given to
        self._tcp: Any = transport
        self._reader = reader
        self._reading = True
        self._deflate: Deflate | None = None
        self.deflates = False  # both directions are compressed
        self.encrypted = bool(ISSLTransport.providedBy(transport))
        self._direct = isinstance(transport, TCPConnection) and not self.encrypted
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)

    # -- what is put on it and taken from it

    def begin_tls(self, factory: TLSMemoryBIOFactory, protocol: Protocol) -> None:
        """Starts the handshake, of whose end `protocol` is told; nothing may be sent before."""
        self.read(True)
        self._top = Layer(factory, protocol, False)  # type: ignore[no-untyped-call]
        self._tcp.protocol = self._top
        self.encrypted, self._direct = True, False
        self._top.makeConnection(Outlet(self._tcp))

    def binding(self) -> bytes | None:
        """What only the two ends of this TLS connection know."""
        return channel_binding(self._top.getHandle())

    def begin_deflate(self) -> None:
        """What was already read is deflated, too."""
        self._deflate = Deflate()
        self.deflates = True
        self._deflate.feed(self._reader.take(self._reader.buffered))

    def end_deflate(self) -> None:
        """What was read behind the end of the peer's stream is plain."""
        if self._deflate is not None:
            self._reader.feed(self._deflate.end())
            self._deflate = None
            self.deflates = False

    # -- octets

    def send(self, chunks: Sequence[bytes], *, last: bool = False) -> None:
        """`last`: with the end of the deflate stream."""
        if self._deflate is not None:
            chunks = self._deflate.deflate(chunks, last=last)
        if self._direct:
            send(self._top, chunks)
        else:
            self._top.writeSequence(chunks)

    def feed(self, data: bytes) -> None:
        """Takes what the peer sent."""
        (self._reader if self._deflate is None else self._deflate).feed(data)

    @property
    def held(self) -> int:
        """Octets that the peer sent and nobody has taken yet."""
        return self._reader.buffered if self._deflate is None else self._deflate.waiting

    def inflate(self) -> bool:
        """Hands the reader more of what the peer has sent deflated, if there is more. Raises deflate.Corrupt."""
        piece = self._deflate.inflate() if self._deflate is not None else b""
        if piece:
            self._reader.feed(piece)
        return bool(piece)

    def read(self, wanted: bool) -> None:
        """Whether input is taken from the socket."""
        if wanted != self._reading:
            self._reading = wanted
            if wanted:
                self._top.resumeProducing()
            else:
                self._top.pauseProducing()

    def pace(self, producer: Any) -> None:
        """Tells `producer` when enough was sent, and when to go on; None: nobody any more."""
        if producer is not None:
            self._top.registerProducer(producer, True)
        else:
            self._top.unregisterProducer()

    # -- its end

    @property
    def is_drained(self) -> bool:
        """All that was sent is with the kernel."""
        return nothing_waits(self._tcp)

    def close(self) -> None:
        """When all is sent, and the peer of TLS has said goodbye."""
        self._top.loseConnection()

    def close_output(self) -> None:
        """As `close`, in our direction only; not with TLS."""
        self._top.loseWriteConnection()

    def hang_up(self) -> None:
        """When all is sent."""
        self._tcp.loseConnection()

    def abort(self) -> None:
        """At once."""
        self._top.abortConnection()
