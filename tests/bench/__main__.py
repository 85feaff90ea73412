"""`scripts/bench`: see `--help`."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench import chart, comparison, fairness, growth, many, profiling, report
from tests.bench.findings import Findings
from tests.bench.servers import Ours
from tests.bench.workloads import WORKLOADS
from tests.bench.workloads.table import SHORT, Sizes


def main() -> int:
    """0 if all was measured, and both servers answered alike."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mailaccess-bench-", dir=options.directory) as directory:
        Path(directory).chmod(0o755)
        place = Path(directory)
        if options.growth:
            return _grow(place, options)
        if options.many:
            return _tell(many.run(place, many.SHORT if options.short else many.Scale()), options)
        if options.fairness:
            return _tell(fairness.run(place, 10_000 if options.short else 1_000_000), options)
        if options.profile:
            return _profile(place, options)
        return _compare(place, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "scripts/bench", description="This server and Dovecot, in turns, on the same mail."
    )
    parser.add_argument("--growth", action="store_true", help="this server on ever larger mailboxes instead")
    parser.add_argument("--many", action="store_true", help="this server with 10,000 idle sessions instead")
    parser.add_argument("--fairness", action="store_true", help="one session beside another's heavy work instead")
    parser.add_argument("--profile", metavar="TEXT", help="where our time goes in the workload whose name holds this")
    parser.add_argument("--only", action="append", metavar="TEXT", help="workloads whose name holds this")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--short", action="store_true", help="little mail, one round: compares answers, not times")
    parser.add_argument("--alone", action="store_true", help="without Dovecot")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="an SVG of the ratios")
    parser.add_argument("--directory", type=Path, help="where the mail is made; default: the system's")
    return parser.parse_args()


def _grow(directory: Path, options: argparse.Namespace) -> int:
    result = growth.run(directory, growth.SIZES[:2] if options.short else growth.SIZES)
    print(f"{result.machine}\n\n{result.table()}")
    _write(options, result.as_json(), result.chart())
    return 0


def _profile(directory: Path, options: argparse.Namespace) -> int:
    sizes = SHORT if options.short else Sizes()
    with comparison.peers(directory, sizes, 1, alone=True) as (server,):
        assert isinstance(server, Ours)
        for one in WORKLOADS.values():
            if options.profile in one.name:
                print(profiling.run(server, one, sizes, directory / "stacks"))
    return 0


def _tell(found: Findings | fairness.Result, options: argparse.Namespace) -> int:
    print(f"{found.machine}\n\n{found.table()}")
    _write(options, found.as_json(), "")
    return 0


def _write(options: argparse.Namespace, found: str, drawn: str) -> None:
    if options.json:
        options.json.write_text(found)
    if options.chart and drawn:
        options.chart.write_text(drawn)


def _compare(directory: Path, options: argparse.Namespace) -> int:
    chosen = [one for name, one in WORKLOADS.items() if not options.only or any(part in name for part in options.only)]
    chosen = [one for one in chosen if not one.needs or shutil.which(one.needs)]
    sizes = SHORT if options.short else Sizes()
    with comparison.peers(directory, sizes, options.workers, alone=options.alone) as servers:
        rows, differing = comparison.run(servers, chosen, sizes, 1 if options.short else options.rounds + 1)
        if not (options.only or options.short or differing):
            rows += comparison.idle(servers, sizes)
    if not options.short:
        print(f"{report.machine()}\n\n{report.table(rows)}")
    _write(options, report.as_json(rows), chart.bars(rows))
    for difference in differing:
        print(f"answers differ: {difference}", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
