"""What one user comes at: his own mail under its own names, and below two prefixes what others let him have.

`Users/bob/Tickets` is bob's mailbox Tickets, `Shared/News` that of the account that is everybody's. Nobody learns here
of a mailbox that he may not look up: for him it does not exist.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mailaccess.storage import rights
from mailaccess.storage.account import Account, MailboxEntry
from mailaccess.storage.acl import Acl, Who
from mailaccess.storage.authorization import Authorization
from mailaccess.storage.errors import InvalidName, NoSuchMailbox, NotPermitted, NotSelectable, StorageError
from mailaccess.storage.feed import Feed
from mailaccess.storage.folders import INBOX, SEPARATOR, parents
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.metadata import Annotations, Metadata, Owned
from mailaccess.storage.namespaces import Namespaces, Opened, Place, Sharing
from mailaccess.storage.quota_roots import QuotaRoots
from mailaccess.storage.rights import ADMINISTER, CREATE, DELETE, LOOKUP, POST, READ, Rights
from mailaccess.storage.status import Status
from mailaccess.storage.viewer import Viewer

log = logging.getLogger(__name__)

_ANNOTATING = frozenset("rswip")
""" "the "l" right and any one of the "r", "s", "w", "i", or "p" rights" (RFC 5464 3.3)"""


@dataclass(frozen=True, slots=True)
class Realm:
    """One account as the user sees it, to be watched."""

    feed: Feed
    prefix: str  # before its mailboxes' names
    own: bool
    lists: Callable[[], dict[str, Rights]]  # the user's rights to the mailboxes that have a list; may wait

    @property
    def default(self) -> Rights:
        """To those that have none."""
        return rights.ALL if self.own else rights.NONE


class Access:
    """One user's. As with Account, all calls may wait for the disk: they are for threads."""

    def __init__(self, user: str, account: Account, sharing: Sharing | None, opened: Opened) -> None:
        self.user = user
        self.own = account
        self._sharing = sharing
        self._names = Namespaces(user, account, sharing, opened)
        self._authorization = Authorization(user, account, self._names)
        self.quota_roots = QuotaRoots(account, self._names, self._authorization)

    @property
    def root(self) -> Path:
        """Of the user's own mail."""
        return self.own.root

    @property
    def metadata(self) -> Metadata:
        """The annotations of the user's own mail."""
        return self.own.metadata

    # -- namespaces

    @property
    def others(self) -> str | None:
        """The prefix of other users' mailboxes."""
        return self._names.others

    @property
    def public(self) -> str | None:
        """The prefix of mailboxes that are everybody's."""
        return self._names.public

    def reaches_others(self, pattern: str) -> bool:
        """Can a pattern of LIST match a name below one of the prefixes, or the parent of all these?"""
        return self._names.reaches_others(pattern)

    def realms(self, *, foreign: bool) -> list[Realm]:
        """The user's own account, and with `foreign` those in which others share something with him."""
        places = [self._names.own, *(self._names.foreign() if foreign else ())]
        return [self._realm(place) for place in places]

    def listen(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Has `tell` called when there may be others who share something; returns what ends that."""
        return self._sharing.sharers.listen(tell) if self._sharing is not None else lambda: None

    # -- the tree

    def mailboxes(self, *, foreign: bool = True) -> list[MailboxEntry]:
        """All that the user may look up; with `foreign`, of others too."""
        entries = self.own.mailboxes()
        return [*entries, *self._foreign(entries)] if foreign else entries

    def with_statuses(self, *, foreign: bool, size: bool) -> tuple[list[MailboxEntry], Mapping[str, Status]]:
        """The same, and what `status` says, by name, of those of the user's own for which that costs little."""
        entries, statuses = self.own.with_statuses(size=size)
        return [*entries, *self._foreign(entries)] if foreign else entries, statuses

    def create(self, name: str, special_use: frozenset[str] = frozenset()) -> None:
        """Needs "k" on the nearest parent that exists. As Account.create."""
        place = self._authorization.new_place(name)
        place.account.create(place.name, special_use if place.account is self.own else frozenset())
        self._tell_sharers(place)

    def delete(self, name: str) -> None:
        """Needs "x". As Account.delete."""
        place = self._names.place(name)
        if place.account is not self.own or place.account.acls.has(place.name):
            self._authorization.require(place, DELETE)
        place.account.delete(place.name)
        self._tell_sharers(place)

    def rename(self, old: str, new: str) -> None:
        """Needs "x", and "k" on the nearest parent of the new name. As Account.rename."""
        source = self._names.place(old)
        foreign = source.account is not self.own
        if foreign or source.account.acls.has(source.name):
            self._authorization.require(source, DELETE)
        target = self._authorization.new_place(new)
        if source.account is not target.account:
            raise InvalidName("a mailbox cannot be renamed into another account")
        if foreign and source.name == INBOX:
            raise NotPermitted("only its owner can rename INBOX")
        source.account.rename(source.name, target.name)
        self._tell_sharers(target)

    def subscriptions(self) -> list[str]:
        """The user's, with names of others' mailboxes among them."""
        return self.own.subscriptions()

    def subscribe(self, name: str) -> None:
        """Subscribes to a name. InvalidName."""
        self.own.subscribe(self._names.spelled(name))

    def unsubscribe(self, name: str) -> None:
        """Ends a subscription, if there is one."""
        self.own.unsubscribe(self._names.spelled(name))

    def set_special_use(self, name: str, uses: frozenset[str]) -> None:
        """Replaces the special uses of one of the user's own mailboxes."""
        self._own_place(name).account.set_special_use(name, uses)

    # -- mailboxes

    def mailbox(self, name: str) -> Mailbox:
        """The mailbox, to be read: needs "r". NoSuchMailbox, NotSelectable, NotPermitted."""
        return self._open(self._names.place(name), READ)

    def selected(self, name: str) -> Mailbox:
        """The same; it may still be opening, see `Mailbox.is_opening`."""
        return self._open(self._names.place(name), READ, early=True)

    def at_hand(self, name: str) -> Mailbox | None:
        """`mailbox` where that takes microseconds, for the reactor: of one's own, and nothing has happened in it since
        it was last open."""
        return None if self._names.may_be_others(name) else self.own.at_hand(name)

    def target(self, name: str) -> Mailbox:
        """The mailbox, to put messages into: that itself needs the right."""
        at_hand = self.at_hand(name)
        return at_hand if at_hand is not None else self._open(self._names.place(name), "")

    def delivery(self, name: str) -> Mailbox:
        """The mailbox, for mail from outside: needs "p"."""
        return self._open(self._names.place(name), POST)

    def status(self, name: str, *, size: bool = True) -> Status:
        """Needs "r". As Account.status; what is unseen and recent is so for this user."""
        place = self._names.place(name)
        unlisted = place.account.unlisted_status(place.name, size=size) if place.account is self.own else None
        if unlisted is not None:
            return unlisted
        self._authorization.require(place, READ)
        return place.account.viewed_status(place.name, self._viewer(place), size=size)

    def status_at_hand(self, name: str, *, size: bool = True) -> Status | None:
        """The same where that takes microseconds: as `at_hand`."""
        return None if self._names.may_be_others(name) else self.own.status_at_hand(name, size=size)

    def guid(self, name: str) -> str:
        """The mailbox's GUID: any right lets the user ask."""
        place = self._names.place(name)
        self.rights(name)
        return place.account.guid(place.name)

    def maildrop_lock(self, rest: float = 0.0) -> AbstractContextManager[None]:
        """As Account.maildrop_lock: a maildrop is its owner's alone."""
        return self.own.maildrop_lock(rest)

    # -- annotations

    def annotations(self, name: str | None) -> Annotations:
        """Those of a mailbox, or with None of the user's own account. What is only the parent of mailboxes has none.

        Of others' it takes "l" and one of "rswip" (RFC 5464 3.3)."""
        if name is None:
            return self.own.annotations(None)
        place = self._names.place(name)
        if place.account is not self.own and not self._authorization.require(place, LOOKUP) & _ANNOTATING:
            raise NotPermitted(f"you have no right to the annotations of {name}")
        return place.account.annotations(place.name)

    def annotated(self) -> dict[str, Owned]:
        """All annotations of the user's own mail."""
        return self.own.annotated()

    # -- rights

    def rights(self, name: str) -> Rights:
        """What the user may do with a mailbox: any one of "lrikxa" lets him ask. NoSuchMailbox.

        Of a name that is listed only as the parent of mailboxes, he is told that it is: clients ask for all there are.
        """
        if self._is_parent_of_others(name):
            return frozenset(LOOKUP)
        place = self._names.place(name)
        try:
            found = self._authorization.rights(place)
        except NotSelectable:
            return frozenset(LOOKUP + CREATE) if place.account is self.own else frozenset(LOOKUP)
        if not found & rights.ANY_TELLS:
            raise NoSuchMailbox(f"there is no mailbox {name}")
        return found

    def acl(self, name: str) -> tuple[Acl, str | None]:
        """The mailbox's list, and whose account it is in: needs "a"."""
        place = self._names.place(name)
        self._authorization.require(place, ADMINISTER)
        return place.account.acls.of(place.name), place.owner

    def change_acl(self, name: str, who: Who, change: str | None, *, negative: bool = False) -> None:
        """SETACL, or with None DELETEACL: needs "a". UnknownRight."""
        place = self._names.place(name)
        self._authorization.require(place, ADMINISTER)
        place.account.acls.change(place.name, who, change, place.owner, negative=negative)
        self._tell_sharers(place)

    def tell_sharers(self) -> None:
        """Enters with whom the user shares something, by the lists as they are: another program may have made them."""
        self._tell_sharers(self._names.own)

    def known_name(self, identifier: str) -> str:
        """The user's name as it is stored, if there is such a user; else what was given."""
        found = self._names.lookup(identifier)
        return found.user if found is not None else identifier

    # -- inside

    def _foreign(self, own: list[MailboxEntry]) -> list[MailboxEntry]:
        """What others let the user look up, but for names that he uses himself."""
        entries: list[MailboxEntry] = []
        known = {entry.name for entry in own}
        for place in self._names.foreign():
            try:
                found = self._authorization.visible(place)
            except StorageError as error:
                log.warning("%s cannot be listed: %s", place.prefix, error)
                continue
            names = {place.full(name) for name in found}
            above = {parent for name in names for parent in parents(name)}
            added = {**{name: MailboxEntry(name, False) for name in above}, **_entries(place, found)}
            entries += [entry for name, entry in sorted(added.items()) if name not in known]
            known |= added.keys()
        return entries

    def _is_parent_of_others(self, name: str) -> bool:
        """The name of a namespace, or of a user in it who lets something be seen; or what Thunderbird makes of the
        first: it puts the prefix before what it takes for a mailbox in that namespace, and asks for `Users/Users`."""
        for prefix in filter(None, (self.others, self.public)):
            if name + SEPARATOR == prefix or name + SEPARATOR == prefix + prefix:
                return not self.own.has(name)
        if self.others is None or self._names.prefix(name) != self.others or SEPARATOR in name[len(self.others) :]:
            return False
        found = self._names.of(name[len(self.others) :])
        return found is not None and bool(self._authorization.visible(found))

    def _realm(self, place: Place) -> Realm:
        lists = partial(self._authorization.listed, place)
        return Realm(place.account.feed, place.prefix, place.account is self.own, lists)

    def _own_place(self, name: str) -> Place:
        place = self._names.place(name)
        if place.account is not self.own:
            raise NotPermitted("only the owner of a mailbox can do that")
        return place

    def _open(self, place: Place, needed: str, *, early: bool = False) -> Mailbox:
        own = place.account is self.own
        mailbox = place.account.unlisted(place.name, early=early) if own else None
        if mailbox is not None:
            return mailbox
        found = self._authorization.require(place, needed)
        if not needed and not found:
            raise NoSuchMailbox(f"there is no mailbox {place.asked}")
        if own and found == rights.ALL:
            return place.account.mailbox(place.name)
        return place.account.viewed(place.name, self._viewer(place))

    def _viewer(self, place: Place) -> Viewer:
        own = place.account is self.own
        personal = not own and self._sharing is not None and self._sharing.personal_flags
        return Viewer(self.user, own, personal, place.prefix)

    def _tell_sharers(self, place: Place) -> None:
        """Others find what is shared by asking who shares something with them."""
        if self._sharing is None or place.owner is None:
            return
        concerned = {who for each in place.account.acls.all().values() for who in each.concerned()}
        try:
            self._sharing.sharers.set(place.owner, concerned)
        except OSError as error:
            log.warning("nobody can be told what %s shares: %s", place.owner, error)


def _entries(place: Place, names: list[str]) -> dict[str, MailboxEntry]:
    """Special uses are their owner's: nobody should file his drafts there for that."""
    return {place.full(name): MailboxEntry(place.full(name)) for name in names}
