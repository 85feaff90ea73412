"""What is done with very many objects, in pieces."""

import random

import pytest

from mailaccess.storage import pieces


@pytest.mark.parametrize("size", [1, 2, 16, 100])
def test_in_order(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """In whatever pieces, the order is that of a sort; what is of one key is in one piece, as it stood."""
    monkeypatch.setattr(pieces, "PIECE", size)
    chance = random.Random(size)
    for spread in (1, 5, 1000):
        items = [(chance.randrange(spread), f"{number:03}") for number in range(200)]
        wanted = sorted(items, key=lambda item: item[0])
        found = list(pieces.in_order(items, lambda item: item[0]))

        assert [item for piece in found for item in piece] == wanted
        keys = [{item[0] for item in piece} for piece in found]
        assert sum(map(len, keys)) == len(set.union(*keys))
        assert items == []


def test_none() -> None:
    none: list[str] = []
    assert [item for piece in pieces.in_order(none, len) for item in piece] == []


@pytest.mark.parametrize("size", [1, 3, 100])
def test_let_go(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(pieces, "PIECE", size)
    items = list(range(7))
    pieces.let_go(items)

    assert items == []
