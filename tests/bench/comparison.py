"""This server and Dovecot on the same mail, in turns."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.bench import memory, post, report
from tests.bench.client import Answer, Refused
from tests.bench.servers import Dovecot, Ours, Peer, program
from tests.bench.workloads.table import (
    FOLDERS,
    FRESH_HUNDRED,
    FRESH_TEN,
    HASHED,
    HUNDRED,
    OTHER,
    SCRATCH,
    TEN,
    USERS,
    Alike,
    Bench,
    Sizes,
    Workload,
)

ENOUGH = 20.0
"""Seconds after which a workload has no more rounds than `FEWEST`."""
FEWEST = 3


@contextmanager
def peers(directory: Path, sizes: Sizes, workers: int, *, alone: bool) -> Iterator[list[Peer]]:
    """Both servers, or this one alone, each with its copy of the mail; they are stopped behind the run."""
    mail = directory / "mail"
    _fill(mail, sizes)
    both = not alone and program() is not None
    if not both and not alone:
        print("Dovecot is not installed: this server alone", file=sys.stderr)
    homes = [directory / "ours", *([directory / "theirs"] if both else [])]
    for home in homes:
        home.mkdir()
        subprocess.run(["cp", "-a", str(mail), str(home)], check=True)
    shutil.rmtree(mail)
    found: list[Peer] = []
    try:
        found.append(Ours(homes[0], USERS, workers, hashed=HASHED))
        if both:
            found.append(Dovecot(homes[1], USERS, hashed=HASHED))
        yield found
    finally:
        for peer in found:
            peer.stop()


def _fill(mail: Path, sizes: Sizes) -> None:
    post.fill(mail / TEN, sizes.ten, 4_000)
    post.fill(mail / TEN / ".Scratch", 0, 0)
    post.fill(mail / HUNDRED, sizes.hundred, 1_000, seed=2)
    for user, fresh in ((TEN, FRESH_TEN), (HUNDRED, FRESH_HUNDRED)):
        subprocess.run(["cp", "-al", str(mail / user), str(mail / fresh)], check=True)
    for user in (FOLDERS, SCRATCH, *HASHED):
        post.fill(mail / user, 0, 0)
    for number in range(sizes.folders):
        post.fill(mail / FOLDERS / f".folder{number:03}", 3, 1_000, seed=number)


def run(servers: list[Peer], chosen: list[Workload], sizes: Sizes, rounds: int) -> tuple[list[report.Row], list[str]]:
    """Measures, and prints each row as it is found; the rows so far if interrupted. Also in what answers differ."""
    benches = [Bench(peer, sizes) for peer in servers]
    rows: list[report.Row] = []
    differing: list[str] = []
    try:
        for bench in benches:
            _warm(bench)
        print("\n".join(report.HEAD), file=sys.stderr)
        for one in chosen:
            servers[0].lag()
            row, different = _measured(benches, one, rounds)
            row = replace(row, lag=servers[0].lag())
            rows.append(row)
            differing += different
            print(report.line(row), file=sys.stderr)
    except KeyboardInterrupt:
        differing.append("interrupted")
    finally:
        for bench in benches:
            bench.close()
    return rows, differing


def idle(servers: list[Peer], sizes: Sizes) -> list[report.Row]:
    """What idle sessions take."""
    rows = memory.rows([Bench(peer, sizes) for peer in servers], sizes)
    for row in rows:
        print(report.line(row), file=sys.stderr)
    return rows


def indexing(servers: list[Peer], sizes: Sizes) -> list[report.Row]:
    """What this server's full-text index of 10,000 messages costs."""
    bench = Bench(servers[0], sizes)
    bench.forget(FRESH_TEN)
    bench.session(FRESH_TEN)
    spent = bench.peer.index_texts(FRESH_TEN) * 1000
    files = bench.peer.maildir(FRESH_TEN).glob("mailaccess/text*")
    size = sum(file.stat().st_size for file in files) / 1e6
    bench.close()
    rows = [
        report.Row("full-text index of 10,000 messages, processor time", "ms", [spent], [], OTHER),
        report.Row("full-text index of 10,000 messages, on disk", "MB", [size], [], OTHER),
    ]
    for row in rows:
        print(report.line(row), file=sys.stderr)
    return rows


def _warm(bench: Bench) -> None:
    """Every mailbox has been opened, and what that leaves to do is done.

    So that Dovecot is measured at its best: it trusts a directory's time only when that is some seconds old; a session
    that has scanned a directory does so at each SELECT; and where a session that has not scanned is the first to read
    from a file, all later ones scan.
    """
    users = (TEN, HUNDRED, FOLDERS, SCRATCH)
    for _ in range(2):
        for user in users:
            session = bench.connect().log_in(user)
            if user in {TEN, HUNDRED}:
                session.ask("FETCH 77 ENVELOPE")
            session.close()
        bench.peer.settle()
    for user in users:
        bench.session(user)
    bench.peer.index_texts(TEN)
    bench.peer.settle()


def _measured(benches: list[Bench], one: Workload, rounds: int) -> tuple[report.Row, list[str]]:
    """The first round warms up, unless it is the only one."""
    times: list[list[float]] = [[], []]
    answers = [Answer(0, 0)] * len(benches)
    began = time.monotonic()
    turn = 0
    while turn < rounds and (turn < FEWEST or time.monotonic() - began < ENOUGH):
        for number, bench in enumerate(benches):
            try:
                answers[number], seconds = _once(bench, one)
            except (Refused, OSError) as failure:
                bench.close()  # who knows what would be the answer to what
                return _row(one, times), [f"{one.name}: {bench.peer.name}: {failure}"]
            if turn or rounds == 1:
                times[number].append(seconds * 1000 / (answers[number].commands if one.each else 1))
        turn += 1
    return _row(one, times), _differences(one, answers)


def _once(bench: Bench, one: Workload) -> tuple[Answer, float]:
    if one.prepare is not None:
        one.prepare(bench)
    bench.calm()
    began = time.perf_counter()
    answer = one.work(bench)
    return answer, time.perf_counter() - began


def _row(one: Workload, times: list[list[float]]) -> report.Row:
    return report.Row(one.name, "ms", times[0], times[1], one.kind)


def _differences(one: Workload, answers: list[Answer]) -> list[str]:
    found = []
    if one.alike is not Alike.NOTHING and len({answer.items for answer in answers}) > 1:
        found.append(f"{one.name}: {answers[0].items} items here, {answers[1].items} there")
    if one.alike is Alike.OCTETS and len({answer.octets for answer in answers}) > 1:
        found.append(f"{one.name}: {answers[0].octets} octets here, {answers[1].octets} there")
    return found
