"""Whether one session's heavy work is felt by another: NOOPs beside it, in the same worker."""

import json
import multiprocessing
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import post, report
from tests.bench.client import Imap
from tests.bench.servers import Ours

HEAVY, LIGHT = "heavy", "light"
FEWEST, MOST = 3.0, 20.0
"""Seconds for which a command is repeated, and after which its session is cut off."""
PAUSE = 0.005
"""Seconds between two NOOPs."""
BESIDE = (
    ("nothing", "", None),
    ("the first scan", "NOOP", None),
    ("a body search, not indexed", f"SEARCH BODY {post.RARE}", 50.0),
    ("a body search for a rare word", f"SEARCH BODY {post.RARE}", 50.0),
    ("a text search for a common word", f"SEARCH TEXT {post.COMMON}", 50.0),
    ("a search by flag", "SEARCH FLAGGED", 50.0),
    ("a search in subjects", "SEARCH SUBJECT w77", 50.0),
    ("a sort by subject", "SORT (SUBJECT) UTF-8 ALL", None),
    ("FETCH of all flags", "FETCH 1:* (FLAGS)", None),
    ("FETCH of all envelopes", "FETCH 1:* (ENVELOPE)", None),
    ("STORE of a flag to all", "STORE 1:* +FLAGS.SILENT (\\Answered)", None),
)


@dataclass
class Beside:
    """What NOOPs took beside something, in milliseconds, and how late the reactor was at most."""

    what: str
    median: float
    late: float
    most: float
    delay: float
    target: float | None
    """For `late`, which is the 99th percentile."""


@dataclass
class Result:
    """All of a run."""

    machine: str
    messages: int
    all: list[Beside]

    def table(self) -> str:
        """Markdown."""
        head = ["NOOP beside", "median", "99th percentile", "most", "reactor late by", "target", "met"]
        lines = ["| " + " | ".join(head) + " |", "| --- | ---: | ---: | ---: | ---: | ---: | --- |"]
        return "\n".join([*lines, *map(_line, self.all)]) + "\n"

    def as_json(self) -> str:
        """`read` is the way back."""
        return json.dumps(asdict(self), indent=1) + "\n"


def read(file: Path) -> Result:
    """What `as_json` gave."""
    found = json.loads(file.read_text())
    return Result(found["machine"], found["messages"], [Beside(**one) for one in found["all"]])


def _line(one: Beside) -> str:
    figures = [report.figure(value, "ms") for value in (one.median, one.late, one.most, one.delay)]
    target = "" if one.target is None else f"{one.target:g} ms"
    met = "" if one.target is None else "yes" if one.late <= one.target else "**no**"
    return "| " + " | ".join([one.what, *figures, target, met]) + " |"


def run(directory: Path, size: int) -> Result:
    """One session's NOOPs while another has so many messages searched, fetched, changed."""
    post.flood(directory / "mail" / HEAVY, size)
    post.flood(directory / "mail" / LIGHT, 1_000)
    server = Ours(directory, [HEAVY, LIGHT], 1)
    result = Result(report.machine(), size, [])
    try:
        session = Imap(server.ports["imap"]).log_in(LIGHT)
        for what, command, target in BESIDE:
            if what == "a body search for a rare word":
                server.index_texts(HEAVY)
            server.settle(60)
            result.all.append(_beside(server, session, what, command, target))
            print(_line(result.all[-1]), flush=True)
    finally:
        server.stop()
    return result


def _beside(server: Ours, session: Imap, what: str, command: str, target: float | None) -> Beside:
    server.lag()
    times = []
    worker = multiprocessing.get_context("spawn").Process(target=_repeat, args=(server.ports["imap"], command))
    worker.start()
    until = time.monotonic() + MOST
    while worker.is_alive() and time.monotonic() < until:
        began = time.perf_counter()
        session.ask("NOOP")
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE)
    worker.terminate()
    worker.join()
    late = statistics.quantiles(times, n=100)[98]
    return Beside(what, statistics.median(times), late, max(times), server.lag(), target)


def _repeat(port: int, command: str) -> None:
    """In a process of its own: reading much would slow down who measures."""
    until = time.monotonic() + FEWEST
    session = Imap(port)
    if command:
        session.log_in(HEAVY)
    while time.monotonic() < until:
        if command:
            session.ask(command)
        else:
            time.sleep(PAUSE)
