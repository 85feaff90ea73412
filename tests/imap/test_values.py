"""Values of many messages, from their files."""

from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import pytest

from mailaccess.imap.section import ENDLESS, STREAMED, Span
from mailaccess.imap.values import Batch, load_values
from mailaccess.imap.wanted import Said
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import Call, Lane
from tests.driver import MemoryDriver
from tests.world import USER, World

T = TypeVar("T")


class Driver(MemoryDriver):
    """Notes what was asked of threads."""

    def answer_call(self, work: Call) -> object:
        lanes.append(work.lane)
        return super().answer_call(work)


lanes: list[Lane] = []


def run(work: Coroutine[Any, Any, T]) -> T:
    """Its result, after all its traps were answered."""
    lanes.clear()
    results: list[T] = []

    async def session(channel: Channel) -> None:
        results.append(await work)

    driver = Driver(session)
    if driver.failure:
        raise driver.failure
    return results[0]


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    """INBOX with 200 messages, UIDs 1 to 200."""
    for i in range(200):
        world.deliver(b"Subject: %d\r\n\r\nbody %d\r\n" % (i + 1, i + 1))
    inbox = world.accounts.open(USER, None).mailbox("INBOX")
    inbox.sync()
    return inbox


WHOLE = Span(0, ENDLESS)


def batch(uids: Sequence[int], said: Said = WHOLE, size: int = 100) -> Batch:
    """Of each message its UID, and what is wanted of its file."""
    return Batch(uids, [size] * len(uids), [uids, [said] * len(uids)], [1])


def test_few_small_texts_are_read_at_once(mailbox: Mailbox) -> None:
    """A thread would take longer to wake up than the file to be read."""
    texts = batch([1, 2])
    run(load_values(mailbox, texts))

    assert lanes == []
    assert texts.columns == [
        [1, 2],
        [b"{22}\r\nSubject: 1\r\n\r\nbody 1\r\n", b"{22}\r\nSubject: 2\r\n\r\nbody 2\r\n"],
    ]


def test_a_text_that_has_to_be_looked_for(world: World, mailbox: Mailbox) -> None:
    """Another program renamed its file: reading directories is for a thread."""
    path = world.files()[1]
    path.rename(f"{path}:2,FRT")
    texts = batch([1, 2])
    run(load_values(mailbox, texts))

    assert lanes == [Lane.STORAGE]
    assert texts.columns[1] == [
        b"{22}\r\nSubject: 1\r\n\r\nbody 1\r\n",
        b"{22}\r\nSubject: 2\r\n\r\nbody 2\r\n",
    ]


def test_a_large_text_is_read_in_a_thread(mailbox: Mailbox) -> None:
    run(load_values(mailbox, batch([1], size=1 << 20)))

    assert lanes == [Lane.STORAGE]


def test_many_texts_are_read_by_one_call(mailbox: Mailbox) -> None:
    texts = batch(range(1, 51))
    run(load_values(mailbox, texts))

    assert lanes == [Lane.STORAGE]
    assert not texts.unread
    assert all(isinstance(text, bytes) for text in texts.columns[1])


def test_much_is_read_by_several_calls() -> None:
    """No slow reader makes us hold more than the texts of one."""
    large = 400_000
    pieces = list(batch(range(1, 9), size=large).pieces())

    assert [list(piece.uids) for piece in pieces] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    assert [piece.columns[0] for piece in pieces] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    assert [piece.costs for piece in pieces] == [[large] * 3, [large] * 3, [large] * 2]


@pytest.mark.parametrize("count", [3, 50])
def test_a_text_that_is_gone(world: World, mailbox: Mailbox, count: int) -> None:
    """The others are read all the same, few and many."""
    world.files()[1].unlink()
    texts = batch(range(1, count + 1))
    run(load_values(mailbox, texts))

    assert texts.unread == {1}
    assert texts.columns[1][2] == b"{22}\r\nSubject: 3\r\n\r\nbody 3\r\n"


def test_a_file_stays_open_only_for_what_is_streamed(world: World) -> None:
    """The rest is in memory, so the file is closed at once."""
    world.deliver(b"Subject: long\r\n\r\n" + b"x" * STREAMED)
    inbox = world.accounts.open(USER, None).mailbox("INBOX")
    inbox.sync()
    long, short = batch([1]), batch([1], Span(0, 100))
    run(load_values(inbox, long))
    run(load_values(inbox, short))

    assert long.columns == [[1], [Span(0, STREAMED + 17)]]
    assert list(long.contents) == [0]
    assert not short.contents
    long.close()


def test_what_is_said_already_opens_no_file(world: World, mailbox: Mailbox) -> None:
    """A header that is kept whole, beside one that is not."""
    world.files()[1].unlink()
    texts = Batch([2, 3], [100, 100], [[2, 3], [b"{0}\r\n", WHOLE]], [1])
    run(load_values(mailbox, texts))

    assert texts.columns == [[2, 3], [b"{0}\r\n", b"{22}\r\nSubject: 3\r\n\r\nbody 3\r\n"]]


def test_several_pieces_of_each_message(mailbox: Mailbox) -> None:
    """What is known already stands beside them."""
    uids = range(1, 51)
    body = [Span(14, ENDLESS)] * 9 + [Span(15, ENDLESS)] * 41
    texts = Batch(uids, [100] * 50, [[Span(0, 7)] * 50, uids, [b"NIL", *body[1:]]], [0, 2])
    run(load_values(mailbox, texts))

    assert not texts.unread
    assert [column[0] for column in texts.columns] == [b"{7}\r\nSubject", 1, b"NIL"]
    assert [column[49] for column in texts.columns] == [b"{7}\r\nSubject", 50, b"{9}\r\nbody 50\r\n"]


def test_a_small_piece_of_a_large_message_costs_little(world: World) -> None:
    """It is read at once, as a small message is."""
    world.deliver(b"Subject: long\r\n\r\n" + b"x" * STREAMED)
    inbox = world.accounts.open(USER, None).mailbox("INBOX")
    inbox.sync()
    text = batch([1], Span(9, 13), STREAMED + 17)
    inbox.make_sizes([1])
    run(load_values(inbox, text))

    assert text.columns == [[1], [b"{4}\r\nlong"]]
    assert lanes == []
