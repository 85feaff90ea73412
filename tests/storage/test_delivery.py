"""The order of delivery."""

import random

import pytest

from mailaccess.storage import pieces
from mailaccess.storage.delivery import in_order
from mailaccess.storage.names import delivery_order


def ordered(bases: list[str]) -> list[str]:
    """Files of these bases in order."""
    infos = "", ":2,", ":2,S"
    names = [base + infos[number % 3] for number, base in enumerate(bases)]
    return [name.partition(":")[0] for name in in_order(names)]


def test_names_of_one_second() -> None:
    """Are in the order of what follows, which is no order of texts."""
    names = ["1700000001.M10P1.h", "1700000001.M9P1.h", "1700000000.M11P1.h", "1700000001.h", "1700000002.M1P1.h"]

    assert ordered(names) == [names[2], names[3], names[1], names[0], names[4]]


def test_names_of_other_kinds() -> None:
    """Seconds of fewer digits are earlier; what is no number is the earliest."""
    names = ["1700000001.M1P1.h", "strange", "999.M1P1.h", "10000000000.M1P1.h", "1700000000,h", "a 1700000002.M1P1.h"]

    assert ordered(names) == [names[5], names[1], names[2], names[4], names[0], names[3]]


@pytest.mark.parametrize("piece", [1, 2, 16, 100])
def test_many(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """In whatever pieces they are sorted, the order is that of their keys."""
    monkeypatch.setattr(pieces, "PIECE", piece)
    chance = random.Random(piece)
    for spread in (1, 5, 1000):
        found = {f"{1_700_000_000 + chance.randrange(spread)}.M{chance.randrange(50)}P1" for _ in range(150)}
        found |= {f"{chance.randrange(10 ** chance.randrange(1, 12))}.{chance.choice('Mab')}1" for _ in range(20)}
        names = sorted(found, key=lambda _: chance.random())
        assert ordered(names) == sorted(names, key=delivery_order)


def test_none() -> None:
    assert ordered([]) == []
