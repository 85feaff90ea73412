"""An account's subscriptions: Dovecot's `subscriptions`, version 2 and the older one, else `courierimapsubscribed`."""

from collections.abc import Iterable
from pathlib import Path


def read_subscriptions(root: Path) -> list[str]:
    """The subscribed names, sorted. They need not exist as mailboxes."""
    raise NotImplementedError


def change_subscriptions(root: Path, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    """Adds and removes names, durably and under a lock; written as version 2. Lines we cannot read are kept."""
    raise NotImplementedError
