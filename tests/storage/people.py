"""Users who share mailboxes."""

from typing import NamedTuple

from mailaccess.storage.access import Access
from mailaccess.storage.acl import Who


class Known(NamedTuple):
    """A user."""

    user: str
    home: str | None = None


ANN, BOB = Who("user", "ann"), Who("user", "bob")
PEOPLE = {name: Known(name) for name in ("ann", "bob", "carol")}


def share(access: Access, name: str, letters: str, who: Who = BOB) -> None:
    """Gives somebody rights to a mailbox."""
    access.change_acl(name, who, letters)
