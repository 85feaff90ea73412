"""Answers kept for the next time."""

import weakref

import pytest

from mailaccess.imap.orders import Kept, Key
from mailaccess.storage.mailbox import Mailbox
from tests.world import World


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    """An INBOX."""
    return world.accounts.open("fred", None).mailbox("INBOX")


def key(mailbox: Mailbox, question: str) -> Key:
    return weakref.ref(mailbox), question, b""


def test_what_was_not_used_for_longest_goes_first(mailbox: Mailbox) -> None:
    """When there is more than the limit; an answer that is put again takes its room once."""
    kept: Kept[str] = Kept(30)
    for name in ("a", "b", "c", "b"):
        kept.put(key(mailbox, name), name, 10)
    kept.get(key(mailbox, "a"))
    kept.put(key(mailbox, "d"), "d", 10)

    assert [kept.get(key(mailbox, name)) for name in "abcd"] == ["a", "b", None, "d"]


def test_an_answer_too_large_to_keep_is_not_kept(mailbox: Mailbox) -> None:
    """It goes like any other."""
    kept: Kept[str] = Kept(30)
    kept.put(key(mailbox, "a"), "a", 31)

    assert kept.get(key(mailbox, "a")) is None
