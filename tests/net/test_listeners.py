"""Listening sockets: at which addresses, how many, and whose."""

import socket
from collections.abc import Iterator

import pytest

from mailaccess.net.factory import SessionFactory, Shared
from mailaccess.net.listeners import bind, close, listen, stop
from tests.net.stage import Running, connected
from tests.net.test_factory import serve


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    """Whatever a test puts here is closed."""
    kept: list[socket.socket] = []
    yield kept
    close(kept)


def test_a_free_port(sockets: list[socket.socket]) -> None:
    """Port 0 is any; the socket tells which."""
    [[one]] = bind("127.0.0.1", 0)
    sockets.append(one)

    assert one.getsockname()[0] == "127.0.0.1"
    socket.create_connection(one.getsockname()).close()


def test_everywhere_is_ipv4_and_ipv6_at_one_port(sockets: list[socket.socket]) -> None:
    """Each family has its own socket, so that clients keep their own kind of address."""
    [share] = bind("", 0)
    sockets += share
    ports = {each.getsockname()[1] for each in share}

    assert len(ports) == 1
    assert [each.family for each in share] == [socket.AF_INET, socket.AF_INET6][: len(share)]


def test_an_ipv6_address(sockets: list[socket.socket]) -> None:
    """As written in a configuration, without its brackets."""
    if not socket.has_ipv6 or not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    [[one]] = bind("::1", 0)
    sockets.append(one)

    assert one.getsockname()[0] == "::1"


def _has_ipv6() -> bool:
    try:
        close(bind("::1", 0)[0])
    except OSError:
        return False
    return True


def test_sharers_listen_side_by_side(sockets: list[socket.socket]) -> None:
    """Each process has its own queue of connections, at the same port."""
    shares = bind("127.0.0.1", 0, sharers=3)
    sockets += [each for share in shares for each in share]

    assert len(shares) == 3
    assert len({share[0].getsockname() for share in shares}) == 1


@pytest.mark.parametrize("sharers", [1, 2])
def test_a_port_in_use_is_named(sockets: list[socket.socket], sharers: int) -> None:
    """Also when it is in use by a server that shares it: that may have been started by mistake."""
    shares = bind("127.0.0.1", 0, sharers)
    sockets += [each for share in shares for each in share]
    port = shares[0][0].getsockname()[1]
    for others in (1, 2):
        with pytest.raises(OSError, match="in use") as caught:
            bind("127.0.0.1", port, others)
        assert caught.value.filename == f"127.0.0.1:{port}"


def test_a_reactor_serves_them_while_the_socket_is_kept(sockets: list[socket.socket]) -> None:
    """Whoever keeps the socket can give it to the next process."""
    [[one]] = bind("127.0.0.1", 0)
    sockets.append(one)
    with Running() as running:
        for _ in range(2):
            factory = SessionFactory(serve, shared=Shared(running.reactor))
            ports = running.do(listen, running.reactor, [one], factory)
            with connected(one.getsockname()[1]) as client:
                assert client.recv(100) == b"127.0.0.1"
            running.do(stop, ports)
            running.do(factory.close, 0)
