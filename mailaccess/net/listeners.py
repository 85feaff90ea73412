"""Listening sockets: bound early, so that root's privileges can go, and handed to a reactor later."""

import errno
import os
import socket
from collections.abc import Iterable

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IReactorSocket
from twisted.internet.protocol import ServerFactory

BACKLOG = 1024
EVERYWHERE = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))  # noqa: S104 - where the operator asked for it
NO_IPV6 = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
ATTEMPTS = 20


def bind(host: str, port: int, sharers: int = 1) -> list[list[socket.socket]]:
    """Sockets that listen at one place, a list for each of `sharers` processes, among which the kernel deals.

    An empty host is every address, IPv4 and IPv6, each with a socket of its own; then IPv6 may be missing. Port 0 is
    a free one, the same for all. OSError names the place.
    """
    families = EVERYWHERE if not host else ((socket.AF_INET6 if ":" in host else socket.AF_INET, host),)
    for attempt in range(ATTEMPTS):
        try:
            return _bind_all(families, port, sharers)
        except OSError as error:
            # A port that was free for IPv4 may be taken for IPv6.
            if port or error.errno != errno.EADDRINUSE or attempt == ATTEMPTS - 1:
                place = f"[{host}]:{port}" if ":" in host else f"{host or '*'}:{port}"
                raise OSError(error.errno, os.strerror(error.errno or 0), place) from error
    raise AssertionError("unreachable")


def _bind_all(families: Iterable[tuple[int, str]], port: int, sharers: int) -> list[list[socket.socket]]:
    shares: list[list[socket.socket]] = [[] for _ in range(sharers)]
    try:
        for family, address in families:
            try:
                if sharers > 1:
                    # Sharing a port asks nobody's leave: two servers started by mistake would each get half the mail.
                    _bind(family, address, port, reuse_port=False).close()
                for share in shares:
                    share.append(_bind(family, address, port, reuse_port=sharers > 1))
                    port = share[-1].getsockname()[1]
            except OSError as error:
                if family != socket.AF_INET6 or not shares[0] or error.errno not in NO_IPV6:
                    raise
    except OSError:
        close(each for share in shares for each in share)
        raise
    return shares


def _bind(family: int, address: str, port: int, *, reuse_port: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def listen(reactor: IReactorSocket, sockets: Iterable[socket.socket], factory: ServerFactory) -> list[IListeningPort]:
    """Accepts connections for `factory`. The sockets themselves may be closed, or kept for the next process."""
    return [reactor.adoptStreamPort(each.fileno(), each.family, factory) for each in sockets]


def stop(ports: Iterable[IListeningPort]) -> Deferred[list[object]]:
    """Accepts no more; fires when that is so."""
    return gatherResults([maybeDeferred(port.stopListening) for port in ports])


def close(sockets: Iterable[socket.socket]) -> None:
    """Closes them in this process."""
    for each in sockets:
        each.close()
