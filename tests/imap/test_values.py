"""Line of many messages, from their files."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from mailaccess.imap.section import ENDLESS, STREAMED, Span
from mailaccess.imap.values import Line, load_values
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


def wanted(uid: int, section: Span = WHOLE, size: int = 100) -> Line:
    return Line(uid, size, [uid, section])


def test_few_small_texts_are_read_at_once(mailbox: Mailbox) -> None:
    """A thread would take longer to wake up than the file to be read."""
    texts = [wanted(1), wanted(2)]
    run(load_values(mailbox, texts))

    assert lanes == []
    assert [one.values for one in texts] == [
        [1, b"{22}\r\nSubject: 1\r\n\r\nbody 1\r\n"],
        [2, b"{22}\r\nSubject: 2\r\n\r\nbody 2\r\n"],
    ]


def test_a_text_that_has_to_be_looked_for(world: World, mailbox: Mailbox) -> None:
    """Another program renamed its file: reading directories is for a thread."""
    path = world.files()[1]
    path.rename(f"{path}:2,FRT")
    texts = [wanted(1), wanted(2)]
    run(load_values(mailbox, texts))

    assert lanes == [Lane.STORAGE]
    assert [one.values for one in texts] == [
        [1, b"{22}\r\nSubject: 1\r\n\r\nbody 1\r\n"],
        [2, b"{22}\r\nSubject: 2\r\n\r\nbody 2\r\n"],
    ]


def test_a_large_text_is_read_in_a_thread(mailbox: Mailbox) -> None:
    run(load_values(mailbox, [wanted(1, size=1 << 20)]))

    assert lanes == [Lane.STORAGE]


def test_many_texts_are_read_by_one_call(mailbox: Mailbox) -> None:
    texts = [wanted(uid) for uid in range(1, 51)]
    run(load_values(mailbox, texts))

    assert lanes == [Lane.STORAGE]
    assert all(one.values for one in texts)


def test_a_text_that_is_gone(world: World, mailbox: Mailbox) -> None:
    """The others are read all the same."""
    world.files()[1].unlink()
    texts = [wanted(uid) for uid in (1, 2, 3)]
    run(load_values(mailbox, texts))

    assert [one.values is None for one in texts] == [False, True, False]


def test_a_file_stays_open_only_for_what_is_streamed(world: World) -> None:
    """The rest is in memory, so the file is closed at once."""
    world.deliver(b"Subject: long\r\n\r\n" + b"x" * STREAMED)
    inbox = world.accounts.open(USER, None).mailbox("INBOX")
    inbox.sync()
    long, short = wanted(1), wanted(1, Span(0, 100))
    run(load_values(inbox, [long, short]))

    assert long.values == [1, Span(0, STREAMED + 17)]
    assert long.content is not None
    assert short.content is None
    long.content.close()


def test_what_is_said_already_opens_no_file(world: World, mailbox: Mailbox) -> None:
    """A header that is kept whole, beside one that is not."""
    world.files()[1].unlink()
    texts = [Line(2, 100, [2, b"{0}\r\n"]), wanted(3)]
    run(load_values(mailbox, texts))

    assert [one.values for one in texts] == [[2, b"{0}\r\n"], [3, b"{22}\r\nSubject: 3\r\n\r\nbody 3\r\n"]]


def test_a_small_piece_of_a_large_message_costs_little(world: World) -> None:
    """It is read at once, as a small message is."""
    world.deliver(b"Subject: long\r\n\r\n" + b"x" * STREAMED)
    inbox = world.accounts.open(USER, None).mailbox("INBOX")
    inbox.sync()
    text = wanted(1, Span(9, 13), STREAMED + 17)
    inbox.make_sizes([1])
    run(load_values(inbox, [text]))

    assert text.values == [1, b"{4}\r\nlong"]
    assert lanes == []
