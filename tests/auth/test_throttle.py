"""The arithmetic of slowing down."""

import pytest

from mailaccess.auth.throttle import Throttle, Trusted, loopback, network, site


def test_delay_doubles_up_to_its_cap() -> None:
    """Nothing for nothing."""
    throttle = Throttle()

    assert [throttle.delay(count) for count in (-3, 0, 0.4, 1, 2, 3, 4, 5, 6, 7, 1e9)] == [
        *[0, 0, 0, 0.5, 1, 2, 4, 8],
        *[15, 15, 15],
    ]


def test_count_halves() -> None:
    """And does not grow when the clock is set back."""
    throttle = Throttle(half_life=100)

    assert throttle.decayed(8, 0) == 8
    assert throttle.decayed(8, 200) == 2
    assert throttle.decayed(8, -50) == 8
    assert throttle.decayed(8, 1e9) == 0


@pytest.mark.parametrize(
    ("address", "counted", "place"),
    [
        ("192.0.2.77", "192.0.2.0/24", "192.0.2.77"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.77", "192.0.2.0/24", "192.0.2.77"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/64"),
        ("", "", ""),
        ("unix", "unix", "unix"),
    ],
)
def test_networks_and_sites(address: str, counted: str, place: str) -> None:
    """/24 and /64; mapped addresses are the IPv4 ones they are; what is no address is itself."""
    assert network(address) == counted
    assert site(address) == place


def test_trusted() -> None:
    """By network of either kind; a bare address is a network of one."""
    trusted = Trusted(("10.0.0.0/8", "2001:db8::/32", "192.0.2.1"))

    assert all(address in trusted for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.1"))
    assert not any(address in trusted for address in ("11.1.2.3", "2001:db9::1", "192.0.2.2", "", "unix"))
    with pytest.raises(ValueError, match=r"10\.0\.0\.300"):
        Trusted(("10.0.0.300",))


def test_loopback() -> None:
    """In every spelling."""
    assert all(loopback(address) for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"))
    assert not any(loopback(address) for address in ("10.0.0.1", "::2", "", "localhost"))
