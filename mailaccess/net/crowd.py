"""How many connections one address may have in this process, logged in or not: checked before a session begins."""

from collections import Counter

from mailaccess.auth.throttle import Trusted, site


class Crowd:
    """Counts connections by address (IPv6: by /64). Used in the reactor's thread only."""

    def __init__(self, per_address: int = 200, trusted: Trusted | None = None) -> None:
        """`trusted` networks are not counted: webmail, proxies, a NAT of many users."""
        self._per_address = per_address
        self._trusted = trusted or Trusted()
        self._here: Counter[str] = Counter()

    def enter(self, address: str) -> str | None:
        """Counts a connection; what to `leave` with, or None if the address has too many."""
        if address in self._trusted:
            return ""
        place = site(address)
        if self._here[place] >= self._per_address:
            return None
        self._here[place] += 1
        return place

    def leave(self, place: str) -> None:
        """The connection is gone."""
        if not place:
            return
        self._here[place] -= 1
        if not self._here[place]:
            del self._here[place]
