"""What a run found: figures, ratios, targets; as a table for people and as JSON for other programs."""

import json
import os
import platform
import sqlite3
import ssl
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench import servers
from tests.bench.workloads.table import Kind

GOAL = 0.5
"""The geometric mean that is aimed at."""
LAG = 20.0
"""Milliseconds that the reactor may be late."""
VARYING = 1.5
"""From the smallest to the largest figure of a row, beyond which both are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """One workload: figures in the unit, one of each round."""

    name: str
    unit: str
    ours: list[float]
    theirs: list[float]
    kind: Kind
    lag: float = 0.0
    """The most milliseconds by which our reactor was late meanwhile."""

    @property
    def ratio(self) -> float | None:
        """Of the medians; 1 is Dovecot."""
        ours, theirs = (median(figures) if figures else 0.0 for figures in (self.ours, self.theirs))
        return ours / theirs if ours > 0 and theirs > 0 else None

    @property
    def met(self) -> bool | None:
        """Whether the target is; None where nothing can be said."""
        if self.kind.most is not None and self.ours:
            return median(self.ours) <= self.kind.most
        return self.ratio <= self.kind.ratio if self.ratio is not None else None


def mean(rows: Iterable[Row]) -> float | None:
    """The geometric mean of the ratios."""
    ratios = [one.ratio for one in rows if one.ratio]
    return exp(sum(map(log, ratios)) / len(ratios)) if ratios else None


def machine() -> str:
    """What it was measured on."""
    theirs = f", Dovecot {servers.version()}" if servers.program() else ""
    return (
        f"{os.cpu_count()} processors, Linux {platform.release().split('-')[0]}, Python {platform.python_version()},"
        f" Twisted {version('twisted')}, SQLite {sqlite3.sqlite_version}, {' '.join(ssl.OPENSSL_VERSION.split()[:2])}"
        f"{theirs}"
    )


HEAD = ["| workload | mailaccess | Dovecot | ratio | target | met |", "| --- | ---: | ---: | ---: | ---: | --- |"]


def line(row: Row) -> str:
    """One of the table."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    target = f"{row.kind.ratio:g}" if row.kind.most is None else f"{row.kind.most:g} {row.unit}"
    target = "" if row.met is None else target
    met = "" if row.met is None else "yes" if row.met else "**no**"
    return f"| {row.name} | {shown(row.ours, row.unit)} | {shown(row.theirs, row.unit)} | {ratio} | {target} | {met} |"


def table(rows: list[Row]) -> str:
    """Markdown: the rows, and the means of all and of each kind."""
    lines = [*HEAD, *map(line, rows)]
    for title, some, goal in _groups(rows):
        if (found := mean(some)) is not None:
            met = "" if goal is None else "yes" if found <= goal else "**no**"
            lines.append(
                f"| geometric mean: {title} | | | {found:.2f} | {'' if goal is None else f'{goal:g}'} | {met} |"
            )
    return "\n".join(lines) + f"\n\n{lag(rows)}\n"


def lag(rows: list[Row]) -> str:
    """How late the reactor was at most, and where."""
    late = sorted((one for one in rows if one.lag > LAG), key=lambda one: -one.lag)
    where = ", ".join(f"{one.name} ({one.lag:.0f} ms)" for one in late)
    return (
        f"The reactor was more than {LAG:g} ms late in: {where}." if late else f"The reactor was never {LAG:g} ms late."
    )


def _groups(rows: list[Row]) -> Iterable[tuple[str, list[Row], float | None]]:
    """Which rows have a mean of their own, and what is aimed at."""
    yield "all", rows, GOAL
    yield "all times", [one for one in rows if one.unit == "ms"], None
    for kind in dict.fromkeys(one.kind for one in rows):
        some = [one for one in rows if one.kind == kind]
        if len(some) > 1:
            yield kind.name, some, None


def shown(figures: list[float], unit: str) -> str:
    """The median, and how far the figures lie apart where that is far."""
    if not figures:
        return ""
    least, most = min(figures), max(figures)
    spread = f" ({figure(least, unit)} to {figure(most, unit)})" if most > VARYING * least > 0 else ""
    return figure(median(figures), unit) + spread


def figure(value: float, unit: str) -> str:
    """Three digits; times in the unit that suits them."""
    if unit == "ms" and value < 0.9995:
        value, unit = value * 1000, "µs"
    elif unit == "ms" and value >= 9_999.5:
        value, unit = value / 1000, "s"
    elif unit == "octets" and value >= 999.5:
        value, unit = value / 1000, "KB"
    return f"{value:.0f} {unit}" if value >= 99.95 else f"{value:.3g} {unit}"


def as_json(rows: list[Row]) -> str:
    """All of it; `read` is the way back."""
    return json.dumps({"machine": machine(), "rows": [_short(one) for one in rows]}, indent=1) + "\n"


def _short(row: Row) -> dict[str, Any]:
    """Microseconds are enough."""
    figures = {name: [round(each, 4) for each in getattr(row, name)] for name in ("ours", "theirs")}
    return {**asdict(row), **figures, "kind": list(row.kind)}


def read(file: Path) -> tuple[str, list[Row]]:
    """The machine and the rows."""
    found: dict[str, Any] = json.loads(file.read_text())
    return found["machine"], [Row(**{**one, "kind": Kind(*one["kind"])}) for one in found["rows"]]
