"""What a run found: medians and ratios, as a table, as JSON, as a chart."""

import json
import os
import platform
import sqlite3
import ssl
from dataclasses import asdict, dataclass
from importlib.metadata import version
from math import exp, log
from statistics import median

from tests.bench import servers

_BAR = 22  # pixels from one bar to the next
_WIDTH = 640


@dataclass(frozen=True, slots=True)
class Row:
    """One workload. Figures are medians in the unit."""

    name: str
    unit: str
    ours: float
    theirs: float | None
    target: float

    @property
    def ratio(self) -> float | None:
        return self.ours / self.theirs if self.theirs else None


def row(name: str, unit: str, ours: list[float], theirs: list[float], target: float) -> Row:
    """The medians of what was measured in turns."""
    return Row(name, unit, median(ours), median(theirs) if theirs else None, target)


def mean(rows: list[Row]) -> float:
    """The geometric mean of the ratios."""
    ratios = [one.ratio for one in rows if one.ratio]
    return exp(sum(map(log, ratios)) / len(ratios)) if ratios else 0.0


def machine() -> str:
    """What it was measured on."""
    theirs = f", Dovecot {servers.version()}" if servers.program() else ""
    return (
        f"{os.cpu_count()} processors, Linux {platform.release().split('-')[0]}, Python {platform.python_version()},"
        f" Twisted {version('twisted')}, SQLite {sqlite3.sqlite_version}, {' '.join(ssl.OPENSSL_VERSION.split()[:2])}"
        f"{theirs}"
    )


def table(rows: list[Row]) -> str:
    """Markdown; what misses its target is marked."""
    lines = ["| workload | mailaccess | Dovecot | ratio | target |", "| --- | ---: | ---: | ---: | ---: |"]
    for one in rows:
        theirs = "" if one.theirs is None else f"{_figure(one.theirs)} {one.unit}"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}{' **!**' if one.ratio > one.target else ''}"
        lines.append(f"| {one.name} | {_figure(one.ours)} {one.unit} | {theirs} | {ratio} | {one.target:g} |")
    lines.append(f"| **geometric mean** | | | **{mean(rows):.2f}** | 0.5 |")
    return "\n".join(lines)


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def as_json(rows: list[Row]) -> str:
    """All of it, for other programs."""
    return json.dumps({"machine": machine(), "mean": mean(rows), "rows": [asdict(one) for one in rows]}, indent=1)


def chart(rows: list[Row]) -> str:
    """SVG: a bar for each ratio, on a logarithmic scale around 1, which is Dovecot."""
    shown = [one for one in rows if one.ratio]
    middle, scale = _WIDTH * 0.62, _WIDTH * 0.35 / log(100)
    height = _BAR * (len(shown) + 2)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif"'
            ' font-size="12">'
        ),
        f'<text x="{middle}" y="14" text-anchor="middle">as long as Dovecot</text>',
        f'<line x1="{middle}" y1="20" x2="{middle}" y2="{height}" stroke="#888"/>',
    ]
    for number, one in enumerate(shown, 1):
        assert one.ratio
        length = max(-log(100), min(log(100), log(one.ratio))) * scale
        x, y = min(middle, middle + length), number * _BAR + 4
        colour = "#2a7" if one.ratio <= 1 else "#c63"
        parts.append(
            f'<rect x="{x:.1f}" y="{y}" width="{max(1.0, abs(length)):.1f}" height="{_BAR - 8}" fill="{colour}"/>'
        )
        parts.append(f'<text x="4" y="{y + 11}">{one.name} ({one.ratio:.2f})</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
