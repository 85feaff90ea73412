"""What grows with a mailbox, and what does not: this server alone, on ever more messages in one INBOX."""

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from tests.bench import chart, post, report
from tests.bench.client import TAG, Imap
from tests.bench.servers import Ours

SIZES = (1_000, 10_000, 100_000, 1_000_000)
OFTEN = 21
"""Times that a single command is measured; the lower quartile counts, which other load on the machine moves little."""
RESTARTS = 3


class Growth(Enum):
    """How a figure may grow; `most` is the factor from the smallest mailbox to the largest."""

    NOT = "at most 2"
    SLOWER = "less than linear"
    LINEAR = "linear"
    ANY = ""

    def met(self, factor: float, sizes: float) -> bool | None:
        """Whether it does so where the mailboxes grow by `sizes`; a fifth is left for chance."""
        most = {Growth.NOT: 2.0, Growth.SLOWER: sizes, Growth.LINEAR: sizes * 1.2}
        return factor <= most[self] if self in most else None


@dataclass
class Line:
    """One thing that was measured: a figure for each size."""

    name: str
    unit: str
    growth: str
    figures: list[float]


@dataclass
class Result:
    """All of them."""

    machine: str
    sizes: list[int]
    lines: list[Line]

    def table(self) -> str:
        """Markdown."""
        head = ["messages", *(f"{size:,}" for size in self.sizes), "factor", "target", "met"]
        rows = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 2) + " --- |"]
        for one in self.lines:
            growth, factor = Growth(one.growth), one.figures[-1] / max(one.figures[0], 1e-9)
            met = {None: "", True: "yes", False: "**no**"}[growth.met(factor, self.sizes[-1] / self.sizes[0])]
            figures = [report.figure(value, one.unit) for value in one.figures]
            rows.append("| " + " | ".join([one.name, *figures, f"{factor:.3g}", growth.value, met]) + " |")
        return "\n".join(rows) + "\n"

    def chart(self) -> str:
        """SVG of what takes time."""
        curves = {one.name: one.figures for one in self.lines if one.unit == "ms"}
        return chart.lines("Time against messages in the mailbox", self.sizes, curves)

    def as_json(self) -> str:
        """`read` is the way back."""
        return json.dumps(asdict(self), indent=1) + "\n"


def read(file: Path) -> Result:
    """What `as_json` gave."""
    found = json.loads(file.read_text())
    return Result(found["machine"], found["sizes"], [Line(**one) for one in found["lines"]])


def run(directory: Path, sizes: Sequence[int]) -> Result:
    """Measures all sizes, and prints each as it is known."""
    found: dict[str, Line] = {}
    for size in sizes:
        user = f"grown{size}"
        home = directory / user
        home.mkdir()
        post.flood(home / "mail" / user, size)
        for name, unit, growth, value in _figures(home, user, size):
            found.setdefault(name, Line(name, unit, growth.value, [])).figures.append(value)
            print(f"{size:>9,}  {name}: {report.figure(value, unit)}", flush=True)
    return Result(report.machine(), list(sizes), list(found.values()))


Figure = tuple[str, str, Growth, float]


def _figures(home: Path, user: str, size: int) -> Iterator[Figure]:
    server = Ours(home, [user], 1)
    try:
        yield "first scan", "ms", Growth.LINEAR, _milliseconds(lambda: _scan(server, user))
        server.settle(60)
        yield "full-text index, processor time", "ms", Growth.LINEAR, server.index_texts(user) * 1000
        index = sum(file.stat().st_size for file in server.maildir(user).joinpath("mailaccess").iterdir())
        yield "index on disk", "MB", Growth.LINEAR, index / 1e6
    finally:
        server.stop()
    reopened = [_reopened(home, user) for _ in range(RESTARTS)]
    yield "opening, the first time after a restart", "ms", Growth.NOT, statistics.median(one for one, _ in reopened)
    yield "FETCH of one message right after it", "ms", Growth.ANY, statistics.median(other for _, other in reopened)
    server = Ours(home, [user], 1)
    try:
        server.settle()
        _scan(server, user)  # while it is unpacked it is not at hand
        yield "opening", "ms", Growth.NOT, _often(lambda: _selected(server, user))
        yield from _commands(server, user, size)
        yield "memory of the server", "MB", Growth.ANY, server.settle().memory() / 1e6
    finally:
        server.stop()


def _commands(server: Ours, user: str, size: int) -> Iterator[Figure]:
    session = _open(server, user)
    chance = random.Random(size)
    numbers = [chance.randrange(size) + 1 for _ in range(OFTEN)]

    def ask(lines: Sequence[str | bytes]) -> float:
        waiting = iter(lines)
        return _often(lambda: _milliseconds(lambda: session.ask(next(waiting))), len(lines))

    yield "NOOP", "ms", Growth.NOT, ask(["NOOP"] * OFTEN)
    yield "FETCH of one message", "ms", Growth.NOT, ask([f"FETCH {number} (BODY.PEEK[])" for number in numbers])
    written = server.written()
    yield "STORE of one flag", "ms", Growth.NOT, ask([f"STORE {number} +FLAGS (\\Flagged)" for number in numbers])
    yield "octets written for it", "octets", Growth.NOT, (server.settle().written() - written) / OFTEN
    text = post.message(chance, 1, datetime(2024, 1, 1, tzinfo=UTC), 1_000).replace(b"\n", b"\r\n")
    yield "APPEND of one message", "ms", Growth.NOT, ask([b"APPEND INBOX {%d+}\r\n%s" % (len(text), text)] * OFTEN)
    yield "a file in new/ to EXISTS in IDLE", "ms", Growth.NOT, _notified(server, user, session)
    yield "SEARCH for a rare word in bodies", "ms", Growth.SLOWER, ask([f"SEARCH BODY {post.RARE}"] * 5)
    yield "SEARCH for a flag", "ms", Growth.LINEAR, ask(["SEARCH FLAGGED"] * 5)
    yield "FETCH of all flags", "ms", Growth.LINEAR, ask(["FETCH 1:* (FLAGS)"] * 3)
    session.close()


def _open(server: Ours, user: str) -> Imap:
    return Imap(server.ports["imap"]).log_in(user)


def _scan(server: Ours, user: str) -> None:
    """Opens the mailbox, until all is known of it."""
    session = _open(server, user)
    session.ask("FETCH 1 INTERNALDATE")
    session.close()


def _reopened(home: Path, user: str) -> tuple[float, float]:
    """Milliseconds that SELECT takes in the first session of a server, and then FETCH, which needs to know messages."""
    server = Ours(home, [user], 1)
    try:
        server.settle()
        session = Imap(server.ports["imap"]).log_in(user, None)
        selected = _milliseconds(lambda: session.select("INBOX"))
        fetched = _milliseconds(lambda: session.ask("FETCH 1 (FLAGS)"))
        session.close()
        return selected, fetched
    finally:
        server.stop()


def _selected(server: Ours, user: str) -> float:
    """Milliseconds that SELECT takes in a session that has just logged in."""
    session = Imap(server.ports["imap"]).log_in(user, None)
    found = _milliseconds(lambda: session.select("INBOX"))
    session.close()
    return found


def _notified(server: Ours, user: str, session: Imap) -> float:
    """Milliseconds until a session that idles hears of mail."""

    def one() -> float:
        post.deliver(server.maildir(user), time.monotonic_ns())
        began = time.perf_counter()
        while b"EXISTS" not in session.line():
            pass
        return (time.perf_counter() - began) * 1000

    session.send(TAG + b" IDLE\r\n")
    while not session.line().startswith(b"+"):
        pass
    found = _often(one, OFTEN // 2)
    session.send(b"DONE\r\n")
    session.answer()
    return found


def _milliseconds(work: Callable[[], object]) -> float:
    """Milliseconds it takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _often(once: Callable[[], float], times: int = OFTEN) -> float:
    return statistics.quantiles([once() for _ in range(times)], n=4, method="inclusive")[0]
