"""What idle sessions take: the marginal proportional set size, in kilobytes a session."""

import ssl
import time

from tests.bench import report
from tests.bench.client import Imap
from tests.bench.workloads import TEN, Bench, Sizes

TARGETS = {"imap": 0.05, "imaps": 0.1}
NAMES = {"imap": "memory of an idle session", "imaps": "memory of an idle TLS session"}


def rows(benches: list[Bench], sizes: Sizes) -> list[report.Row]:
    """Plain and TLS, each from a tenth of the sessions to all of them."""
    found = []
    for door in ("imap", "imaps"):
        figures = [[_marginal(bench, door, sizes.idle)] for bench in benches]
        found.append(report.row(NAMES[door], "KB", figures[0], figures[1] if len(figures) > 1 else [], TARGETS[door]))
    return found


def _marginal(bench: Bench, door: str, count: int) -> float:
    tls = bench.peer.trusting() if door == "imaps" else None
    few = max(1, count // 10)
    sessions = [_idle(bench, door, tls) for _ in range(few)]
    before = _settled(bench)
    sessions += [_idle(bench, door, tls) for _ in range(count)]
    after = _settled(bench)
    for session in sessions:
        session.close()
    return (after - before) / count / 1024


def _idle(bench: Bench, door: str, tls: ssl.SSLContext | None) -> Imap:
    return Imap(bench.peer.ports[door], tls).log_in(TEN)


def _settled(bench: Bench) -> int:
    """Once it stays as it is: some memory is given back a little later."""
    last = bench.peer.memory()
    for _ in range(10):
        time.sleep(0.3)
        now = bench.peer.memory()
        if abs(now - last) < last // 200:
            return now
        last = now
    return last
