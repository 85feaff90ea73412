"""How messages differ from those that were put in order before."""

from array import array
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from mailaccess.imap.orders import Order, difference

FEW = st.sets(st.integers(1, 300) | st.integers(290, 300), max_size=2)  # near the end the others behind them are few


@given(st.integers(200, 300), FEW, FEW, st.randoms(use_true_random=False))
@example(700, {698}, {696}, Random(1))
@example(700, {696}, {698}, Random(1))
def test_what_stayed_is_in_the_order_it_had(count: int, gone: set[int], came: set[int], chance: Random) -> None:
    """And with what came it is all there is, if that is not too much."""
    before = array("I", [uid for uid in range(1, count) if uid not in came])
    now = array("I", [uid for uid in range(1, count + 1) if uid not in gone])
    places = chance.sample(range(len(before)), len(before))
    change = difference(Order(before, array("I", places)), now)
    if change is not None:
        stayed = [before[place] for place in places if before[place] in now]
        assert [now[place] for place in change.stayed] == stayed
        assert [now[place] for place in change.came] == sorted(set(now) - set(before))


def test_too_much_is_not_compared() -> None:
    """To sort anew takes less then."""
    order = Order(array("I", range(1, 1001)), array("I", range(1000)))

    assert difference(order, array("I", range(1, 1011))) is not None
    assert difference(order, array("I", range(1, 1100))) is None
    assert difference(order, array("I", range(200, 1001))) is None
