import random
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail import thread
from mailaccess.mail.thread import (
    Links,
    ThreadInput,
    Threads,
    message_ids,
    ordered_subject,
    thread_references,
    thread_refs,
)


class Message(NamedTuple):
    """One to be threaded, and what the tests call it."""

    key: int
    sent: int
    message_id: str | None
    references: list[str]
    base_subject: str
    is_reply: bool
    arrived: int


def columns(messages: list[Message]) -> ThreadInput:
    """Messages as threading takes them."""
    return ThreadInput(
        [one.sent for one in messages],
        [(one.message_id, one.references) for one in messages],
        [one.base_subject for one in messages],
        [one.is_reply for one in messages],
        [one.arrived for one in messages],
    )


def message(
    key: int,
    id_: str | None = None,
    references: str = "",
    subject: str = "",
    sent: int | None = None,
    arrived: int | None = None,
) -> Message:
    """A message whose subject is a reply's if it begins with "RE:"; sent and arrived when its key says, unless told."""
    return Message(
        key,
        key if sent is None else sent,
        id_,
        references.split(),
        subject.removeprefix("RE:"),
        subject.startswith("RE:"),
        key if arrived is None else arrived,
    )


def shown(messages: list[Message], threads: Threads) -> str:
    """The threads as a THREAD response has them."""
    return "".join(f"({_members(messages, threads, top)})" for top in threads.tops)


def _members(messages: list[Message], threads: Threads, node: int) -> str:
    head = str(messages[node].key) if node < threads.count else ""
    children = threads.children.get(node, [])
    if len(children) == 1:
        return f"{head} {_members(messages, threads, children[0])}"
    below = "".join(f"({_members(messages, threads, child)})" for child in children)
    return head + " " * bool(head and children) + below


REFERENCES = {
    "replies": ([message(1, "a"), message(2, "b", "a"), message(3, "c", "a b"), message(4, "d", "a")], "(1 (2 3)(4))"),
    "RFC 5256 BASE.7.2": (
        [
            message(2, "a"),
            message(3, "b"),
            message(4, "d", "b c"),
            message(6, "c", "b"),
            message(7, "f", "b c e"),
            message(23, "g", "d"),
            message(44, "e", "c", sent=5),
            message(96, "h", "f"),
        ],
        "(2)(3 6 (4 23)(44 7 96))",
    ),
    "the parent comes last": ([message(1, "b", "a"), message(2, "a", sent=0)], "(2 1)"),
    "a missing parent": ([message(3, "b", "a"), message(5, "c", "a")], "((3)(5))"),
    "a missing parent of one": ([message(1, "b", "a")], "(1)"),
    "missing ancestors": ([message(1, "c", "a b"), message(2, "d", "a x y")], "((1)(2))"),
    "missing in the middle": ([message(1, "a"), message(2, "c", "a b"), message(3, "d", "a b")], "(1 (2)(3))"),
    "no ids": ([message(1), message(2), message(3, None, "a"), message(4, None, "a")], "(1)(2)((3)(4))"),
    "an id twice": ([message(1, "a"), message(2, "a"), message(3, "b", "a")], "(1 3)(2)"),
    "truncated references": (
        [message(1, "a"), message(2, "b", "a"), message(3, "c", "b"), message(4, "d", "a c")],
        "(1 2 3 4)",
    ),
    "a link is not changed": ([message(1, "a"), message(2, "b", "a"), message(3, "c", "x b")], "(1 2 3)"),
    "the own last reference counts": ([message(1, "c", "a b"), message(2, "b"), message(3, "a")], "(2 1)(3)"),
    "a reference to itself": ([message(1, "a", "a"), message(2, "b", "a b")], "(1)(2)"),
    "a loop": ([message(1, "a", "b"), message(2, "b", "a")], "(2 1)"),
    "a longer loop": ([message(1, "a", "c"), message(2, "b", "a"), message(3, "c", "b")], "(3 1 2)"),
    "siblings by date": ([message(1, "a"), message(2, "b", "a", sent=9), message(3, "c", "a", sent=8)], "(1 (3)(2))"),
    "threads by date, then order": ([message(1, sent=2), message(2, sent=1), message(3, sent=1)], "(2)(3)(1)"),
    "a dummy's date is its first child's": (
        [message(1, "a", "x", sent=5), message(2, "b", "x", sent=1), message(3, sent=3)],
        "((2)(1))(3)",
    ),
    "one subject": ([message(1, subject="S"), message(2, subject="S"), message(3, subject="T")], "((1)(2))(3)"),
    "a reply by its subject": ([message(1, subject="S"), message(2, subject="RE:S")], "(1 2)"),
    "a reply that comes first": ([message(1, subject="RE:S"), message(2, subject="S")], "(2 1)"),
    "two replies": ([message(1, subject="RE:S"), message(2, subject="RE:S")], "((1)(2))"),
    "no subject": ([message(1), message(2)], "(1)(2)"),
    "a subject under a dummy": (
        [message(1, "a", "x", subject="S"), message(2, "b", "x"), message(3, subject="RE:S")],
        "((1)(2)(3))",
    ),
    "a subject before a dummy": (
        [message(1, subject="S"), message(2, "a", "x", subject="S"), message(3, "b", "x")],
        "((1)(2)(3))",
    ),
    "two dummies": (
        [message(1, "a", "x", "S"), message(2, "b", "x"), message(3, "c", "y", "S"), message(4, "d", "y")],
        "((1)(2)(3)(4))",
    ),
    "three of a subject": (
        [message(1, subject="S"), message(2, subject="S"), message(3, subject="RE:S")],
        "((1)(2)(3))",
    ),
}


@pytest.mark.parametrize(("messages", "expected"), REFERENCES.values(), ids=REFERENCES)
def test_references(messages: list[Message], expected: str) -> None:
    """RFC 5256 3, REFERENCES, step by step."""
    assert shown(messages, thread_references(columns(messages))) == expected


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], ""),
        ([message(1, subject="S"), message(2, subject="T"), message(3, subject="RE:S")], "(1 3)(2)"),
        ([message(1, subject="S"), message(2, subject="S"), message(3, subject="S")], "(1 (2)(3))"),
        (
            [message(1, subject="S", sent=9), message(2, subject="T", sent=8), message(3, subject="S", sent=7)],
            "(3 1)(2)",
        ),
        ([message(1), message(2)], "(1 2)"),
    ],
)
def test_ordered_subject(messages: list[Message], expected: str) -> None:
    """RFC 5256 3, ORDEREDSUBJECT: no grandchildren."""
    assert shown(messages, ordered_subject(columns(messages))) == expected


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (b"", []),
        (b"<a@b>", ["a@b"]),
        (b"<a@b>\r\n <c@d><e@f>", ["a@b", "c@d", "e@f"]),
        (b'<"01KF8JCEOCBS0045PS"@xxx.yyy.com>', ["01KF8JCEOCBS0045PS@xxx.yyy.com"]),  # RFC 5256 3
        (b'<"a \\"b"@c> <"a"."b"@c>', ['a "b@c', "a.b@c"]),
        (b"<a (x) @\r\n b>", ["a@b"]),
        (b"Your message of Monday <a@b> (by <x> or y@z)", ["a@b"]),
        (b"<a> a@b <a@b", []),
        (b"<\xe9@b>", ["\xe9@b"]),
        (b"<" + b"a" * 999 + b"@b>", []),
    ],
)
def test_message_ids(value: bytes, ids: list[str]) -> None:
    """Different ways to write an id are one id; what is no id is passed over."""
    assert message_ids(value) == ids


@pytest.mark.parametrize("order", ["forth", "back", "any"])
def test_a_thread_may_be_as_deep_as_the_mailbox_is_long(order: str) -> None:
    """20,000 messages, each a reply to the one before: no recursion, no quadratic time."""
    numbers = list(range(20_000))
    if order == "back":
        numbers.reverse()
    elif order == "any":
        random.Random(5256).shuffle(numbers)
    threads = thread_references(columns([message(n, str(n), str(n - 1), "RE:S") for n in numbers]))

    depth = 0
    nodes = threads.tops
    while nodes:
        (node,) = nodes
        assert numbers[node] == depth
        nodes, depth = threads.children.get(node, []), depth + 1
    assert depth == 20_000


def steps_for(messages: list[Message]) -> int:
    """How many lines of the module are run for them."""
    steps = 0

    def count(frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        nonlocal steps
        steps += 1
        return count if frame.f_code.co_filename == thread.__file__ else None

    given = columns(messages)
    before = sys.gettrace()
    sys.settrace(count)
    try:
        thread_references(given)
    finally:
        sys.settrace(before)
    return steps


def contradicted(count: int, *parents: Callable[[int], int]) -> list[Message]:
    """A message whose references chain all others, and these, which give themselves other parents."""
    said = [" ".join(str(parent(n)) for parent in parents) for n in range(count)]
    return [
        message(count, "first", " ".join(map(str, range(count)))),
        *(message(n, str(n), said[n]) for n in range(count)),
    ]


@pytest.mark.parametrize(
    "parents", [[lambda n: n - 2], [lambda n: n + 2], [lambda _: -1, lambda _: 999], [lambda n: n]]
)
def test_hostile_references_take_few_steps(parents: list[Callable[[int], int]]) -> None:
    """Links that others' references contradict are not looked at again and again: twice the mail, twice the steps."""
    once, twice = (steps_for(contradicted(count, *parents)) for count in (400, 800))
    assert twice < once * 2.5


IDS = st.sampled_from("abcde")
INPUTS = st.lists(
    st.builds(
        Message,
        st.just(0),
        st.integers(0, 3),
        st.none() | IDS,
        st.lists(IDS, max_size=4),
        st.sampled_from(["", "S", "T"]),
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(INPUTS)
def test_every_message_is_in_one_thread(messages: list[Message]) -> None:
    """Once each; only tops lack a message, and only with several children; siblings are in order of date."""
    for algorithm in (thread_references, ordered_subject, thread_refs):
        threads = algorithm(columns(messages))
        count, tops, children = threads.count, threads.tops, threads.children
        assert count >= len(messages)
        seen: list[int] = []
        waiting = [tops]
        while waiting:
            siblings = waiting.pop()
            firsts = []
            for node in siblings:
                below = children.get(node, [])
                assert node < count or (siblings is tops and len(below) > 1)
                first = node if node < count else below[0]
                firsts.append((messages[first].sent, first))
                waiting.append(below)
            assert firsts == sorted(firsts) or (siblings is tops and algorithm is thread_refs)
            seen += [node for node in siblings if node < count]
        assert sorted(seen) == list(range(len(messages)))


@given(st.binary() | st.lists(st.sampled_from([b"<", b">", b'"', b"\\", b"(", b")", b"@", b"a", b" "])).map(b"".join))
def test_anything_may_hold_ids(value: bytes) -> None:
    """Never an error; what is found is an id."""
    assert all("@" in one for one in message_ids(value))


REFS = {
    "by references alone": ([message(1, "a", "", "s"), message(2, "b", "", "RE:s"), message(3, "c", "a")], "(2)(1 3)"),
    "the latest arrival last": ([message(1, "a"), message(2, "b"), message(3, "c", "a", arrived=9)], "(2)(1 3)"),
    "not the latest sent": ([message(1, "a"), message(2, "b"), message(3, "c", "a", sent=9, arrived=0)], "(1 3)(2)"),
    "within a thread by the time sent": (
        [message(1, "a"), message(2, "b", "a", sent=9), message(3, "c", "a", sent=5)],
        "(1 (3)(2))",
    ),
    "a missing parent": ([message(1, "a", "x"), message(2, "b"), message(3, "c", "x")], "(2)((1)(3))"),
    "arrived at once": ([message(1, "a", arrived=1), message(2, "b", arrived=1)], "(1)(2)"),
    "nothing": ([], ""),
}


@pytest.mark.parametrize(("messages", "threads"), REFS.values(), ids=REFS)
def test_refs(messages: list[Message], threads: str) -> None:
    """draft-ietf-morg-inthread: REFERENCES without subjects; threads are in order of their latest arrival."""
    assert shown(messages, thread_refs(columns(messages))) == threads


def test_refs_of_deep_threads() -> None:
    """Nothing of it is recursive."""
    deep = [message(key, f"i{key}", f"i{key - 1}") for key in range(1, 50_000)]
    assert thread_refs(columns(deep)).tops == [0]


@given(INPUTS, st.lists(st.integers(0, 12), max_size=4))
def test_links_that_are_taken_further_are_those_made_anew(messages: list[Message], stops: list[int]) -> None:
    """Wherever there was an answer on the way: new messages may join threads, or be what others have referred to."""
    messages = [one._replace(key=key) for key, one in enumerate(messages)]
    for algorithm in (thread_references, thread_refs):
        links = Links()
        for stop in sorted(stops):
            algorithm(columns(messages[:stop]), links)
        assert shown(messages, algorithm(columns(messages), links)) == shown(messages, algorithm(columns(messages)))


def test_links_are_not_made_anew_for_each_message() -> None:
    """As long as none is what another has referred to, and there is room for it."""
    messages = [message(key, str(key), str(key - 1) if key else "") for key in range(100)]
    links = Links()
    thread_refs(columns(messages[:90]), links)
    linked = links.parent
    thread_refs(columns(messages), links)
    assert links.parent is linked
    assert shown(messages, thread_refs(columns(messages), links)) == shown(messages, thread_refs(columns(messages)))
