"""What session and driver share."""

from mailaccess.wire.channel import HIGH_WATER, Channel, Peer


def test_output_is_taken_in_order_and_once() -> None:
    """Chunks are passed on as they are, and counted until the driver takes them."""
    channel = Channel(Peer("192.0.2.1"))
    channel.write(b"one")
    channel.write(b"two")

    assert channel.pending == 6
    assert channel.take_output() == [b"one", b"two"]
    assert channel.take_output() == []
    assert channel.pending == 0


def test_full_at_the_high_water_mark() -> None:
    """A session is told when it has rendered enough."""
    channel = Channel(Peer("192.0.2.1"))
    channel.write(b"x" * (HIGH_WATER - 1))
    assert not channel.full
    channel.write(b"x")
    assert channel.full
