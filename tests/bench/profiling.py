"""Where the time goes: py-spy looks at this server many times a second while a workload is repeated."""

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.bench.servers import Ours
from tests.bench.workloads.table import Bench, Sizes, Workload

RATE = 500
"""Looks a second, at every thread that does not wait."""
SECONDS = 8.0
SHOWN = 25
WAITING = ("Reactor.doPoll (", "Lanes._work (")
"""Threads that have nothing to do, and are not always seen to wait."""


def run(server: Ours, one: Workload, sizes: Sizes, file: Path) -> str:
    """What most looks saw; the stacks go to `file`, as flame graph programs read them. OSError if it may not look."""
    bench = Bench(server, sizes)
    _repeat(bench, one, 0.0)  # nothing that is done but once
    server.settle()
    command = [str(Path(sys.executable).with_name("py-spy")), "record", "--format", "raw", "--rate", str(RATE)]
    spy = subprocess.Popen(
        [*command, "--output", str(file), "--pid", str(server.server.process.pid)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    times, seconds = _repeat(bench, one, SECONDS)
    spy.send_signal(signal.SIGINT)
    said, _ = spy.communicate()
    bench.close()
    if not file.exists():
        raise OSError(f"py-spy: {said.decode(errors='replace')}")
    return f"{one.name}: {times} times in {seconds:.1f} s\n{_summary(file.read_text().splitlines())}"


def _repeat(bench: Bench, one: Workload, seconds: float) -> tuple[int, float]:
    """How often the work was done, and the time it took without its preparations."""
    until, times, spent = time.monotonic() + seconds, 0, 0.0
    while not times or time.monotonic() < until:
        if one.prepare is not None:
            one.prepare(bench)
        began = time.monotonic()
        one.work(bench)
        times, spent = times + 1, spent + time.monotonic() - began
    return times, spent


def _summary(stacks: list[str]) -> str:
    """Functions by the share of looks that found them at work, alone and with what they call; then single lines."""
    alone: Counter[str] = Counter()
    under: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for stack in stacks:
        joined, _, count = stack.rpartition(" ")
        frames = joined.split(";")
        if frames[-1].startswith(WAITING):
            continue
        names = [frame.rpartition(":")[0] + ")" if ":" in frame else frame for frame in frames]
        alone[names[-1]] += int(count)
        lines[frames[-1]] += int(count)
        for name in set(names):
            under[name] += int(count)
    every = max(1, sum(alone.values()))
    parts = []
    for title, counted in (("in itself", alone), ("with what it calls", under), ("line", lines)):
        parts.append(f"\n{title}")
        parts += [f"{count / every:7.1%}  {name}" for name, count in counted.most_common(SHOWN)]
    return "\n".join(parts)
