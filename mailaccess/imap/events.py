"""What a client asks to be notified of (RFC 5465): the events, the mailboxes they concern, and the grammar of both."""

from dataclasses import dataclass, field
from enum import Flag

from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.wanted import Wanted, parse_items

MOST_GROUPS = 100
MOST_NAMES = 1000
"""In all groups of one command."""
MOST_WORDS = 100
"""For events, in one group."""


class Event(Flag):
    """What may happen (section 5)."""

    NEW = 1
    EXPUNGE = 2
    FLAGS = 4
    NAME = 8
    SUBSCRIPTION = 16
    MAILBOX_METADATA = 32
    SERVER_METADATA = 64


NO_EVENT = Event(0)
MESSAGES = Event.NEW | Event.EXPUNGE | Event.FLAGS

EVENTS = {
    b"MessageNew": Event.NEW,
    b"MessageExpunge": Event.EXPUNGE,
    b"FlagChange": Event.FLAGS,
    b"MailboxName": Event.NAME,
    b"SubscriptionChange": Event.SUBSCRIPTION,
    b"MailboxMetadataChange": Event.MAILBOX_METADATA,
    b"ServerMetadataChange": Event.SERVER_METADATA,
}
_BY_WORD = {name.upper(): event for name, event in EVENTS.items()}

_SELECTED = (b"SELECTED", b"SELECTED-DELAYED")
_NAMED = (b"SUBTREE", b"MAILBOXES")
_OTHERS = (b"INBOXES", b"PERSONAL", b"SUBSCRIBED", *_NAMED)


@dataclass(frozen=True, slots=True)
class Selected:
    """What is told of the selected mailbox. As MessageNew and MessageExpunge come together only, `messages` is both."""

    messages: bool = False
    flags: bool = False
    delayed: bool = False  # expunges wait for a command
    items: tuple[Wanted, ...] = ()  # to be fetched of new messages


@dataclass(frozen=True, slots=True)
class Group:
    """One event-group that is not about the selected mailbox."""

    which: bytes
    names: tuple[str, ...]
    events: Event  # none: the client does not wish to hear of these mailboxes

    def covers(self, name: str, *, personal: bool, subscribed: bool) -> bool:
        """Does it concern the mailbox?

        Mail may be delivered to any mailbox, and "if the IMAP server cannot easily compute this set, it MUST treat
        "inboxes" as equivalent to "personal"" (6.3). Names are not expanded (6.6).
        """
        match self.which:
            case b"SUBSCRIBED":
                return subscribed
            case b"MAILBOXES":
                return name in self.names
            case b"SUBTREE":
                return any(name == root or name.startswith(root + "/") for root in self.names)
            case _:
                return personal


@dataclass(frozen=True, slots=True)
class Wishes:
    """One NOTIFY. Without arguments: NOTIFY NONE."""

    status: bool = False
    selected: Selected = field(default_factory=Selected)
    groups: tuple[Group, ...] = ()

    @property
    def anything(self) -> bool:
        """Is there anything to be told?"""
        return self.selected.messages or any(group.events for group in self.groups)

    def of(self, name: str, *, personal: bool, subscribed: bool) -> Event:
        """The events of which to tell for a mailbox: those of all groups that concern it, unless one has NONE."""
        found = [g.events for g in self.groups if g.covers(name, personal=personal, subscribed=subscribed)]
        events = NO_EVENT
        for each in found:
            events |= each
        return events if all(found) else NO_EVENT

    def any_of(self, event: Event) -> bool:
        """Some group asks for it."""
        return any(event & group.events for group in self.groups)


def parse_notify(cursor: Cursor) -> tuple[Wishes]:
    """notify = "NOTIFY" SP ("SET" [SP "STATUS"] SP event-group *(SP event-group) / "NONE")   (section 8)"""
    word = cursor.word("SET or NONE")
    if word == b"NONE":
        cursor.end()
        return (Wishes(),)
    if word != b"SET":
        raise Bad("Expected SET or NONE")
    cursor.sp()
    status = cursor.skip(b"STATUS ")
    unknown: list[bytes] = []
    selected: Selected | None = None
    groups: list[Group] = []
    named = 0
    while True:
        cursor.expect(b"(")
        which = cursor.word("selected, inboxes, personal, subscribed, subtree or mailboxes")
        names: tuple[str, ...] = ()
        if which in _SELECTED:
            if selected is not None:
                raise Bad("The selected mailbox can be named once")
            selected = _selected(cursor, unknown, delayed=which == b"SELECTED-DELAYED")
        elif which in _OTHERS:
            names = _names(cursor) if which in _NAMED else ()
            events, items = _events(cursor, unknown)
            if items is not None:
                raise Bad("What to fetch of new messages is said for the selected mailbox only")
            groups.append(Group(which, names, events))
        else:
            raise Bad("Expected selected, selected-delayed, inboxes, personal, subscribed, subtree or mailboxes")
        cursor.expect(b")")
        named += len(names)
        if len(groups) > MOST_GROUPS or named > MOST_NAMES:
            raise Bad(f"At most {MOST_GROUPS} groups with {MOST_NAMES} names are taken")
        if cursor.at_end():
            break
        cursor.sp()
        if cursor.at_end():
            break
    if unknown:
        # "the server MUST refuse the command with a tagged NO response (not a BAD)" (3.1)
        raise No("That is no event of which this server can tell", b"BADEVENT (%s)" % b" ".join(EVENTS))
    return (Wishes(status, selected or Selected(), tuple(groups)),)


def _selected(cursor: Cursor, unknown: list[bytes], *, delayed: bool) -> Selected:
    events, items = _events(cursor, unknown)
    if events & ~MESSAGES:
        raise Bad("Of the selected mailbox only events of messages are told")
    return Selected(bool(events & Event.NEW), bool(events & Event.FLAGS), delayed, tuple(items or ()))


def _names(cursor: Cursor) -> tuple[str, ...]:
    """SP one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")" """
    cursor.sp()
    several = cursor.skip(b"(")
    names = [cursor.mailbox() for _ in cursor.members(MOST_NAMES, "mailboxes")] if several else [cursor.mailbox()]
    return tuple(name.removesuffix("/") for name in names)


def _events(cursor: Cursor, unknown: list[bytes]) -> tuple[Event, list[Wanted] | None]:
    """SP events = ("(" event *(SP event) ")") / "NONE"; as in the examples of section 3.1, without parentheses too.

    What to fetch of new messages, if that was said. Events that are not known are collected.
    """
    cursor.sp()
    if cursor.skip(b"NONE)"):
        cursor.pos -= 1
        return NO_EVENT, None
    enclosed = cursor.skip(b"(")
    events, items = NO_EVENT, None
    for _ in range(MOST_WORDS):
        word = cursor.word("an event")
        event = _BY_WORD.get(word)
        if event is None:
            unknown.append(word)
        else:
            events |= event
        if event is Event.NEW and cursor.skip(b" ("):
            cursor.pos -= 1
            items = parse_items(cursor)
        if cursor.peek() == b")":
            break
        cursor.sp()
    else:
        raise Bad(f"At most {MOST_WORDS} events are taken")
    if enclosed:
        cursor.expect(b")")
    _check(events)
    return events, items


def _check(events: Event) -> None:
    """ "MessageNew and MessageExpunge MUST always be specified together. If FlagChange is specified, then MessageNew
    and MessageExpunge MUST be specified as well." (section 8)"""
    both = Event.NEW | Event.EXPUNGE
    if events & MESSAGES and events & both != both:
        raise Bad("MessageNew and MessageExpunge go together, and FlagChange goes with both")
