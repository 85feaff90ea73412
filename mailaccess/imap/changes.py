"""What differs between two pictures of an account, as NOTIFY tells of it (RFC 5465 section 5). Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mailaccess.imap.events import Event
from mailaccess.storage.index.sums import Sums
from mailaccess.storage.picture import Picture


@dataclass(frozen=True, slots=True)
class NameChanges:
    """Names that came, went, or took the place of others: new name -> old name."""

    come: frozenset[str]
    gone: frozenset[str]
    renamed: Mapping[str, str] = field(default_factory=dict)

    def told_renames(self) -> dict[str, str]:
        """ "When a mailbox is renamed, its children are renamed too. No additional MailboxName events are sent for
        children in this case." (5.4)"""
        return {new: old for new, old in self.renamed.items() if not self._follows(new, old)}

    def _follows(self, new: str, old: str) -> bool:
        parents = ((new[:at], old[: at - len(new)]) for at, char in enumerate(new) if char == "/")
        return any(old[len(was) :] == new[len(now) :] and self.renamed.get(now) == was for now, was in parents)


def name_changes(before: Picture, after: Picture, known: Collection[str], visible: Collection[str]) -> NameChanges:
    """`known`, `visible`: the names that the client could and can see. The same mailbox is known by its GUID."""
    come, gone = set(visible) - set(known), set(known) - set(visible)
    places = {before.sums[name].guid: name for name in gone if name in before.sums}
    renamed = {
        name: places[after.sums[name].guid] for name in come if name in after.sums and after.sums[name].guid in places
    }
    return NameChanges(frozenset(come - renamed.keys()), frozenset(gone - set(renamed.values())), renamed)


def affected(names: Collection[str]) -> set[str]:
    """ "the mailbox itself and its direct parent (whether it is an existing mailbox or not)" (5.4)"""
    return {*names, *(name.rpartition("/")[0] for name in names)} - {""}


def is_news(told: Sums | None, now: Sums, events: Event, *, condstore: bool) -> bool:
    """Does a STATUS response say anything that the client has asked for and was not told? None: a new mailbox."""
    if told is None:
        return now.messages > 0 or now.uidnext > 1
    if (told.messages, told.uidnext, told.uidvalidity) != (now.messages, now.uidnext, now.uidvalidity):
        return True
    # "If CONDSTORE/QRESYNC is not enabled by the client and the server chooses not to include the UNSEEN data item, the
    # server does not notify the client" (5.1)
    flags = told.unseen != now.unseen or (condstore and told.highestmodseq != now.highestmodseq)
    return Event.FLAGS in events and flags


def is_own(told: Sums, now: Sums, uids: Collection[int]) -> bool:
    """All that happened to the messages is that this client put these there."""
    return (
        now.uidvalidity == told.uidvalidity
        and now.messages - told.messages == len(uids)
        and now.uidnext - told.uidnext == len(uids)
        and min(uids) == told.uidnext
    )
