"""CAPA where it depends on operator and connection."""

from dataclasses import replace

from mailaccess.wire.channel import Peer
from tests.world import World


def capa(world: World, peer: Peer | None = None) -> list[bytes]:
    client = world.pop3(peer)
    client.output()
    return client.ask(b"CAPA\r\n").split(b"\r\n")[1:-2]


def test_login_delay_and_expire_as_set(world: World) -> None:
    """Announced only where the operator set them."""
    assert b"EXPIRE NEVER" in capa(world)
    world.pop3_settings = replace(world.pop3_settings, login_delay=300, expire=30)

    assert b"LOGIN-DELAY 300" in capa(world)
    assert b"EXPIRE 30" in capa(world)


def test_stls_and_user_follow_the_wire(world: World) -> None:
    """No USER where a password may not travel; no STLS where it has been done."""
    plain = capa(world, Peer("192.0.2.1", tls_available=True))
    assert b"STLS" in plain
    assert b"USER" not in plain
    secure = capa(world, Peer("192.0.2.1", tls=True, tls_available=True))
    assert b"STLS" not in secure
    assert b"USER" in secure
