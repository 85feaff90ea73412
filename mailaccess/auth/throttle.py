"""How much failed logins slow down the next ones: the arithmetic, without any store."""

import math
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


@dataclass(frozen=True, slots=True)
class Throttle:
    """Delays in seconds. A count of failures halves every `half_life` seconds."""

    base: float = 0.5  # after the first failure; doubles with each further one
    cap: float = 15.0  # at most, which a mail client still sits out
    known_cap: float = 2.0  # at most, for an account in a network it has logged in from
    strangers: float = 1.0  # at most, between two guesses at an account from different networks that it never used
    patience: float = 30.0  # who would have to wait longer for a turn gets none
    free: int = 5  # failures of a network, over all accounts, that cost nothing: people mistype
    half_life: float = 300.0
    known_for: float = 30 * 86400.0  # how long a network stays known after a login

    def decayed(self, count: float, age: float) -> float:
        """What is left of a count after `age` seconds."""
        return count * math.exp2(-max(0.0, age) / self.half_life)

    def delay(self, count: float) -> float:
        """What so many failures cost."""
        if count < 0.5:
            return 0.0
        return min(self.cap, self.base * math.exp2(min(count - 1, 64)))


@lru_cache(1024)
def network(address: str) -> str:
    """What is counted as one network: an IPv4 /24, an IPv6 /64, or the text itself where it is no IP address."""
    parsed = _parsed(address)
    if parsed is None:
        return address
    return str(ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False))


def site(address: str) -> str:
    """What is counted as one address: an IPv4 address, an IPv6 /64 (one customer has that many)."""
    parsed = _parsed(address)
    return network(address) if parsed is None or parsed.version == 6 else str(parsed)


class Trusted:
    """Networks that are never slowed down as such: proxies, webmail hosts."""

    def __init__(self, networks: tuple[str, ...] = ()) -> None:
        """ValueError names a network that is none."""
        self._networks = [ip_network(text, strict=False) for text in networks]

    def __contains__(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in known for known in self._networks)


def loopback(address: str) -> bool:
    """Is it this machine?"""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


@lru_cache(1024)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return parsed.ipv4_mapped
    return parsed
