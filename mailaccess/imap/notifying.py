"""NOTIFY at work: what happens is told when it happens, also in mailboxes that are not selected (RFC 5465).

What concerns the selected mailbox is told by `session.update`, as the client wants it; all else here, by comparing the
account as its feed shows it with what the client was told. A burst of changes is told once, as it ended.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

from mailaccess.imap import annotation_news, render
from mailaccess.imap.changes import NameChanges, affected, is_news, is_own, name_changes
from mailaccess.imap.events import MESSAGES, NO_EVENT, Event, Group, Selected, Wishes
from mailaccess.imap.fetching import Answer, plan_for
from mailaccess.imap.listed import change_response
from mailaccess.imap.plan import Asked
from mailaccess.imap.session import Session
from mailaccess.imap.view import Ranges
from mailaccess.storage.access import Access, Realm
from mailaccess.storage.account import MailboxEntry
from mailaccess.storage.errors import LimitReached, StorageError
from mailaccess.storage.feed import Listener
from mailaccess.storage.index.sums import Sums
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.picture import Picture
from mailaccess.storage.rights import LOOKUP, READ, Rights
from mailaccess.wire.traps import call, drained

log = logging.getLogger(__name__)

_ROUNDS = 3
"""How often an account is looked at in a row: to watch another mailbox may show more."""


class _Told:
    """One account as the client was told of it. Names are those in the account, without the realm's prefix."""

    def __init__(self, realm: Realm, listener: Listener) -> None:
        self.realm = realm
        self.listener = listener
        self.picture = Picture()
        self.rights: Mapping[str, Rights] = {}  # to mailboxes that have a list
        self.subscribed: frozenset[str] = frozenset()  # by which `events` was made
        self.events: dict[str, Event] = {}  # of all that the client can see
        self.denied: set[str] = set()  # of these, what it may not read
        self.watched: list[str] = []  # of these, those whose messages are watched
        self.sums: dict[str, Sums] = {}  # of the watched
        self.unseen: dict[str, int] = {}  # what was told of that in others' mailboxes, where each user has his own

    def may(self, name: str) -> Rights:
        return self.rights.get(name, self.realm.default)


class AccountNotifier:
    """What one NOTIFY asked for; see session.Notifier."""

    def __init__(self, session: Session, wishes: Wishes) -> None:
        self._session = session
        self._wishes = wishes
        self._asked = Asked(wishes.selected.items)  # of new messages
        self._accounts: list[_Told] = []
        self._subscribed: frozenset[str] = frozenset()
        self._selected = ""  # GUID of the mailbox that was selected when the client was last told
        self._brought: dict[str, set[int]] = {}  # by GUID: UIDs of messages that this client put there
        self._stop_listening: Callable[[], None] | None = None
        self._others_share = False  # perhaps there are accounts that are not among those above

    # -- for the session

    @property
    def selected(self) -> Selected:
        return self._wishes.selected

    @property
    def attentive(self) -> bool:
        return self._wishes.anything

    @property
    def patience(self) -> float | None:
        return min((p for told in self._accounts if (p := told.listener.patience) is not None), default=None)

    def brought(self, mailbox: Mailbox, uids: Collection[int]) -> None:
        self._brought.setdefault(mailbox.guid, set()).update(uids)

    def give_up(self, reason: str) -> None:
        # "It MUST notify these clients by sending an untagged "OK [NOTIFICATIONOVERFLOW]" response and behave as if a
        # NOTIFY NONE command had just been received" (5.8)
        self._session.untagged(b"OK [NOTIFICATIONOVERFLOW] " + render.status_text(reason))
        self.close()
        self._wishes = Wishes()

    def close(self) -> None:
        for told in self._accounts:
            told.listener.close()
        self._accounts = []
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    async def begin(self) -> None:
        """Takes things as they are for told, and tells what NOTIFY SET itself does. LimitReached."""
        if not any(group.events for group in self._wishes.groups):
            return
        access = self._session.account
        foreign = any(_reaches_others(access, group) for group in self._wishes.groups)
        await call(self._listen, access, foreign=foreign)
        denied: list[str] = []
        for told in self._accounts:
            await self._take(told, await call(told.listener.look))
            picture = await call(told.listener.look)
            await self._take(told, picture)
            told.sums = {name: picture.sums[name] for name in told.watched if name in picture.sums}
            denied += (told.realm.prefix + name for name in told.denied)
        await self._list(dict.fromkeys(sorted(denied), ""), access=False)
        self._selected = self._selected_guid()
        if self._wishes.status:
            for told in self._accounts:
                for name, sums in told.sums.items():
                    if sums.guid != self._selected:
                        # "If either AnnotationChange or FlagChange are included and the server also supports the
                        # CONDSTORE ... extensions, the STATUS response MUST contain UIDVALIDITY and HIGHESTMODSEQ"
                        modseq = Event.FLAGS in told.events[name]
                        seen = await self._as_seen(told, name, sums)
                        await self._status(told, name, seen, modseq=modseq or self._session.condstore)

    async def tell(self, arrived: Ranges) -> None:
        """Tells what has happened since, but for what this client did."""
        try:
            await self._fetch(arrived)
            if self._others_share:
                self._others_share = False
                await call(self._listen, self._session.account, foreign=True)
            if self._session.done is not None and self._accounts:
                self._accounts[0].listener.hear()  # what this client did is told from what others do: by when
            for told in self._accounts:
                for _ in range(_ROUNDS):
                    if not told.listener.differs(told.picture) and told.subscribed is self._subscribed:
                        break
                    await self._tell_changes(told, await call(told.listener.look))
            self._selected = self._selected_guid()
            self._brought.clear()
        except LimitReached as reached:
            self.give_up(str(reached))
        except StorageError as error:  # the command that is under way is not to blame, and has been done
            log.warning("a client cannot be notified: %s", error)

    # -- the selected mailbox

    async def _fetch(self, arrived: Ranges) -> None:
        """What was asked for of new messages. "A FETCH response SHOULD NOT be generated for a new message created by
        the client on this particular connection" (5.2). What a search that is kept up to date asks for
        comes in responses of its own."""
        session = self._session
        if not arrived or not self.selected.items or session.selected is None:
            return
        view = session.selected
        own = self._brought.get(view.mailbox.guid, set())
        new = [uid for uid in view.uids(arrived) if uid not in own]
        plan = plan_for(session, self._asked, with_uid=session.rev2)  # which nobody asked for (RFC 9051 7.5.2)
        # None of them sets \Seen: nobody has read the message.
        await Answer(session, plan).send(view.resolve(tuple((uid, uid) for uid in new), by_uid=True))

    def _selected_guid(self) -> str:
        view = self._session.selected
        return view.mailbox.guid if view is not None else ""

    # -- an account

    def _hear_of_others(self) -> None:
        """In any thread."""
        self._others_share = True
        self._session.channel.wake()

    def _listen(self, access: Access, *, foreign: bool) -> None:
        """Blocking: to all accounts that are not listened to. What `close` has to end stands here before it returns:
        by then the client may be gone."""
        if foreign and self._stop_listening is None:
            self._stop_listening = access.listen(self._hear_of_others)
        known = {told.realm.feed for told in self._accounts}
        for realm in access.realms(foreign=foreign):
            if realm.feed not in known:
                self._accounts.append(_Told(realm, realm.feed.listen(self._session.channel.wake)))

    async def _take(self, told: _Told, picture: Picture) -> None:
        """Makes of the picture what the client can see and wants to be told of it, and has that watched."""
        before, lists = told.picture, told.rights
        if picture.lists is not before.lists:
            lists = await call(told.realm.lists) if picture.lists else {}
        told.picture, told.rights = picture, lists
        if told.realm.own:
            self._subscribed = picture.subscriptions
        if picture.tree is before.tree and picture.lists is before.lists and told.subscribed is self._subscribed:
            return
        told.subscribed = self._subscribed
        told.events = {name: self._of(told, name) for name in picture.tree if LOOKUP in told.may(name)}
        told.denied = {name for name, events in told.events.items() if events and READ not in told.may(name)}
        told.watched = [n for n, events in told.events.items() if events & MESSAGES and n not in told.denied]
        await call(told.listener.watch, told.watched)

    def _of(self, told: _Told, name: str) -> Event:
        full = told.realm.prefix + name
        return self._wishes.of(full, personal=told.realm.own, subscribed=full in self._subscribed)

    async def _tell_changes(self, told: _Told, picture: Picture) -> None:
        before, events, denied, subscribed = told.picture, told.events, told.denied, self._subscribed
        watched = told.watched
        await self._take(told, picture)
        if told.watched != watched:
            try:
                await self._take(told, await call(told.listener.look))  # into what has come to be watched
            except StorageError as error:
                log.warning("what has come to be watched cannot be looked at: %s", error)
        picture = told.picture
        changes = name_changes(before, picture, events, told.events)
        await self._tell_names(told, changes, events, subscribed ^ self._subscribed if told.realm.own else frozenset())
        await self._tell_access(told, changes, events, denied)
        await self._tell_messages(told, changes)
        if picture.annotations is not before.annotations or changes.come:
            self._tell_annotations(told, changes, before)

    async def _tell_names(
        self, told: _Told, changes: NameChanges, before: Mapping[str, Event], subscriptions: Collection[str]
    ) -> None:
        """MailboxName and SubscriptionChange (5.4, 5.5), in one LIST response for each name."""
        prefix = told.realm.prefix
        own_names, own_pair, own_subscription = _own(self._session)

        def wanted(name: str) -> bool:
            return bool(Event.NAME & (before.get(name, NO_EVENT) | told.events.get(name, self._of(told, name))))

        names: dict[str, str] = {}
        for new, old in changes.told_renames().items():
            if (wanted(new) or wanted(old)) and (prefix + old, prefix + new) != own_pair:
                names[prefix + new] = prefix + old
        there = {prefix + name for name in affected(changes.come | changes.gone) if wanted(name)}
        names |= dict.fromkeys(sorted(there - affected(own_names) - names.keys()), "")
        for name in sorted(subscriptions):
            personal = not _is_foreign(self._session.account, name)
            if name != own_subscription and Event.SUBSCRIPTION & self._wishes.of(
                name, personal=personal, subscribed=True
            ):
                names.setdefault(name, "")
        await self._list(names)

    async def _tell_access(
        self, told: _Told, changes: NameChanges, before: Mapping[str, Event], denied: Collection[str]
    ) -> None:
        """What can no longer be read, or again (5.9)."""
        lost = {n for n in changes.gone if n in told.picture.tree and before[n] and not before[n] & Event.NAME}
        prefix = told.realm.prefix
        await self._list({prefix + name: "" for name in sorted((told.denied - set(denied)) | lost)}, access=False)
        granted = (set(denied) - told.denied) & told.events.keys()
        await self._list({prefix + name: "" for name in sorted(granted)})

    async def _list(self, names: Mapping[str, str], *, access: bool = True) -> None:
        """LIST responses for names; each with the one it had before, if it had another."""
        if not names:
            return
        session = self._session
        foreign = any(_is_foreign(session.account, name) for name in names)
        found = await call(partial(session.account.mailboxes, foreign=foreign))
        entries: dict[str, MailboxEntry] = {entry.name: entry for entry in found}
        for name, old in names.items():
            subscribed = name in self._subscribed
            session.untagged(change_response(session, name, entries, subscribed=subscribed, access=access, old=old))
            await self._breathe()

    # -- messages

    async def _tell_messages(self, told: _Told, changes: NameChanges) -> None:
        """MessageNew, MessageExpunge and FlagChange in mailboxes that are not selected (5.1 to 5.3)."""
        selected, condstore = self._selected_guid(), self._session.condstore
        for new, old in changes.renamed.items():
            if old in told.sums:
                told.sums[new] = told.sums.pop(old)
        before, told.sums = told.sums, {}
        sums = told.picture.sums
        for name in told.watched:
            now = sums.get(name)
            if now is None:
                continue
            known = told.sums[name] = before.get(name, now)
            if known is now and name not in changes.come:
                continue
            told.sums[name] = now
            own = self._brought.get(now.guid)
            # What was selected until now was told of by its own means.
            if now.guid in (selected, self._selected) or (own and known is not now and is_own(known, now, own)):
                continue
            known = known._replace(unseen=told.unseen.get(name, known.unseen))
            now = await self._as_seen(told, name, now)
            if is_news(None if name in changes.come else known, now, told.events[name], condstore=condstore):
                await self._status(told, name, now, modseq=condstore)

    async def _as_seen(self, told: _Told, name: str, sums: Sums) -> Sums:
        """The sums as this user has them."""
        if told.realm.own or Event.FLAGS not in told.events[name]:
            return sums
        try:
            own = await call(partial(self._session.account.status, told.realm.prefix + name, size=False))
        except StorageError as error:
            log.warning("what is unseen in %s cannot be told: %s", told.realm.prefix + name, error)
            return sums
        told.unseen[name] = own.unseen
        return sums._replace(unseen=own.unseen)

    async def _status(self, told: _Told, name: str, sums: Sums, *, modseq: bool) -> None:
        session, full = self._session, told.realm.prefix + name
        items = [b"MESSAGES %d UIDNEXT %d UIDVALIDITY %d" % (sums.messages, sums.uidnext, sums.uidvalidity)]
        items += [b"UNSEEN %d" % sums.unseen] if Event.FLAGS in told.events[name] else []
        items += [b"HIGHESTMODSEQ %d" % sums.highestmodseq] if modseq else []
        session.untagged(b"STATUS %s (%s)" % (render.mailbox(full, utf8=session.utf8), b" ".join(items)))
        await self._breathe()

    async def _breathe(self) -> None:
        if self._session.channel.full:
            await drained()

    # -- annotations

    def _tell_annotations(self, told: _Told, changes: NameChanges, before: Picture) -> None:
        """MailboxMetadataChange and ServerMetadataChange (5.6, 5.7)."""
        session, prefix = self._session, told.realm.prefix
        own_place, own_names = _own_annotations(session)
        places: Iterable[tuple[str, str]] = [
            (name, changes.renamed.get(name, name))
            for name, events in told.events.items()
            if Event.MAILBOX_METADATA in events and name not in told.denied
        ]
        if told.realm.own and self._wishes.any_of(Event.SERVER_METADATA):
            places = [("", ""), *places]
        for name, old in places:
            was, now = before.annotations.get(old, {}), told.picture.annotations.get(name, {})
            if was is now:
                continue
            names = annotation_news.differing(session, was, now)
            place = prefix + name
            annotation_news.tell_changed(
                session, place, [n for n in names if place != own_place or n.lower() not in own_names]
            )


def _reaches_others(access: Access, group: Group) -> bool:
    """It may concern mailboxes that are not the user's own."""
    if not group.events:
        return False
    return group.which == b"SUBSCRIBED" or any(map(access.reaches_others, group.names))


def _is_foreign(access: Access, name: str) -> bool:
    """It is the name of a mailbox that others share."""
    return any(prefix is not None and name.startswith(prefix) for prefix in (access.others, access.public))


def _own(session: Session) -> tuple[set[str], tuple[str, str] | None, str | None]:
    """What the command that has just been done did to names: made or removed, renamed, subscribed to or not."""
    match session.done:
        case (b"CREATE", (str(name), _)) | (b"DELETE", (str(name),)):
            return {name.removesuffix("/")}, None, None
        case (b"RENAME", (str(old), str(new))):
            return {new.removesuffix("/")}, (str(old), new.removesuffix("/")), None
        case (b"SUBSCRIBE" | b"UNSUBSCRIBE", (str(name),)):
            return set(), None, name.removesuffix("/")
    return set(), None, None


def _own_annotations(session: Session) -> tuple[str | None, set[bytes]]:
    """Which annotations the command that has just been done has changed; "" is the server."""
    match session.done:
        case (b"SETMETADATA", (mailbox, dict(values))):
            return mailbox or "", {name.lower() for name in values}
    return None, set()
