"""Facts of many messages: from the index, or made, in slices."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from mailaccess.imap.loading import load_facts
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
