"""When Python looks for objects that only refer to each other.

A look at all objects takes as long as there are objects: with some thousand sessions the reactor stood still for half a
second, and the more a server had to do, the more often. But sessions leave nothing of that kind behind, all else very
little. So what is new is looked at as ever, in steps that nobody feels, and the rest hardly ever.
"""

import gc
from typing import Any

from twisted.internet.task import LoopingCall

NEW = 2_000
"""Objects more than at the last look, at which those that came since are looked at: less than a millisecond."""
ROUNDS = 5
"""Such looks, after which what was new at the last ones is looked at once more."""
NEVER = 1_000_000
INTERVAL = 300.0
"""Seconds between two occasions for a look at all objects."""
MANY = 100
"""Times `NEW` * `ROUNDS` objects that must have come before such an occasion is used."""


def keep() -> None:
    """What there is now stays: it is never looked at again, and processes forked from this one share its memory."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW, ROUNDS, NEVER)


def sweep(reactor: Any) -> None:
    """For as long as the reactor runs, looks at all objects when that may be worth its while."""
    loop = LoopingCall(_look)
    loop.clock = reactor
    loop.start(INTERVAL, now=False)


def _look() -> None:
    if gc.get_count()[2] >= MANY:
        gc.collect()
