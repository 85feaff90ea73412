"""Charts, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from math import floor, log, log10

from tests.bench.report import Row

_BAR = 22  # pixels from one bar to the next
_WIDTH = 760
_COLOURS = ("#2a7", "#c63", "#36c", "#a3a", "#880", "#088", "#666", "#d4a", "#4b2", "#b22")


def bars(rows: list[Row]) -> str:
    """A bar for each ratio, on a logarithmic scale around 1, which is Dovecot."""
    ratios = [(one.name, one.ratio) for one in rows if one.ratio]
    middle, scale = _WIDTH * 0.72, _WIDTH * 0.26 / log(100)
    height = _BAR * (len(ratios) + 2)
    parts = [_text(middle, 14, "as long as Dovecot", "middle"), _line(middle, 20, middle, height)]
    for number, (name, ratio) in enumerate(ratios, 1):
        length = max(-log(100), min(log(100), log(ratio))) * scale
        x, y = min(middle, middle + length), number * _BAR + 4
        colour = _COLOURS[ratio > 1]
        parts.append(
            f'<rect x="{x:.1f}" y="{y}" width="{max(1.0, abs(length)):.1f}" height="{_BAR - 8}" fill="{colour}"/>'
        )
        parts.append(_text(4, y + 11, f"{name} ({ratio:.2f})"))
    return _svg(height, parts)


def lines(title: str, sizes: Sequence[int], curves: Mapping[str, Sequence[float]]) -> str:
    """Milliseconds against sizes, both logarithmic."""
    left, right, top, bottom = 60, _WIDTH - 270, 30, 400
    values = [value for curve in curves.values() for value in curve if value > 0]
    lowest, highest = floor(log10(min(values))), floor(log10(max(values))) + 1

    def across(size: int) -> float:
        return left + (right - left) * log(size / sizes[0]) / log(sizes[-1] / sizes[0])

    def down(value: float) -> float:
        return bottom - (bottom - top) * (log10(value) - lowest) / (highest - lowest)

    parts = [_text(left, 16, title)]
    for power in range(lowest, highest + 1):
        parts.append(_line(left, down(10.0**power), right, down(10.0**power)))
        parts.append(_text(left - 6, down(10.0**power) + 4, f"{10.0**power:g} ms", "end"))
    parts += [_text(across(size), bottom + 18, f"{size:,}", "middle") for size in sizes]
    for number, (name, curve) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [(across(size), down(value)) for size, value in zip(sizes, curve, strict=True) if value > 0]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(_text(right + 16, top + 10 + number * 18, name, colour=colour))
    return _svg(bottom + 30, parts)


def _svg(height: int, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
    back = f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
    return "\n".join([f'{head} font-family="sans-serif" font-size="12">', back, *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "#222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#bbb"/>'
