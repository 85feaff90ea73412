"""What one user may do with the mailboxes that his names lead to, by their lists.

What he may not look up does not exist for him: whoever is refused learns no more of it than that.
"""

from mailaccess.storage.account import Account
from mailaccess.storage.acl import Acl
from mailaccess.storage.errors import InvalidName, NoSuchMailbox, NotPermitted, NotSelectable
from mailaccess.storage.folders import SEPARATOR, normal_name, parents
from mailaccess.storage.namespaces import Namespaces, Place
from mailaccess.storage.rights import CREATE, LOOKUP, Rights

_NO_RIGHT_TO_CREATE = "you have no right to create a mailbox there"


class Authorization:
    """One user's. For threads."""

    def __init__(self, user: str, account: Account, names: Namespaces) -> None:
        self._user = user
        self._own = account
        self._names = names

    def granted(self, found: Acl, place: Place) -> Rights:
        """What a list gives him."""
        return found.of(self._user, owner=place.account is self._own)

    def rights(self, place: Place) -> Rights:
        """What he may do there. NotSelectable; NoSuchMailbox, also where the name is only the parent of mailboxes that
        he cannot see."""
        try:
            return self.granted(place.account.acls.of(place.name), place)
        except NoSuchMailbox:
            raise NoSuchMailbox(f"there is no mailbox {place.asked}") from None
        except NotSelectable:
            if place.account is self._own or any(
                name.startswith(place.name + SEPARATOR) for name in self.visible(place)
            ):
                raise NotSelectable(f"{place.asked} is only the parent of other mailboxes") from None
            raise NoSuchMailbox(f"there is no mailbox {place.asked}") from None

    def require(self, place: Place, needed: str) -> Rights:
        """The same, if he has all the rights needed. NotPermitted, or where he may not look it up NoSuchMailbox."""
        found = self.rights(place)
        if not set(needed) <= found:
            if LOOKUP in found:
                raise NotPermitted(f"you have no right to do that with {place.asked}")
            raise NoSuchMailbox(f"there is no mailbox {place.asked}")
        return found

    def visible(self, place: Place) -> list[str]:
        """The mailboxes of an account that he may look up."""
        return [name for name, found in self.listed(place).items() if LOOKUP in found]

    def listed(self, place: Place) -> dict[str, Rights]:
        """His rights to the mailboxes of an account that have a list."""
        return {name: self.granted(found, place) for name, found in place.account.acls.all().items()}

    def new_place(self, name: str) -> Place:
        """Where a mailbox may be made: needs "k" on the nearest parent that exists; without one only the owner may (RFC
        4314 section 4). Whoever may not, learns nothing of who is there and what he has."""
        if self._names.is_root(name):
            raise InvalidName(f"{name} is the place of mailboxes that others share")
        try:
            place = self._names.place(name)
        except NoSuchMailbox:
            raise NotPermitted(_NO_RIGHT_TO_CREATE) from None
        bare = normal_name(place.name)
        nearest = next(filter(place.account.has, reversed(parents(bare))), None)
        if CREATE not in self.granted(Acl() if nearest is None else place.account.acls.of(nearest), place):
            raise NotPermitted(_NO_RIGHT_TO_CREATE)
        return place
