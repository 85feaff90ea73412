"""`scripts/bench`: see `--help`."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench import comparison, fairness, growth, many, profiling, readme, report
from tests.bench.servers import Ours
from tests.bench.workloads import WORKLOADS
from tests.bench.workloads.table import SHORT, Sizes


def main() -> int:
    """0 if all was measured, and both servers answered alike."""
    options = _options()
    if options.readme:
        readme.write()
        return 0
    with tempfile.TemporaryDirectory(prefix="mailaccess-bench-", dir=options.directory) as directory:
        Path(directory).chmod(0o755)
        return _measure(Path(directory), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "scripts/bench", description="This server and Dovecot, in turns, on the same mail; or one of:"
    )
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--growth", action="store_true", help="this server on 1,000 to 1,000,000 messages")
    other.add_argument("--many", action="store_true", help="this server with 10,000 idle sessions")
    other.add_argument("--fairness", action="store_true", help="NOOPs beside another session's heavy work")
    other.add_argument("--profile", metavar="TEXT", help="where our time goes in the workloads whose names hold this")
    other.add_argument(
        "--readme", action="store_true", help="measures nothing: README and charts from what is recorded"
    )
    parser.add_argument("--only", action="append", metavar="TEXT", help="workloads whose name holds this")
    parser.add_argument(
        "--largest",
        type=int,
        choices=growth.SIZES[1:],
        default=growth.SIZES[-1],
        help="messages in the largest mailbox of --growth and --fairness",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--short", action="store_true", help="little mail, one round: to see whether all works")
    parser.add_argument("--alone", action="store_true", help="without Dovecot")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go, for other programs")
    parser.add_argument("--record", action="store_true", help="keeps the figures, and enters them in the README")
    parser.add_argument("--directory", type=Path, help="where the mail is made; default: the system's")
    options = parser.parse_args()
    if options.short:
        options.largest = min(options.largest, growth.SIZES[1])
    if options.record and (options.short or options.only or options.alone):
        parser.error("only a whole run can be recorded")
    return options


def _measure(directory: Path, options: argparse.Namespace) -> int:
    """What the options say."""
    if options.profile:
        return _profile(directory, options)
    if options.growth:
        grown = growth.run(directory, [size for size in growth.SIZES if size <= options.largest])
        return _tell(grown.machine, grown.table(), grown.as_json(), readme.GROWTH, options)
    if options.many:
        found = many.run(directory, many.SHORT if options.short else many.Scale())
        return _tell(found.machine, found.table(), found.as_json(), readme.MANY, options)
    if options.fairness:
        beside = fairness.run(directory, options.largest)
        return _tell(beside.machine, beside.table(), beside.as_json(), readme.FAIRNESS, options)
    return _compare(directory, options)


def _compare(directory: Path, options: argparse.Namespace) -> int:
    chosen = [one for name, one in WORKLOADS.items() if not options.only or any(part in name for part in options.only)]
    chosen = [one for one in chosen if not one.needs or shutil.which(one.needs)]
    sizes = SHORT if options.short else Sizes()
    with comparison.peers(directory, sizes, options.workers, alone=options.alone) as servers:
        rows, differing = comparison.run(servers, chosen, sizes, 1 if options.short else options.rounds + 1)
        if not (options.only or options.short or differing):
            rows += comparison.indexing(servers, sizes) + comparison.idle(servers, sizes)
    for difference in differing:
        print(f"answers differ: {difference}", file=sys.stderr)
    if options.short:
        return 1 if differing else 0
    options.record = options.record and not differing
    return _tell(report.machine(), report.table(rows), report.as_json(rows), readme.COMPARISON, options) or len(
        differing
    )


def _profile(directory: Path, options: argparse.Namespace) -> int:
    sizes = SHORT if options.short else Sizes()
    with comparison.peers(directory, sizes, 1, alone=True) as (server,):
        assert isinstance(server, Ours)
        for one in WORKLOADS.values():
            if options.profile in one.name:
                print(profiling.run(server, one, sizes, directory / "stacks"))
    return 0


def _tell(machine: str, table: str, found: str, place: Path, options: argparse.Namespace) -> int:
    """Prints what was found, and puts it where it was asked for."""
    print(f"{machine}\n\n{table}")
    if options.json:
        options.json.write_text(found)
    if options.record:
        place.parent.mkdir(exist_ok=True)
        place.write_text(found)
        readme.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
