"""The quota roots of RFC 9208 that one user knows: the names under which accounts count their messages."""

from mailaccess.storage.account import Account
from mailaccess.storage.authorization import Authorization
from mailaccess.storage.errors import NoSuchQuotaRoot, NotPermitted
from mailaccess.storage.folders import SEPARATOR, normal_name
from mailaccess.storage.namespaces import Namespaces
from mailaccess.storage.quota import Limits, Usage
from mailaccess.storage.rights import READ

OWN = "User quota"
"""That of one's own mail; as in Dovecot, since clients show it. Of another user's, with his name behind it."""
SHARED = "Shared quota"
"""That of the account that is everybody's."""


class QuotaRoots:
    """One user's: his own, and those of accounts in which he may read something. For threads."""

    def __init__(self, account: Account, names: Namespaces, authorization: Authorization) -> None:
        self._own = account
        self._names = names
        self._authorization = authorization

    def of(self, name: str) -> str:
        """That of a mailbox. It need not exist where it is one's own; another's needs "r", as his usage is nobody
        else's business. NoSuchMailbox, NotPermitted."""
        place = self._names.place(name)
        if place.account is self._own:
            normal_name(place.name)
            return OWN
        self._authorization.require(place, READ)
        return SHARED if place.owner is None else OWN + SEPARATOR + place.owner

    def look(self, root: str) -> tuple[Usage, Limits] | None:
        """What is counted there, and the limits; without limits nothing is counted. NoSuchQuotaRoot, also where the
        user may read nothing of it."""
        account = self._account(root)
        limits = account.limits()
        return (account.usage(), limits) if limits != Limits() else None

    def limit(self, root: str, limits: Limits) -> None:
        """Sets limits: everybody his own. NoSuchQuotaRoot, NotPermitted."""
        if self._account(root) is not self._own:
            raise NotPermitted("only the owner of the mail can limit it")
        self._own.set_limits(limits)

    def _account(self, root: str) -> Account:
        if root == OWN:
            return self._own
        found = None
        if root == SHARED:
            found = self._names.everybodys()
        elif self._names.others is not None and root.startswith(OWN + SEPARATOR):
            found = self._names.of(root[len(OWN + SEPARATOR) :])
        if found is not None:
            lists = found.account.acls.all().values()
            if found.account is self._own or any(READ in self._authorization.granted(each, found) for each in lists):
                return found.account
        raise NoSuchQuotaRoot(f"there is no quota root {root}")
