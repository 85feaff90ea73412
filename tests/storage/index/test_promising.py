"""What is said of a mailbox before its messages are read is so, whatever was done to it since it was packed."""

import random

import pytest

from mailaccess.mail.flags import DELETED, SEEN
from mailaccess.storage.index import reading
from mailaccess.storage.index.promising import promise
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.memory import Memory
from tests.storage.post import add


@pytest.fixture(autouse=True)
def _any_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is large enough."""
    monkeypatch.setattr("mailaccess.storage.packed._LARGE", 1)
    monkeypatch.setattr("mailaccess.storage.packed._FEW", 1)
    monkeypatch.setattr("mailaccess.storage.index.packing.RANGE", 4)


def change(chance: random.Random, inbox: Mailbox) -> None:
    """Something that sessions do."""
    uids = list(inbox.messages.uids)
    some = chance.sample(uids, min(len(uids), 2))
    match chance.randrange(6) if uids else 0:
        case 0:
            add(inbox, *[b"a\n"] * chance.randint(1, 9), flags=frozenset(chance.choice([[], ["$a"], [SEEN]])))
        case 1:
            inbox.store(some, chance.choice([Action.ADD, Action.REMOVE]), frozenset([chance.choice([SEEN, DELETED])]))
        case 2:
            inbox.store(uids, Action.ADD, frozenset([SEEN, f"$K{chance.randrange(30)}"]))
        case 3:
            inbox.remove(some)
        case _:
            inbox.pack()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_promised(inbox: Mailbox, seed: int) -> None:
    chance = random.Random(seed)
    kinds = set()
    for _ in range(150):
        change(chance, inbox)
        told, truth = inbox._box.index.read(
            lambda asked: (promise(asked, inbox.number), reading.everything(asked, inbox.number, unpack=False))
        )
        assert truth is not None
        if told is None:
            continue
        promised, there = Memory(told), Memory(truth)
        assert len(promised.messages) == len(there.messages)
        assert promised.messages.highest == there.messages.highest
        assert promised.messages.first_unseen() == there.messages.first_unseen()
        assert {name.lower() for name in promised.keywords()} == {name.lower() for name in there.keywords()}
        kinds.add(there.messages.first_unseen() == len(there.messages))
    assert len(kinds) == 2
