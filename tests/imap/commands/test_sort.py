"""SORT and THREAD: grammar, large mailboxes, deep threads."""

import random

import pytest

from mailaccess.imap import sorting
from mailaccess.imap.commands.sort import parse_sort, parse_thread, render_threads
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.mail.thread import Node, ordered_subject
from tests.world import World


def test_parse_sort() -> None:
    """Criteria in order, each once: a second time it could not decide anything."""
    _, criteria, program = parse_sort(Cursor(b"(SUBJECT REVERSE DATE SUBJECT REVERSE SUBJECT) UTF-8 SEEN"))

    assert list(criteria.items()) == [(b"SUBJECT", False), (b"DATE", True)]
    assert program.keys == 1


def test_parse_thread() -> None:
    """The algorithm in any case."""
    algorithm, program = parse_thread(Cursor(b"orderedsubject us-ascii SEEN UID 1"))

    assert algorithm is ordered_subject
    assert program.keys == 2


@pytest.mark.parametrize(
    "text", [b"(DATE) UTF-8", b"DATE UTF-8 ALL", b"(DATE REVERSE) UTF-8 ALL", b"(DATE ) UTF-8 ALL"]
)
def test_bad_sorts(text: bytes) -> None:
    """Missing and misplaced words."""
    with pytest.raises(Bad):
        parse_sort(Cursor(text))


def test_a_long_list_is_sorted_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same outcome: ascending or descending, equals in the order of the mailbox."""
    chance = random.Random(5)
    sizes = [chance.randint(1, 9) for _ in range(60)]
    for size in sizes:
        world.deliver(b"Subject: a\r\n\r\n" + b"x" * size, flags="")
    client = world.imap_in()
    monkeypatch.setattr(sorting, "SORTED_AT_ONCE", 7)

    def answer(criteria: bytes) -> list[int]:
        line = client.ask(b"a SORT (%s) UTF-8 ALL\r\n" % criteria).splitlines()[0]
        return [int(number) for number in line.split()[2:]]

    numbers = range(1, 61)
    assert answer(b"SIZE") == sorted(numbers, key=lambda number: sizes[number - 1])
    assert answer(b"REVERSE SIZE") == sorted(numbers, key=lambda number: -sizes[number - 1])
    assert answer(b"SUBJECT REVERSE SIZE REVERSE ARRIVAL") == sorted(
        numbers, key=lambda number: (-sizes[number - 1], -number)
    )


@pytest.mark.parametrize("command", [b"SORT (SUBJECT) UTF-8 ALL", b"THREAD REFERENCES UTF-8 ALL"])
def test_what_is_gone_is_left_out(world: World, command: bytes) -> None:
    """A message without a file, of which nothing is known, has no place in the order; the client is told why."""
    world.deliver(b"Subject: a\r\n\r\n", flags="")
    path = world.deliver(b"Subject: b\r\n\r\n", flags="")
    client = world.imap_in()
    path.unlink()

    reply = client.ask(b"a %s\r\n" % command)

    assert b"2" not in reply.split(b"\r\n")[0]
    assert b"a OK [EXPUNGEISSUED] " in reply


def rendered(threads: list[Node], uids: list[int] | None = None) -> str:
    return "".join(render_threads(threads, uids))


def test_threads_are_rendered_as_the_standard_draws_them() -> None:
    """RFC 5256 BASE.7.2.THREAD: both examples. A node's key is a row, one less than its number."""
    branches = [Node(3, [Node(22)]), Node(43, [Node(6, [Node(95)])])]
    assert rendered([Node(1), Node(2, [Node(5, branches)])]) == " (2)(3 6 (4 23)(44 7 96))"
    assert rendered([Node(None, [Node(2), Node(4)])]) == " ((3)(5))"
    assert rendered([]) == ""
    assert rendered([Node(None, [Node(0), Node(1)])], uids=[10, 20]) == " ((10)(20))"


def test_deep_threads_are_rendered() -> None:
    """As deep as a mailbox is long."""
    node = Node(99_999)
    for row in reversed(range(99_999)):
        node = Node(row, [node])
    assert rendered([node]).startswith(" (1 2 3 4")

    fork = Node(None, [Node(0), Node(0)])
    for _ in range(20_000):
        fork = Node(0, [Node(0), fork])
    assert rendered([fork]).count("(") == 40_003
