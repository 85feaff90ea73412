"""Connections are counted by address."""

import pytest

from mailaccess.auth.throttle import Trusted
from mailaccess.net.crowd import Crowd


def test_an_address_has_so_many_connections() -> None:
    """The next one is refused until one is left."""
    crowd = Crowd(2)
    first = crowd.enter("192.0.2.1")
    assert first is not None
    assert crowd.enter("192.0.2.1") is not None
    assert crowd.enter("192.0.2.1") is None
    assert crowd.enter("192.0.2.2") is not None

    crowd.leave(first)
    assert crowd.enter("192.0.2.1") is not None


def test_a_crowd_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """However many more come; and again when it has been smaller meanwhile."""
    crowd = Crowd(1)
    for _ in range(2):
        place = crowd.enter("192.0.2.1")
        for _ in range(3):
            crowd.enter("192.0.2.1")
        crowd.leave(place or "")

    assert [vars(record)["address"] for record in caplog.records] == ["192.0.2.1"] * 2


def test_all_together_have_so_many_connections(caplog: pytest.LogCaptureFixture) -> None:
    """From wherever they come, trusted networks included: descriptors are not endless."""
    crowd = Crowd(2, Trusted(("10.0.0.0/8",)), total=3)
    places = [crowd.enter(address) for address in ("192.0.2.1", "192.0.2.2", "10.0.0.1")]

    assert [crowd.enter(address) for address in ("192.0.2.3", "10.0.0.1", "192.0.2.1")] == [None] * 3
    assert [vars(record)["limit"] for record in caplog.records] == [3], "logged once"
    for place in places:
        crowd.leave(place or "")
    assert None not in [crowd.enter(address) for address in ("192.0.2.3", "10.0.0.1", "192.0.2.1")]


def test_one_customer_is_one_address() -> None:
    """Whoever has an IPv6 /64 has 2**64 addresses."""
    crowd = Crowd(1)
    assert crowd.enter("2001:db8::1") is not None

    assert crowd.enter("2001:db8::2") is None
    assert crowd.enter("2001:db8:0:1::1") is not None


def test_trusted_networks_are_not_counted() -> None:
    """Webmail has many users and one address."""
    crowd = Crowd(1, Trusted(("10.0.0.0/8",)))
    places = [crowd.enter("10.1.2.3") for _ in range(3)]

    assert None not in places
    for place in places:
        crowd.leave(place or "")
