"""How many connections one address may have in this process, logged in or not: checked before a session begins."""

import logging
from collections import Counter

from mailaccess.auth.throttle import Trusted, site

log = logging.getLogger(__name__)


class Crowd:
    """Counts connections by address (IPv6: by /64). Used in the reactor's thread only."""

    def __init__(self, per_address: int = 200, trusted: Trusted | None = None) -> None:
        """`trusted` networks are not counted: webmail, proxies, a NAT of many users."""
        self._per_address = per_address
        self._trusted = trusted or Trusted()
        self._here: Counter[str] = Counter()
        self._turned_away: set[str] = set()  # since they last had a connection less

    def enter(self, address: str) -> str | None:
        """Counts a connection; what to `leave` with, or None if the address has too many."""
        if address in self._trusted:
            return ""
        place = site(address)
        if self._here[place] >= self._per_address:
            if place not in self._turned_away:
                self._turned_away.add(place)
                log.warning("too many connections", extra={"address": address, "limit": self._per_address})
            return None
        self._here[place] += 1
        return place

    def leave(self, place: str) -> None:
        """The connection is gone."""
        if not place:
            return
        self._turned_away.discard(place)
        self._here[place] -= 1
        if not self._here[place]:
            del self._here[place]
