"""Threads of messages (RFC 5256 3), made without recursion: a thread may be as deep as a mailbox is long."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from mailaccess.mail.headers import unfold

_BRACKETED = re.compile(rb"<([^<>]{1,998})>")
_QUOTED_OR_BLANK = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"|\([^()]*\)|\s+', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)

Ancestry = Sequence[tuple[str | None, Sequence[str]]]
"""Of each message its Message-ID; and its References, oldest first, or of In-Reply-To one."""


@dataclass(frozen=True, slots=True)
class ThreadInput:
    """Messages to be threaded, in the order of the mailbox: what each says, in columns. Its place is its number."""

    sent: Sequence[int]  # seconds since the epoch; INTERNALDATE where there is no Date
    ancestry: Ancestry
    base_subjects: Sequence[str]  # folded, as subjects are compared
    replies: Sequence[bool]  # a reply or a forward, by its subject
    arrived: Sequence[int]  # INTERNALDATE, seconds since the epoch


@dataclass(frozen=True, slots=True)
class Threads:
    """Nodes are numbers: below `count` those of messages, from there on dummies, messages of one thread whose parent is
    not there."""

    count: int
    tops: list[int]
    children: dict[int, list[int]]  # of those that have any


class Links:
    """Step (1) of RFC 5256 3: who answers whom. Messages that come behind the others are linked to what is there, with
    the outcome that all would have anew.

    Nodes are numbers: of messages, and from `first_dummy` on of references that no message has for its id. Between is
    room for more messages.
    """

    def __init__(self) -> None:
        self._begin(0)

    def _begin(self, count: int) -> None:
        self.first_dummy = count + count // 8
        self.parent = [-1] * self.first_dummy  # -1: none
        self._count = 0  # messages that are linked
        self._above = self.parent.copy()  # some ancestor, nearer the top than the parent where that was looked up
        self._ids: dict[str | None, int] = {}  # the first message with each id, else a dummy

    def follow(self, ancestry: Ancestry) -> None:
        """Links those behind the messages that were here before."""
        fresh = range(self._count, len(ancestry))
        if len(ancestry) > self.first_dummy or any(self._ids.get(ancestry[new][0], -1) >= self._count for new in fresh):
            # There is no room, or one is what others referred to, and a dummy stands in its place.
            self._begin(len(ancestry))
            fresh = range(len(ancestry))
        for new in fresh:
            self._ids.setdefault(ancestry[new][0], new)
        self._link(fresh, ancestry)
        self._count = len(ancestry)

    def _link(self, fresh: Iterable[int], ancestry: Ancestry) -> None:
        """Links each message's references to each other and the last one to the message.

        What is said here of a message whose turn is still to come would not last: it says itself what its parent is.
        So no link is ever broken, and `above` stays true.
        """
        parent, above, ids, first_dummy = self.parent, self._above, self._ids, self.first_dummy
        for number in fresh:
            last = -1
            for reference in ancestry[number][1]:
                node = ids.get(reference, -1)
                if node < 0:
                    node = ids[reference] = len(parent)
                    parent.append(-1)
                    above.append(-1)
                if (
                    last >= 0
                    and (node < number or node >= first_dummy)
                    and parent[node] < 0
                    and _top(above, last) != node
                ):
                    parent[node] = above[node] = last
                last = node
            if last >= 0 and _top(above, last) != number:  # else it would make a loop
                parent[number] = above[number] = last


def _top(above: list[int], node: int) -> int:
    """The top of the tree that the node is in."""
    while above[node] >= 0:
        if above[above[node]] >= 0:
            above[node] = above[above[node]]
        node = above[node]
    return node


def message_ids(value: bytes) -> list[str]:
    """The valid message ids in Message-ID, References or In-Reply-To, without brackets, quotes, comments and blanks."""
    found = []
    for content in _BRACKETED.findall(unfold(value)):
        normal = _QUOTED_OR_BLANK.sub(_unquoted, content)
        if b"@" in normal:
            found.append(normal.decode("latin-1"))
    return found


def _unquoted(match: re.Match[bytes]) -> bytes:
    return _ESCAPED.sub(rb"\1", match[1]) if match[1] else b""


def ordered_subject(messages: ThreadInput, _links: Links | None = None) -> Threads:
    """ORDEREDSUBJECT: the first message of each subject with all others of that subject as its children."""
    subjects, by_age = messages.base_subjects, _by_age(messages.sent)
    ages = _ages(by_age)
    children = {}
    tops = []
    for _, group in groupby(sorted(by_age, key=subjects.__getitem__), key=subjects.__getitem__):
        first, *others = group
        tops.append(first)
        if others:
            children[first] = others
    return Threads(len(subjects), sorted(tops, key=ages.__getitem__), children)


def thread_references(messages: ThreadInput, links: Links | None = None) -> Threads:
    """REFERENCES. `links` of the first of these messages are taken further, and not made anew."""
    threading = _Threading(messages, links or Links())
    threading.gather()
    threading.merge()
    return threading.threads()


def thread_refs(messages: ThreadInput, links: Links | None = None) -> Threads:
    """REFS (draft-ietf-morg-inthread): as REFERENCES, by references alone: no subject joins what no reference does.
    The thread with the latest arrival is last."""
    threading = _Threading(messages, links or Links())
    threading.gather()
    threading.tops.sort(key=threading.latest_arrival)
    return threading.threads()


def _by_age(sent: Sequence[int]) -> list[int]:
    """Messages by the time they were sent, then in the order of the mailbox."""
    return sorted(range(len(sent)), key=sent.__getitem__)


def _ages(by_age: Sequence[int]) -> list[int]:
    """The place of each message in that order."""
    ages = [0] * len(by_age)
    for age, number in enumerate(by_age):
        ages[number] = age
    return ages


class _Threading:
    """Steps (2) to (6) of RFC 5256 3, after `Links`."""

    def __init__(self, messages: ThreadInput, links: Links) -> None:
        links.follow(messages.ancestry)
        self.messages = messages
        self.count = links.first_dummy
        self.parent = links.parent
        self.by_age = _by_age(messages.sent)
        self.tops: list[int] = []
        self.children: dict[int, list[int]] = {}

    def threads(self) -> Threads:
        """As far as they are made."""
        return Threads(self.count, self.tops, self.children)

    def gather(self) -> None:
        """(2), (3), (4), (6): the tops and who is below whom, oldest first.

        Dummies below tops give way to their children, and so do tops with only one child. A dummy is as old as its
        first child: as messages come here by age, it is put among the tops when that one comes.
        """
        count, parent, children, tops = self.count, self.parent, self.children, self.tops
        holders = list(range(len(parent)))  # who has a node's children: it, or if it gives way, somebody above
        for node in range(count, len(parent)):
            self._find_holder(node, holders)
        for number in self.by_age:
            if parent[number] < 0:
                tops.append(number)
                continue
            holder = holders[parent[number]]
            if holder in children:
                children[holder].append(number)
            else:
                children[holder] = [number]
                if holder >= count:
                    tops.append(holder)
        for place, top in enumerate(tops):
            if top >= count and len(children[top]) == 1:
                tops[place] = children.pop(top)[0]

    def _find_holder(self, node: int, holders: list[int]) -> None:
        """Sets the holder of a dummy and of the dummies between them."""
        passed = []
        while node >= self.count and self.parent[node] >= 0 and holders[node] == node:
            passed.append(node)
            node = self.parent[node]
        for dummy in passed:
            holders[dummy] = holders[node]

    def latest_arrival(self, top: int) -> tuple[int, int]:
        """What threads are sorted by in REFS."""
        arrived, count, children = self.messages.arrived, self.count, self.children
        members = [top]
        for node in members:  # grows on the way
            members += children.get(node, ())
        return max((arrived[node], node) for node in members if node < count)

    def merge(self) -> None:
        """(5): joins threads of one subject."""
        count, children = self.count, self.children
        subjects, replies = self.messages.base_subjects, self.messages.replies
        firsts = [top if top < count else children[top][0] for top in self.tops]
        table: dict[str, int] = {}
        for top, first in zip(self.tops, firsts, strict=True):
            held = table.setdefault(subjects[first], top)
            if held < count and (top >= count or (replies[held] and not replies[first])):
                table[subjects[first]] = top
        gone: set[int] = set()
        changed: set[int] = set()
        dummies: list[int] = []
        for top, first in zip(self.tops, firsts, strict=True):
            subject = subjects[first]
            held = table[subject]
            if held == top or not subject:
                continue
            gone.add(top)
            if held >= count and top >= count:
                children[held] += children.pop(top)
            elif held >= count or (replies[first] and not replies[held]):
                children.setdefault(held, []).append(top)
            else:
                gone.add(held)
                table[subject] = dummy = len(self.parent) + len(dummies)
                dummies.append(dummy)
                children[dummy] = [held, top]
                held = dummy
            changed.add(held)
        if gone:
            self.tops = [top for top in self.tops if top not in gone] + dummies
            self._order(changed)

    def _order(self, changed: set[int]) -> None:
        """(6), for nodes that have got children, and for the tops."""
        count, children = self.count, self.children
        ages = _ages(self.by_age)
        for node in changed:
            children[node].sort(key=ages.__getitem__)
        self.tops.sort(key=lambda top: ages[top if top < count else children[top][0]])
