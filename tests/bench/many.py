"""Very many sessions: what thousands of idle ones take from an active one, and how workers share the active ones."""

import resource
import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import post, report
from tests.bench.client import Imap
from tests.bench.findings import Finding, Findings
from tests.bench.servers import Ours, processor

DESCRIPTORS = 20_000
"""The server has half of them for connections."""
NOOPS, TURNS = 50, 20
"""How many an active session sends at a time, and how often: what a machine is like changes within seconds."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How many of everything."""

    accounts: int = 1_000
    each: int = 10  # sessions of an account
    messages: int = 1_000
    active: int = 200
    runs: int = 10

    @property
    def idle(self) -> int:
        """All but the active one: more than 10,000 connections need a limit that not all systems give."""
        return self.accounts * self.each - 1


SHORT = Scale(accounts=20, messages=50, active=20, runs=2)


def run(directory: Path, scale: Scale) -> Findings:
    """Measures both. ValueError where there cannot be so many descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, max(DESCRIPTORS, most)))
    users = [f"user{number}" for number in range(scale.accounts)]
    mail = directory / "mail"
    post.flood(mail / users[0], scale.messages)
    for user in users[1:]:  # hard links: it is the sessions that are measured, not the files
        subprocess.run(["cp", "-al", str(mail / users[0]), str(mail / user)], check=True)
    quiet = directory / "quiet" / "mail"
    quiet.mkdir(parents=True)
    subprocess.run(["cp", "-al", str(mail / users[0]), str(quiet / users[0])], check=True)
    return Findings(report.machine(), [*_idle(directory, users, scale), *_shares(directory, users, scale)])


def _idle(directory: Path, users: list[str], scale: Scale) -> Iterator[Finding]:
    with _serving(directory, users, 1) as server:
        active = Imap(server.ports["imap"]).log_in(users[0])
        before = server.settle().memory()
        yield Finding("memory of one worker, its parent included", before / 1e6, "MB")
        began = time.monotonic()
        sessions = _open(server, users, scale.each)
        yield Finding(f"{scale.idle:,} TLS sessions opened", (time.monotonic() - began) * 1000, "ms")
        after = server.settle().memory()
        yield Finding(f"memory with {scale.idle:,} idle TLS sessions", after / 1e6, "MB", 1_000.0)
        yield Finding("of that, for each session", (after - before) / scale.idle / 1024, "KB")
        with _serving(directory / "quiet", users[:1], 1) as quiet:
            alone, beside = _noops(Imap(quiet.ports["imap"]).log_in(users[0]), active)
        usual = statistics.median(alone)
        yield Finding("NOOP of an active session alone, median", usual, "ms")
        yield Finding("the same, 99th percentile", _slowest(alone), "ms")
        yield Finding("NOOP of an active session beside them, median", statistics.median(beside), "ms", 2 * usual)
        yield Finding("the same beside them, 99th percentile", _slowest(beside), "ms")
        for session in [active, *sessions]:
            session.close()


def _open(server: Ours, users: list[str], each: int) -> list[Imap]:
    tls = server.trusting()
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda user: Imap(server.ports["imaps"], tls).log_in(user), (users * each)[1:]))


def _noops(*sessions: Imap) -> list[list[float]]:
    """The milliseconds that each one's took; they have turns."""
    times: list[list[float]] = [[] for _ in sessions]
    for _ in range(TURNS):
        for session, taken in zip(sessions, times, strict=True):
            for _ in range(NOOPS):
                began = time.perf_counter()
                session.ask("NOOP")
                taken.append((time.perf_counter() - began) * 1000)
    return times


def _slowest(times: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(times, n=100)[98]


def _shares(directory: Path, users: list[str], scale: Scale) -> Iterator[Finding]:
    """What the busier of two workers has of the active sessions, and of the work."""
    with _serving(directory, users, 2) as server:
        found = [_share(server, users, scale.active) for _ in range(scale.runs)]
    sessions, work = (statistics.median(each) for each in zip(*found, strict=True))
    yield Finding(f"of {scale.active} active sessions, those of the busier of two workers", sessions * 100, "%", 60.0)
    yield Finding("of the processor time for them, that of the busier", work * 100, "%", 60.0)


def _share(server: Ours, users: list[str], count: int) -> tuple[float, float]:
    workers = server.server.workers()
    before = [_connections(pid) for pid in workers]
    sessions = [Imap(server.ports["imap"]).log_in(users[number % len(users)]) for number in range(count)]
    held = [_connections(pid) - was for pid, was in zip(workers, before, strict=True)]
    used = [processor(pid) for pid in workers]
    for _ in range(20):
        for session in sessions:
            session.ask("FETCH 1:20 (FLAGS ENVELOPE)")
    spent = [processor(pid) - was for pid, was in zip(workers, used, strict=True)]
    for session in sessions:
        session.ask("LOGOUT")
        session.close()
    return max(held) / sum(held), max(spent) / max(sum(spent), 0.01)


def _connections(pid: int) -> int:
    """Sockets that a process holds."""
    return sum("socket:" in str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink())


@contextmanager
def _serving(directory: Path, users: list[str], workers: int) -> Iterator[Ours]:
    server = Ours(directory, users, workers)
    try:
        yield server
    finally:
        server.stop()
