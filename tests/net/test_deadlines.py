"""One timer, set when it has to be; what is due is asked of it then."""

from math import inf

import pytest
from twisted.internet.task import Clock

from mailaccess.net.deadlines import SLICE, Deadlines
from mailaccess.wire.channel import Channel, Peer


class Waiting:
    """Deadlines that note when they went off."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.channel = Channel(Peer("192.0.2.1"))
        self.channel.timeout = 60
        self.went_off: list[float] = []
        self.deadlines = Deadlines(self.channel, self.clock, lambda: self.went_off.append(self.clock.seconds()))


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_an_early_timer_stays(waiting: Waiting) -> None:
    """What is due later is set when that has gone off."""
    waiting.deadlines.set(10)
    waiting.deadlines.set(20)
    waiting.clock.advance(30)

    assert waiting.went_off == [30]
    assert not waiting.clock.getDelayedCalls()


def test_a_late_timer_is_set_anew(waiting: Waiting) -> None:
    """There is never more than one."""
    waiting.deadlines.set(20)
    waiting.deadlines.set(10)

    assert [call.getTime() for call in waiting.clock.getDelayedCalls()] == [10]


def test_what_is_past_is_due_at_once(waiting: Waiting) -> None:
    """A timer cannot be set into the past."""
    waiting.clock.advance(10)
    waiting.deadlines.set(5)
    waiting.clock.advance(0)

    assert waiting.went_off == [10]


def test_a_command_costs_no_timer(waiting: Waiting) -> None:
    """That the peer has longer now is found out when the timer goes off."""
    waiting.deadlines.wait_for_peer()
    timers = waiting.clock.getDelayedCalls()
    waiting.clock.advance(30)
    waiting.deadlines.be_active()
    waiting.deadlines.wait_for_peer()

    assert waiting.clock.getDelayedCalls() == timers
    assert waiting.deadlines.patience() == 90


def test_a_shorter_patience_is_heeded(waiting: Waiting) -> None:
    """A session that logs its user out gives it less time."""
    waiting.deadlines.wait_for_peer()
    waiting.channel.timeout = 5
    waiting.deadlines.wait_for_peer()
    waiting.clock.advance(5)

    assert waiting.went_off == [5]


@pytest.mark.parametrize(("lifetime", "due"), [(100.0, 100.0), (inf, 110.0)])
def test_a_life_ends_however_active(waiting: Waiting, lifetime: float, due: float) -> None:
    """Who does not log in is not kept by what it sends."""
    waiting.deadlines.begin()
    waiting.channel.lifetime = lifetime
    waiting.clock.advance(50)
    waiting.deadlines.be_active()
    waiting.deadlines.wait_for_peer()

    assert waiting.deadlines.patience() == due


def test_a_slice(waiting: Waiting) -> None:
    """It begins with what the peer does, or when it is the session's turn."""
    waiting.deadlines.be_active()
    assert waiting.deadlines.slice_lasts
    waiting.clock.advance(SLICE)
    assert not waiting.deadlines.slice_lasts
    waiting.deadlines.begin_slice()
    assert waiting.deadlines.slice_lasts
    assert waiting.deadlines.patience() == 60


def test_nothing_goes_off_after_the_end(waiting: Waiting) -> None:
    """Whoever was to be told is gone."""
    waiting.deadlines.set(10)
    waiting.deadlines.end()
    waiting.clock.advance(20)

    assert waiting.went_off == []
