"""Threads for calls: how many, in which lane, and how their answers come back."""

import threading
from functools import partial
from typing import Any

from mailaccess.net.lanes import Lanes
from mailaccess.wire.traps import Lane
from tests.net.stage import Loop


class Answers(list[Any]):
    """What `submit` told."""

    def done(self, result: Any, error: Exception | None) -> None:
        self.append(error or result)


def test_answers_come_back_in_the_reactor() -> None:
    """Nothing is told before the reactor has its turn."""
    loop, answers = Loop(), Answers()
    lanes = Lanes(loop)
    lanes.submit(lambda: threading.current_thread().name, Lane.STORAGE, answers.done)
    assert answers == []
    assert lanes.busy == 1
    loop.run_posted()

    assert answers == ["storage-0"]
    assert lanes.busy == 0


def test_errors_come_back_and_the_thread_goes_on() -> None:
    """Even those that would end a thread."""
    loop, answers = Loop(), Answers()
    lanes = Lanes(loop)

    def leave() -> None:
        raise SystemExit

    lanes.submit(lambda: 1 // 0, Lane.COMPUTE, answers.done)
    loop.run_posted()
    lanes.submit(leave, Lane.COMPUTE, answers.done)
    loop.run_posted()
    lanes.submit(lambda: 7, Lane.COMPUTE, answers.done)
    loop.run_posted()

    assert isinstance(answers[0], ZeroDivisionError)
    assert isinstance(answers[1], RuntimeError)
    assert answers[2] == 7


def test_storage_calls_run_side_by_side_and_computing_ones_do_not() -> None:
    """Waiting for a disk can be done by many at once; a processor can be used by one."""
    loop = Loop()
    lanes = Lanes(loop)
    together = threading.Barrier(4)
    lanes_seen: list[str] = []
    for _ in range(4):
        lanes.submit(lambda: together.wait(10), Lane.STORAGE, lambda *_: None)
        lanes.submit(lambda: threading.current_thread().name, Lane.COMPUTE, lambda name, _: lanes_seen.append(name))
    while lanes.busy:
        loop.run_posted()

    assert lanes_seen == ["compute-0"] * 4


def test_a_crowd_at_the_door_does_not_hold_up_storage() -> None:
    """However many passwords are being checked."""
    loop, answers = Loop(), Answers()
    lanes = Lanes(loop)
    leave = threading.Event()
    for _ in range(100):
        lanes.submit(lambda: leave.wait(10), Lane.LOGIN, lambda *_: None)
    lanes.submit(lambda: "mail", Lane.STORAGE, answers.done)
    loop.run_posted()

    assert answers == ["mail"]
    leave.set()


def test_accounts_have_turns() -> None:
    """Whoever asks for much waits for that, and others come in between."""
    loop, answers = Loop(), Answers()
    lanes = Lanes(loop)
    leave = threading.Event()
    lanes.submit(leave.wait, Lane.COMPUTE, answers.done, "ann")
    for number in range(5):
        lanes.submit(partial("ann {}".format, number), Lane.COMPUTE, answers.done, "ann")
    for number in range(2):
        lanes.submit(partial("tim {}".format, number), Lane.COMPUTE, answers.done, "tim")
    assert lanes.busy == 8
    leave.set()
    while lanes.busy:
        loop.run_posted()

    assert answers[1:] == ["ann 0", "ann 1", "tim 0", "ann 2", "tim 1", "ann 3", "ann 4"]


def test_one_account_does_not_hold_all_threads() -> None:
    """All its calls may wait for one lock."""
    loop, answers = Loop(), Answers()
    lanes = Lanes(loop)
    leave = threading.Event()
    for _ in range(100):
        lanes.submit(lambda: leave.wait(10), Lane.STORAGE, lambda *_: None, "ann")
    lanes.submit(lambda: "mail", Lane.STORAGE, answers.done, "tim")
    loop.run_posted()

    assert answers == ["mail"]
    leave.set()
    assert lanes.close(10), "what waited for its turn is done, too"


def test_one_wake_up_serves_all_that_was_posted() -> None:
    """In the order of posting; a failing one does not keep the next from its turn."""
    loop = Loop()
    lanes = Lanes(loop)
    seen: list[int] = []
    lanes.post(lambda: seen.append(1))
    lanes.post(lambda: seen.append(1 // 0))
    lanes.post(lambda: seen.append(2))
    loop.run_posted()

    assert seen == [1, 2]


def test_closed_lanes_finish_what_they_have() -> None:
    """Then their threads end; who closes them may wait for that, but not for ever."""
    loop, answers = Loop(), Answers()
    lanes = Lanes(loop)
    leave = threading.Event()
    lanes.submit(lambda: leave.wait(10), Lane.STORAGE, answers.done)
    assert not lanes.close(0.01)
    leave.set()
    loop.run_posted()

    assert answers == [True]
    assert lanes.close(10)
