"""Threads of messages (RFC 5256 3), made without recursion: a thread may be as deep as a mailbox is long."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from mailaccess.mail.headers import unfold

_BRACKETED = re.compile(rb"<([^<>]{1,998})>")
_QUOTED_OR_BLANK = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"|\([^()]*\)|\s+', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


@dataclass(slots=True)
class ThreadInput:
    """One message to be threaded."""

    key: int  # its sequence number, or its UID
    sent: int  # seconds since the epoch; INTERNALDATE where there is no Date
    message_id: str | None
    references: list[str]  # oldest first; else the first id of In-Reply-To
    base_subject: str  # folded, as subjects are compared
    is_reply: bool  # a reply or a forward, by its subject
    arrived: int = 0  # INTERNALDATE, seconds since the epoch


@dataclass(slots=True)
class Node:
    """A message and those that follow it; without a key, messages of one thread whose parent is not there."""

    key: int | None
    children: list["Node"] = field(default_factory=list)


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


def ordered_subject(messages: Iterable[ThreadInput]) -> list[Node]:
    """ORDEREDSUBJECT: the first message of each subject with all others of that subject as its children."""
    threads = []
    ordered = sorted(messages, key=lambda message: (message.base_subject, message.sent, message.key))
    for _, group in groupby(ordered, key=lambda message: message.base_subject):
        first, *others = group
        threads.append(((first.sent, first.key), Node(first.key, [Node(other.key) for other in others])))
    return [node for _, node in sorted(threads, key=lambda thread: thread[0])]


def thread_references(messages: Iterable[ThreadInput]) -> list[Node]:
    """REFERENCES, for messages in the order of the mailbox."""
    return _Threading(list(messages)).threads()


def thread_refs(messages: Iterable[ThreadInput]) -> list[Node]:
    """REFS (draft-ietf-morg-inthread): as REFERENCES, by references alone, the thread with the latest arrival last."""
    return _Threading(list(messages)).threads_by_arrival()


class _Threading:
    """The six steps of RFC 5256 3. Nodes are numbers: the messages by position, then the dummies."""

    def __init__(self, messages: list[ThreadInput]) -> None:
        self.messages = messages
        self.parent = [-1] * len(messages)
        self.above = self.parent.copy()  # some ancestor, nearer the top than the parent where that was looked up
        self.ids: dict[str, int] = {}
        for number, message in enumerate(messages):
            if message.message_id is not None:
                self.ids.setdefault(message.message_id, number)
        self.children: list[list[int]] = []

    def threads(self) -> list[Node]:
        """REFERENCES"""
        top = self.linked()
        top.sort(key=self.age)
        top = self.merge(top)
        for siblings in self.children:
            siblings.sort(key=self.age)
        top.sort(key=self.age)
        return self.nodes(top)

    def threads_by_arrival(self) -> list[Node]:
        """REFS: no subject joins what no reference does; the most recent arrival orders threads, but not messages."""
        top = self.linked()
        for siblings in self.children:
            siblings.sort(key=self.age)
        top.sort(key=self.latest_arrival)
        return self.nodes(top)

    def linked(self) -> list[int]:
        """(1), (2), (3)"""
        for number in range(len(self.messages)):
            self.link(number)
        return self.gather()

    def nodes(self, top: list[int]) -> list[Node]:
        """The threads as they are given away."""
        nodes = [Node(message.key) for message in self.messages]
        nodes += [Node(None) for _ in range(len(self.children) - len(nodes))]
        for node, children in zip(nodes, self.children, strict=True):
            node.children = [nodes[child] for child in children]
        return [nodes[number] for number in top]

    def link(self, number: int) -> None:
        """(1): links the message's references to each other and the last one to the message.

        What is said here of a message whose turn is still to come would not last: it says itself what its parent is.
        So no link is ever broken, and `above` stays true.
        """
        count, last = len(self.messages), -1
        for reference in self.messages[number].references:
            node = self.ids.get(reference, -1)
            if node < 0:
                node = self.ids[reference] = len(self.parent)
                self.parent.append(-1)
                self.above.append(-1)
            if last >= 0 and (node < number or node >= count) and self.parent[node] < 0:
                self.attach(node, last)
            last = node
        if last >= 0:
            self.attach(number, last)

    def attach(self, node: int, parent: int) -> None:
        """Makes a top the child of another node, unless that would make a loop."""
        if self.root(parent) != node:
            self.parent[node] = self.above[node] = parent

    def root(self, node: int) -> int:
        """The top of the tree that the node is in."""
        above = self.above
        while above[node] >= 0:
            if above[above[node]] >= 0:
                above[node] = above[above[node]]
            node = above[node]
        return node

    def gather(self) -> list[int]:
        """(2), (3): the tops. Dummies below them give way to their children, and so do tops with only one child."""
        count, parent = len(self.messages), self.parent
        below: list[list[int]] = [[] for _ in parent]
        for node, up in enumerate(parent):
            if up >= 0:
                below[up].append(node)
        self.children = [[] for _ in parent]
        tops = [node for node, up in enumerate(parent) if up < 0]
        for top in tops:
            waiting = [(child, top) for child in below[top]]
            while waiting:
                node, holder = waiting.pop()
                if node < count:
                    self.children[holder].append(node)
                    holder = node
                waiting += [(child, holder) for child in below[node]]
        kept = []
        for top in tops:
            if top < count or len(self.children[top]) > 1:
                kept.append(top)
            elif self.children[top]:
                kept.append(self.children[top].pop())
        for top in kept:
            self.children[top].sort(key=self.age)
        return kept

    def age(self, node: int) -> tuple[int, int]:
        """What siblings are sorted by. Of a dummy, its first child counts: its children are sorted before it is."""
        message = self.message(node)
        return message.sent, message.key

    def latest_arrival(self, top: int) -> tuple[int, int]:
        """What threads are sorted by in REFS."""
        latest = (0, 0)
        waiting = [top]
        while waiting:
            node = waiting.pop()
            waiting += self.children[node]
            if node < len(self.messages):
                latest = max(latest, (self.messages[node].arrived, self.messages[node].key))
        return latest

    def message(self, node: int) -> ThreadInput:
        return self.messages[node if node < len(self.messages) else self.children[node][0]]

    def merge(self, tops: list[int]) -> list[int]:
        """(5): joins threads of one subject."""
        count = len(self.messages)
        table: dict[str, int] = {}
        for top in tops:
            message = self.message(top)
            held = table.setdefault(message.base_subject, top)
            if held < count and (top >= count or (self.messages[held].is_reply and not message.is_reply)):
                table[message.base_subject] = top
        gone: set[int] = set()
        dummies: list[int] = []
        for top in tops:
            message = self.message(top)
            held = table[message.base_subject]
            if not message.base_subject or held == top:
                continue
            gone.add(top)
            if held >= count and top >= count:
                self.children[held] += self.children[top]
                self.children[top] = []
            elif held >= count or (message.is_reply and not self.messages[held].is_reply):
                self.children[held].append(top)
            else:
                gone.add(held)
                table[message.base_subject] = len(self.children)
                dummies.append(len(self.children))
                self.children.append([held, top])
        return [top for top in tops if top not in gone] + dummies
