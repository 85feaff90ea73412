"""Which lane each kind of blocking work asks for."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mailaccess.wire.channel import Channel
from mailaccess.wire.traps import STEPS_AT_ONCE, Call, Lane, call, compute, compute_steps, verify
from tests.driver import MemoryDriver


class LaneDriver(MemoryDriver):
    """Notes the lanes."""

    def answer_call(self, work: Call) -> object:
        lanes.append(work.lane)
        return super().answer_call(work)


lanes: list[Lane] = []


@pytest.mark.parametrize(("trap", "lane"), [(call, Lane.STORAGE), (compute, Lane.COMPUTE), (verify, Lane.LOGIN)])
def test_lane(trap: Callable[..., Awaitable[Any]], lane: Lane) -> None:
    """Storage, computing and password checks do not stand in each other's way."""
    lanes.clear()
    got: list[tuple[int, int]] = []

    async def session(channel: Channel) -> None:
        got.append(await trap(divmod, 7, 2))

    LaneDriver(session)
    assert lanes == [lane]
    assert got == [(3, 1)]


@pytest.mark.parametrize(("steps", "lane"), [(STEPS_AT_ONCE, []), (STEPS_AT_ONCE + 1, [Lane.COMPUTE])])
def test_steps(steps: int, lane: list[Lane]) -> None:
    """A little is done on the spot, more in a thread; with the same result."""
    lanes.clear()
    got: list[tuple[int, int]] = []

    async def session(channel: Channel) -> None:
        got.append(await compute_steps(steps, divmod, 7, 2))

    LaneDriver(session)
    assert lanes == lane
    assert got == [(3, 1)]
