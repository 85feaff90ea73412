"""Facts and texts of many messages: from the index, from files, in slices."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from mailaccess.imap.grammar import Cursor
from mailaccess.imap.items import parse_items
from mailaccess.imap.loading import Texts, load_facts, load_texts
from mailaccess.imap.section import STREAMED, Span
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


def wanted(uid: int, item: bytes, size: int = 100) -> Texts:
    read = parse_items(Cursor(item))[0].read
    assert read is not None
    return Texts(uid, size, None, [read])


def test_facts_are_made_once_where_a_processor_may_be_kept_busy(mailbox: Mailbox) -> None:
    """In several slices; the second time they come from the index."""
    uids = list(mailbox.messages.uids)
    made = run(load_facts(mailbox, uids))

    assert list(lanes) == [Lane.COMPUTE] * 4
    assert sorted(made) == uids
    assert made[7].header == b"Subject: 7\r\n\r\n"
    assert {uid: facts.envelope for uid, facts in run(load_facts(mailbox, uids)).items()} == {
        uid: facts.envelope for uid, facts in made.items()
    }
    assert lanes == []


def test_only_what_is_missing_is_made(mailbox: Mailbox) -> None:
    run(load_facts(mailbox, [3]))
    found = run(load_facts(mailbox, [2, 3, 4]))

    assert sorted(found) == [2, 3, 4]
    assert len(lanes) == 1


def test_big_messages_are_taken_one_by_one(world: World) -> None:
    """A slice ends by its octets, too."""
    for _ in range(3):
        world.deliver(b"Subject: big\r\n\r\n" + b"x" * (8 << 20))
    inbox = world.accounts.open(USER, None).mailbox("INBOX")
    inbox.sync()
    inbox.make_sizes([1, 2, 3])
    run(load_facts(inbox, [1, 2, 3]))

    assert len(lanes) == 3


def test_a_message_that_is_gone_has_no_facts(world: World, mailbox: Mailbox) -> None:
    world.files()[1].unlink()

    assert sorted(run(load_facts(mailbox, [1, 2, 3]))) == [1, 3]


def test_few_small_texts_are_read_at_once(mailbox: Mailbox) -> None:
    """A thread would take longer to wake up than the file to be read."""
    texts = [wanted(1, b"BODY[]"), wanted(2, b"BODY[]")]
    run(load_texts(mailbox, texts))

    assert lanes == []
    assert [one.values for one in texts] == [
        [b"{22}\r\nSubject: 1\r\n\r\nbody 1\r\n"],
        [b"{22}\r\nSubject: 2\r\n\r\nbody 2\r\n"],
    ]


def test_a_text_that_has_to_be_looked_for(world: World, mailbox: Mailbox) -> None:
    """Another program renamed its file: reading directories is for a thread."""
    path = world.files()[1]
    path.rename(f"{path}:2,FRT")
    texts = [wanted(1, b"BODY[]"), wanted(2, b"BODY[]")]
    run(load_texts(mailbox, texts))

    assert lanes == [Lane.STORAGE]
    assert [one.values for one in texts] == [
        [b"{22}\r\nSubject: 1\r\n\r\nbody 1\r\n"],
        [b"{22}\r\nSubject: 2\r\n\r\nbody 2\r\n"],
    ]


def test_a_large_text_is_read_in_a_thread(mailbox: Mailbox) -> None:
    run(load_texts(mailbox, [wanted(1, b"BODY[]", 1 << 20)]))

    assert lanes == [Lane.STORAGE]


def test_many_texts_are_read_by_one_call(mailbox: Mailbox) -> None:
    texts = [wanted(uid, b"BODY[]") for uid in range(1, 51)]
    run(load_texts(mailbox, texts))

    assert lanes == [Lane.STORAGE]
    assert all(one.values for one in texts)


def test_a_text_that_is_gone(world: World, mailbox: Mailbox) -> None:
    """The others are read all the same."""
    world.files()[1].unlink()
    texts = [wanted(uid, b"BODY[]") for uid in (1, 2, 3)]
    run(load_texts(mailbox, texts))

    assert [one.values is None for one in texts] == [False, True, False]


def test_a_file_stays_open_only_for_what_is_streamed(world: World) -> None:
    """The rest is in memory, so the file is closed at once."""
    world.deliver(b"Subject: long\r\n\r\n" + b"x" * STREAMED)
    inbox = world.accounts.open(USER, None).mailbox("INBOX")
    inbox.sync()
    long, short = wanted(1, b"BODY[]"), wanted(1, b"BODY[]<0.100>")
    run(load_texts(inbox, [long, short]))

    assert long.values == [Span(0, STREAMED + 17)]
    assert long.content is not None
    assert short.content is None
    long.content.close()
