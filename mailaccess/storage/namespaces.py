"""Where the names lead that one user gives to mailboxes: into his own mail, another user's, or what is everybody's.

Who may see what is found there is not known here; see `access`.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

from mailaccess.storage.account import Account
from mailaccess.storage.errors import InvalidName, NoSuchMailbox, StorageError, Unavailable
from mailaccess.storage.folders import SEPARATOR, normal_name
from mailaccess.storage.sharers import Sharers

log = logging.getLogger(__name__)


class Known(Protocol):
    """A user who exists."""

    @property
    def user(self) -> str:
        """The name as it is stored."""

    @property
    def home(self) -> str | None:
        """Where the mail is, if not where it usually is."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How mail is shared. A namespace without a name is not there."""

    lookup: Callable[[str], Known | None]  # who has an account; may wait
    sharers: Sharers
    users: str = "Users"  # other users' mailboxes stand below this name
    shared: str = "Shared"  # those of `public`, below this one
    public: str = ""  # the account that is everybody's
    personal_flags: bool = True  # each user's \Seen and keywords in others' mailboxes are his own


class Place(NamedTuple):
    """A mailbox's name, understood; with an empty name, an account."""

    account: Account
    name: str  # there
    owner: str | None  # whose account it is; None: everybody's
    prefix: str  # before its name here
    asked: str = ""  # as the client called it: nothing else is said of what he may not know of

    def full(self, name: str) -> str:
        """What a mailbox of the account is called here."""
        return self.prefix + name


Opened = Callable[[str, str | None], Account]
"""Opens the account of a user, with his home."""


class Namespaces:
    """One user's. Looking for others may wait for the disk."""

    def __init__(self, user: str, account: Account, sharing: Sharing | None, opened: Opened) -> None:
        self._user = user
        self._account = account
        self._sharing = sharing
        self._opened = opened

    @property
    def own(self) -> Place:
        """The user's own mail."""
        return Place(self._account, "", self._user, "")

    @property
    def others(self) -> str | None:
        """The prefix of other users' mailboxes."""
        return self._sharing.users + SEPARATOR if self._sharing and self._sharing.users else None

    @property
    def public(self) -> str | None:
        """The prefix of mailboxes that are everybody's."""
        sharing = self._sharing
        return sharing.shared + SEPARATOR if sharing and sharing.shared and sharing.public else None

    def reaches_others(self, pattern: str) -> bool:
        """Can a pattern of LIST match a name below one of the prefixes, or the parent of all these?"""
        plain = pattern.partition("*")[0].partition("%")[0]
        prefixes = filter(None, (self.others, self.public))
        return any(prefix.startswith(plain) or plain.startswith(prefix) for prefix in prefixes)

    def is_root(self, name: str) -> bool:
        """Is it the name below which those of others are? A mailbox of one's own that is called so goes first."""
        return name + SEPARATOR in (self.others, self.public) and not self._account.has(name)

    def prefix(self, name: str) -> str | None:
        """That of the namespace of others that a name is in; a mailbox of one's own that is called so goes first."""
        prefix = self._prefix(name)
        return None if prefix is None or self._account.has(name) else prefix

    def may_be_others(self, name: str) -> bool:
        """It begins like that of another's mailbox; looks at no disk."""
        return self._prefix(name) is not None

    def spelled(self, name: str) -> str:
        """The one spelling of a name: INBOX in capitals, also another's."""
        prefix = self.prefix(name)
        if prefix is None:
            return name
        if prefix == self.public:
            return prefix + normal_name(name[len(prefix) :])
        user, separator, rest = name[len(prefix) :].partition(SEPARATOR)
        return prefix + user + separator + (normal_name(rest) if rest else "")

    def place(self, name: str) -> Place:
        """NoSuchMailbox where there is no such user; InvalidName, Unavailable."""
        prefix = self.prefix(name)
        if prefix is None:
            return self.own._replace(name=name, asked=name)
        rest = normal_name(name[len(prefix) :])  # whoever's it may be
        if prefix == self.public:
            found = self.everybodys()
        else:
            user, _, rest = rest.partition(SEPARATOR)
            found = self.of(user)
        if found is None or not rest:
            raise NoSuchMailbox(f"there is no mailbox {name}")
        return found._replace(name=rest, asked=name)

    def of(self, user: str) -> Place | None:
        """The account of a user; None if nobody is called so. Unavailable."""
        if user == self._user:
            return Place(self._account, "", user, f"{self.others}{user}{SEPARATOR}")
        found = self.lookup(user)
        account = self._open(found.user, found.home) if found is not None else None
        if found is None or account is None:
            return None
        return Place(account, "", found.user, f"{self.others}{found.user}{SEPARATOR}")

    def everybodys(self) -> Place | None:
        """The account that is everybody's, which need not be a user's. Unavailable."""
        if self._sharing is None or self.public is None:
            return None
        user = self._sharing.public
        if user == self._user:
            return Place(self._account, "", None, self.public)
        found = self.lookup(user)
        account = self._open(user, None) if found is None else self._open(found.user, found.home)
        return Place(account, "", None, self.public) if account is not None else None

    def foreign(self) -> Iterator[Place]:
        """An account in which there may be something for this user, after the other. What cannot be reached just now is
        passed over: nobody else's is hidden by that."""
        public = self._sharing.public if self._sharing is not None and self.public is not None else ""
        for user in sorted(self._sharers() - {self._user, public}):
            yield from _reached(user, partial(self.of, user))
        if public != self._user:
            yield from _reached(public, self.everybodys)

    def lookup(self, user: str) -> Known | None:
        """Who is called so. Unavailable where nobody can be looked up just now."""
        try:
            return self._sharing.lookup(user) if user and self._sharing is not None else None
        except OSError as error:
            log.warning("users cannot be looked up: %s", error)
            raise Unavailable("other users cannot be looked up just now") from None

    def _prefix(self, name: str) -> str | None:
        return next((p for p in (self.others, self.public) if p is not None and name.startswith(p)), None)

    def _sharers(self) -> set[str]:
        """Who shares something with this user."""
        if self._sharing is None or self.others is None:
            return set()
        try:
            return self._sharing.sharers.of(self._user)
        except OSError as error:
            log.warning("who shares something cannot be read: %s", error)
            return set()

    def _open(self, user: str, home: str | None) -> Account | None:
        try:
            return self._opened(user, home)
        except InvalidName:
            return None


def _reached(user: str, find: Callable[[], Place | None]) -> list[Place]:
    """What is found, if it can be reached just now."""
    try:
        found = find()
    except (StorageError, OSError) as error:
        log.warning("the mail of %s cannot be listed: %s", user, error)
        return []
    return [found] if found is not None else []
