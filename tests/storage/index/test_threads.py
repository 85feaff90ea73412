"""Which messages are of one thread, and that what was said of it stands."""

import itertools
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailaccess.storage.index import schema, threads

Named = tuple[int, ...]


class Messages:
    """Messages of mailbox 1 of an account."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.executescript(schema.TABLES)
        self.uids = itertools.count(1)

    def place(self, *messages: Named) -> list[int]:
        """Sees messages with these names all at once: what their threads are called."""
        found = threads.place(self.connection, 1, {next(self.uids): names for names in messages})
        return list(found.values())

    def known(self, last: int) -> list[int | None]:
        """The threads of the messages up to a UID, as they are written down."""
        found = threads.known(self.connection, 1, range(1, last + 1))
        return [found.get(uid) for uid in range(1, last + 1)]


@pytest.fixture
def messages() -> Iterator[Messages]:
    made = Messages()
    yield made
    made.connection.close()


def test_what_shares_a_name_is_of_one_thread(messages: Messages) -> None:
    """Called by its eldest; what shares nothing is of another."""
    assert messages.place((10,), (10, 11), (20,)) == [10, 10, 20]
    assert messages.place((10, 11, 12), (21, 20)) == [10, 20]
    assert messages.known(6) == [10, 10, 20, 10, 20, None]


@pytest.mark.parametrize("order", list(itertools.permutations([(10,), (10, 11), (11, 12), (12, 13)])))
def test_the_order_does_not_matter_if_they_are_seen_at_once(messages: Messages, order: list[Named]) -> None:
    """Replies before what they reply to, and what only a later message ties together."""
    assert messages.place(*order) == [10] * 4


def test_replies_seen_before_what_they_reply_to(messages: Messages) -> None:
    """They have named the thread, whoever their elders are."""
    assert messages.place((12, 13)) == [12]
    assert messages.place((11, 12)) == [12]
    assert messages.place((10, 11)) == [12]


def test_two_threads_that_were_told_of_stay_two(messages: Messages) -> None:
    """What ties them together is of its eldest's, now and when it is seen again."""
    assert messages.place((10,), (20,)) == [10, 20]
    assert messages.place((10, 20, 30)) == [10]
    assert messages.place((10, 20, 30), (30, 31), (20, 21)) == [10, 10, 20]


def test_fresh_names_between_two_threads(messages: Messages) -> None:
    """They are of the first, and so is every message whose eldest is one of them."""
    assert messages.place((10,), (20,)) == [10, 20]
    assert messages.place((15, 20), (15, 10), (15,)) == [20, 20, 20]
    assert messages.place((15, 10)) == [20]


def test_without_names_there_is_no_thread(messages: Messages) -> None:
    assert messages.place((), ()) == []


def test_a_name_twice(messages: Messages) -> None:
    """A message may tell of itself, or of an ancestor more than once."""
    assert messages.place((10, 11, 10, 11), (11, 10)) == [10, 10]


def test_a_long_row_of_threads_that_join(messages: Messages) -> None:
    """Each into the one before it."""
    rows = [*((number,) for number in range(5000)), *((number - 1, number) for number in range(4999, 0, -1))]
    assert set(messages.place(*rows)) == {0}


@settings(max_examples=100)
@given(st.lists(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3), max_size=4), max_size=5))
def test_no_message_ever_changes_its_thread(batches: list[list[list[int]]]) -> None:
    """Whatever comes later; equal messages are of one thread, in whatever mailbox."""
    messages = Messages()
    before: dict[Named, int] = {}
    for batch in batches:
        names = [tuple(each) for each in batch]
        for each, thread in zip(names, messages.place(*names), strict=True):
            assert before.setdefault(each, thread) == thread
    for each, thread in before.items():
        assert messages.place(each) == [thread]
    messages.connection.close()
