"""`scripts/bench`: see `--help`."""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import memory, post, report
from tests.bench.servers import Dovecot, Ours, Peer, program
from tests.bench.workloads import FOLDERS, FRESH, HUNDRED, SCRATCH, SHORT, TEN, WORKLOADS, Bench, Sizes, Workload

USERS = [TEN, HUNDRED, FOLDERS, SCRATCH, FRESH]


def main() -> int:
    """Sets both up, measures in turns, prints the table. 1 if answers differ."""
    options = _options()
    chosen = [one for name, one in WORKLOADS.items() if not options.only or any(part in name for part in options.only)]
    chosen = [one for one in chosen if not one.needs or shutil.which(one.needs)]
    sizes = SHORT if options.short else Sizes()
    with tempfile.TemporaryDirectory(prefix="mailaccess-bench-", dir=options.directory) as directory:
        Path(directory).chmod(0o755)
        peers = _set_up(Path(directory), sizes, options.workers, alone=options.alone)
        try:
            return _run(peers, chosen, sizes, options)
        finally:
            for peer in peers:
                peer.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "scripts/bench", description="This server and Dovecot, in turns, on the same mail."
    )
    parser.add_argument("--only", action="append", metavar="TEXT", help="workloads whose name holds this")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--short", action="store_true", help="little mail, one round: compares answers, not times")
    parser.add_argument("--alone", action="store_true", help="without Dovecot")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="an SVG of the ratios")
    parser.add_argument("--directory", type=Path, help="where the mail is made; default: the system's")
    return parser.parse_args()


def _set_up(directory: Path, sizes: Sizes, workers: int, *, alone: bool) -> list[Peer]:
    mail = directory / "mail"
    post.fill(mail / TEN, sizes.ten, 4_000)
    post.fill(mail / HUNDRED, sizes.hundred, 1_000, seed=2)
    post.fill(mail / FOLDERS, 0, 0)
    post.fill(mail / TEN / ".Scratch", 0, 0)
    for number in range(sizes.folders):
        post.fill(mail / FOLDERS / f".folder{number:03}", 3, 1_000, seed=number)
    post.fill(mail / SCRATCH, 0, 0)
    subprocess.run(["cp", "-al", str(mail / HUNDRED), str(mail / FRESH)], check=True)
    if alone or not program():
        if not alone:
            print("Dovecot is not installed: measuring this server alone", file=sys.stderr)
        return [Ours(directory, USERS, workers)]
    homes = [directory / "ours", directory / "theirs"]
    for home in homes:
        home.mkdir()
        subprocess.run(["cp", "-a", str(mail), str(home)], check=True)
    shutil.rmtree(mail)
    return [Ours(homes[0], USERS, workers), Dovecot(homes[1], USERS)]


def _run(peers: list[Peer], chosen: list[Workload], sizes: Sizes, options: argparse.Namespace) -> int:
    benches = [Bench(peer, sizes) for peer in peers]
    rows, differing = [], []
    for one in chosen:
        times: list[list[float]] = [[] for _ in benches]
        answers = [0 for _ in benches]
        for turn in range(1 if options.short else options.rounds + 1):
            for number, bench in enumerate(benches):
                if one.prepare is not None:
                    one.prepare(bench)
                began = time.perf_counter()
                answers[number] = one.work(bench).lines
                if turn or options.short:  # the first one warms up
                    times[number].append((time.perf_counter() - began) * 1000)
        if one.same and len(set(answers)) > 1:
            differing.append(f"{one.name}: {answers[0]} lines here, {answers[1]} there")
        rows.append(report.row(one.name, one.unit, times[0], times[1] if len(times) > 1 else [], one.target))
        print(report.table(rows[-1:]).splitlines()[2], file=sys.stderr)
    for bench in benches:
        bench.close()
    if not options.only:
        rows += memory.rows(benches, sizes)
    if not options.short:
        print(f"{report.machine()}\n\n{report.table(rows)}")
    if options.json:
        options.json.write_text(report.as_json(rows))
    if options.chart:
        options.chart.write_text(report.chart(rows))
    for line in differing:
        print(f"answers differ: {line}", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
