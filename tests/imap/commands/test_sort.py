"""SORT and THREAD: grammar, large mailboxes, messages that come and go."""

import random
from typing import Any

import pytest

from mailaccess.imap import orders, sorting, threads
from mailaccess.imap.bounded import Bounded
from mailaccess.imap.commands.sort import parse_sort, parse_thread
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.mail.thread import ordered_subject
from tests.driver import MemoryDriver
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


@pytest.mark.parametrize("uid", [b"", b"UID "])
def test_what_was_asked_before_is_answered_of_what_is_there_now(world: World, uid: bytes) -> None:
    """Orders and threads are kept, but a new message has its place in them, and one that went has none."""
    for subject in (b"b", b"c"):
        world.deliver(b"Subject: %s\r\n\r\n" % subject, flags="")
    client, other = world.imap_in(), world.imap_in()

    def answers(client: MemoryDriver) -> list[bytes]:
        commands = b"SORT (SUBJECT) UTF-8 ALL", b"SORT (REVERSE SUBJECT) UTF-8 ALL", b"THREAD REFS UTF-8 ALL"
        return [client.ask(b"a %s%s\r\n" % (uid, command)).split(b"\r\n")[0] for command in commands]

    assert answers(client) == answers(client) == [b"* SORT 1 2", b"* SORT 2 1", b"* THREAD (1)(2)"]
    world.deliver(b"Subject: a\r\n\r\n", flags="")
    client.ask(b"a NOOP\r\n")
    assert answers(client) == [b"* SORT 3 1 2", b"* SORT 2 1 3", b"* THREAD (1)(2)(3)"]
    other.ask(b"a STORE 1 +FLAGS.SILENT (\\Deleted)\r\n")
    other.ask(b"a EXPUNGE\r\n")
    client.ask(b"a NOOP\r\n")
    assert answers(client) == answers(other)
    assert answers(client)[0] == (b"* SORT 3 2" if uid else b"* SORT 2 1")
    assert answers(client)[2] == (b"* THREAD (2)(3)" if uid else b"* THREAD (1)(2)")
    first = client.ask(b"a %sTHREAD REFS UTF-8 SUBJECT a\r\n" % uid).split(b"\r\n")[0]
    assert first == (b"* THREAD (3)" if uid else b"* THREAD (2)")


@pytest.mark.parametrize("program", [b"ALL", b"UNSEEN", b"UNSEEN 3:*"])
@pytest.mark.parametrize("seed", range(4))
def test_an_answer_is_the_same_as_without_the_ones_before(
    world: World, monkeypatch: pytest.MonkeyPatch, program: bytes, seed: int
) -> None:
    """What is kept is mended where messages came, went and were seen, whoever did it, and is as good as made anew."""
    monkeypatch.setattr(orders, "_FEW", 2)
    chance = random.Random(seed)
    client, other = world.imap_in(), world.imap_in()
    questions = [
        *(b"SORT (%s) UTF-8" % criteria for criteria in (b"SUBJECT", b"REVERSE SUBJECT DATE", b"REVERSE SIZE")),
        *(b"THREAD %s UTF-8" % algorithm for algorithm in (b"REFERENCES", b"REFS", b"ORDEREDSUBJECT")),
    ]

    def answers(client: MemoryDriver) -> list[bytes]:
        lines = [b"a %s%s %s\r\n" % (uid, question, program) for question in questions for uid in (b"", b"UID ")]
        return [client.ask(line) for line in lines]

    for number in range(25):
        for _ in range(chance.choice([0, 1, 1, 3])):
            answered = b" ".join(b"<%d@x>" % chance.randrange(30) for _ in range(chance.randrange(3)))
            text = b"Subject: %s\r\nMessage-ID: <%d@x>\r\n" % (chance.choice([b"a", b"Re: a", b"b"]), number)
            world.deliver(text + b"References: %s\r\n\r\n" % answered + b"x" * chance.randrange(9), flags="")
        if number > 8 and chance.random() < 0.5:
            which = chance.randint(1, 5)
            other.ask(b"b STORE %d +FLAGS (%s)\r\n" % (which, chance.choice([b"\\Seen", b"\\Deleted"])))
            other.ask(b"b EXPUNGE\r\n")
        client.ask(b"b NOOP\r\n")
        kept = answers(client)
        with monkeypatch.context() as without:
            without.setattr(sorting, "_ORDERS", Bounded(0))
            without.setattr(threads, "_KEPT", Bounded(0))
            assert answers(client) == kept


def test_answers_that_are_empty_take_room_as_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a client could have any number of them kept."""
    orders: Bounded[Any, Any] = Bounded(10_000)
    monkeypatch.setattr(sorting, "_ORDERS", orders)
    client = world.imap_in()
    for number in range(20):
        client.ask(b"a SORT (DATE) UTF-8 LARGER %d\r\n" % (1000 + number))

    assert 5_000 < orders.octets <= 10_000
