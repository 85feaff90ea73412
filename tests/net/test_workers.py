"""Worker processes: one shows the way, the dead are replaced, all stop together."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from mailaccess.net.workers import EX_CONFIG, Lifeline
from tests.net.stage import Running

PARENT = """
import logging, os, signal, sys, time
from mailaccess.net.workers import Supervisor
logging.basicConfig(format="%(message)s")

def say(text):
    os.write(1, f"{text}\\n".encode())

def work(number, serves, lifeline):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: say(f"{number} hup"))
    say(f"{number} pid {os.getpid()}")
    WORK
    serves()
    os.read(lifeline, 1)  # until the parent is gone

sys.exit(Supervisor(2, work, grace=GRACE, ready=lambda: say("ready")).run())
"""


class Parent:
    """A process that runs a Supervisor."""

    def __init__(self, work: str = "pass", grace: float = 20) -> None:
        program = PARENT.replace("WORK", work).replace("GRACE", str(grace))
        self.process = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Parent":
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.communicate()

    def line(self) -> str:
        """What it says next."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def pids(self) -> list[int]:
        """Reads the beginning: both workers, then that all is ready."""
        said = [self.line() for _ in range(3)]
        assert said[-1] == "ready"
        return [int(line.split()[-1]) for line in said[:2]]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Its exit status, and what it logged."""
        _, logged = self.process.communicate(timeout=30)
        return self.process.returncode, logged


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_stop_together(number: signal.Signals) -> None:
    """None is left, and the status is that of success."""
    with Parent() as parent:
        pids = parent.pids()
        parent.send(number)

        assert parent.end() == (0, "")
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_all_are_told_to_reload() -> None:
    """SIGHUP goes to each."""
    with Parent() as parent:
        parent.pids()
        parent.send(signal.SIGHUP)

        assert {parent.line(), parent.line()} == {"0 hup", "1 hup"}


def test_a_dead_worker_is_replaced_under_its_number() -> None:
    """Its sockets are known by that number. What it died of is logged."""
    with Parent() as parent:
        pids = parent.pids()
        os.kill(pids[1], signal.SIGKILL)
        number, _, pid = parent.line().split()

        assert number == "1"
        assert int(pid) not in pids
        parent.send(signal.SIGTERM)
        status, logged = parent.end()
        assert status == 0
        assert f"worker 1 (process {pids[1]}) died: SIGKILL" in logged


def test_the_first_worker_shows_whether_one_can_be_started() -> None:
    """If not, it alone has said why, and its status is the server's."""
    with Parent(f"sys.exit({EX_CONFIG})") as parent:
        assert parent.line().startswith("0 pid")
        assert parent.line() == ""
        assert parent.end()[0] == EX_CONFIG


def test_a_worker_that_fails_at_the_start_is_no_reason_to_go_on() -> None:
    """The error is logged; nobody retries for ever."""
    with Parent("raise OSError('no space')") as parent:
        assert parent.line().startswith("0 pid")
        status, logged = parent.end()

        assert status != 0
        assert "no space" in logged


def test_later_failures_are_retried_ever_more_slowly() -> None:
    """A worker that dies again and again does not keep the machine busy."""
    with Parent("number and os._exit(3)") as parent:
        times = []
        for _ in range(4):
            assert parent.line()
            times.append(time.monotonic())
        parent.send(signal.SIGTERM)

        pauses = [after - before for before, after in pairwise(times[1:])]
        assert pauses[0] >= 0.09
        assert pauses[1] >= 0.19
        assert parent.end()[0] == 0


def test_a_worker_that_does_not_stop_is_killed() -> None:
    """Once the grace is over."""
    with Parent("signal.signal(signal.SIGTERM, signal.SIG_IGN)", grace=0.2) as parent:
        parent.pids()
        parent.send(signal.SIGTERM)

        assert parent.end()[0] == 0


def test_the_lifeline_tells_when_the_parent_is_gone() -> None:
    """And not when the reactor merely stops."""
    told: list[str] = []
    with Running() as running:
        ours, theirs = os.pipe()
        running.do(running.reactor.addReader, Lifeline(ours, lambda: told.append("gone")))
        os.close(theirs)
        while not told:
            running.do(lambda: None)
        os.close(ours)

    Lifeline(0, lambda: told.append("stopped")).connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
    assert told == ["gone"]
