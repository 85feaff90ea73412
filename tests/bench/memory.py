"""What idle sessions take: the marginal proportional set size, in kilobytes a session."""

from tests.bench import report
from tests.bench.client import Imap
from tests.bench.workloads.table import IDLE, IDLE_TLS, TEN, Bench, Sizes

DOORS = {"imap": ("memory of an idle session", IDLE), "imaps": ("memory of an idle TLS session", IDLE_TLS)}
LEAST = 1.0
"""What is taken for a session's memory where no more can be seen: some is always given back meanwhile."""


def rows(benches: list[Bench], sizes: Sizes) -> list[report.Row]:
    """Plain and TLS, with the 10,000 messages selected: from a tenth of so many sessions to all of them beside it."""
    found = []
    for door, (name, kind) in DOORS.items():
        figures = [[_marginal(bench, door, sizes.idle)] for bench in benches]
        found.append(report.Row(name, "KB", figures[0], figures[1] if len(figures) > 1 else [], kind))
    return found


def _marginal(bench: Bench, door: str, count: int) -> float:
    tls = bench.peer.trusting() if door == "imaps" else None

    def idle() -> Imap:
        return Imap(bench.peer.ports[door], tls).log_in(TEN)

    sessions = [idle() for _ in range(count // 10)]
    before = bench.peer.settle().memory()
    sessions += [idle() for _ in range(count)]
    after = bench.peer.settle().memory()
    for session in sessions:
        session.close()
    bench.peer.settle()
    return max(LEAST, (after - before) / count / 1024)
