"""How many connections this process may have, in all and from one address: checked before a session begins."""

import logging
from collections import Counter

from mailaccess.auth.throttle import Trusted, site

log = logging.getLogger(__name__)


class Crowd:
    """Counts connections by address (IPv6: by /64). Used in the reactor's thread only."""

    def __init__(self, per_address: int = 200, trusted: Trusted | None = None, total: int = 10_000) -> None:
        """`trusted` networks count in `total` only: webmail, proxies, a NAT of many users."""
        self._per_address = per_address
        self._total = total
        self._all = 0
        self._full = False  # and that is logged, once until half of them have gone
        self._trusted = trusted or Trusted()
        self._here: Counter[str] = Counter()
        self._turned_away: set[str] = set()  # since they last had a connection less

    def enter(self, address: str) -> str | None:
        """Counts a connection; what to `leave` with, or None if there are too many."""
        if self._all >= self._total:
            if not self._full:
                self._full = True
                log.warning("too many connections in all", extra={"limit": self._total})
            return None
        if address in self._trusted:
            self._all += 1
            return ""
        place = site(address)
        if self._here[place] >= self._per_address:
            if place not in self._turned_away:
                self._turned_away.add(place)
                log.warning("too many connections", extra={"address": address, "limit": self._per_address})
            return None
        self._all += 1
        self._here[place] += 1
        return place

    def leave(self, place: str) -> None:
        """The connection is gone."""
        self._all -= 1
        if self._all <= self._total // 2:
            self._full = False
        if not place:
            return
        self._turned_away.discard(place)
        self._here[place] -= 1
        if not self._here[place]:
            del self._here[place]
