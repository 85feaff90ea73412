"""The README's figures, made from the results that were recorded; `scripts/bench --readme` writes them there."""

from pathlib import Path

from tests.bench import chart, fairness, findings, growth, report

README = Path(__file__).parent.parent.parent / "README.md"
BEGIN = "<!-- performance: made by scripts/bench --readme from tests/bench/results; a test compares -->\n"
END = "<!-- end of performance -->"

RESULTS = Path(__file__).parent / "results"
COMPARISON, GROWTH, MANY, FAIRNESS = (RESULTS / f"{name}.json" for name in ("comparison", "growth", "many", "fairness"))


def replaced(readme: str) -> str:
    """The README with the figures as they were recorded."""
    before, _, rest = readme.partition(BEGIN)
    return before + BEGIN + figures() + END + rest.partition(END)[2]


def write() -> None:
    """README and charts, from the results that there are."""
    README.write_text(replaced(README.read_text()))
    for file, drawn in charts().items():
        file.write_text(drawn)


def charts() -> dict[Path, str]:
    """What is drawn, by the file it belongs in."""
    found = {}
    if COMPARISON.exists():
        found[COMPARISON.with_suffix(".svg")] = chart.bars(report.read(COMPARISON)[1])
    if GROWTH.exists():
        found[GROWTH.with_suffix(".svg")] = growth.read(GROWTH).chart()
    return found


def figures() -> str:
    """What stands between the marks."""
    parts = [_comparison, _growth, _many, _fairness]
    return "\n".join(
        part() for part, file in zip(parts, (COMPARISON, GROWTH, MANY, FAIRNESS), strict=True) if file.exists()
    )


def _comparison() -> str:
    machine, rows = report.read(COMPARISON)
    missed = [
        f"{one.name} ({one.ratio:.2f}; {one.kind.ratio:g} is aimed at)"
        for one in rows
        if one.met is False and one.ratio
    ]
    weak = f"Above what is aimed at: {'; '.join(missed)}." if missed else "All targets are met."
    return f"{machine}.\n\n{_image(COMPARISON, 'ratios to Dovecot')}\n{report.table(rows)}\n{weak}\n"


def _growth() -> str:
    result = growth.read(GROWTH)
    return f"### Larger and larger mailboxes\n\n{_image(GROWTH, 'time against messages')}\n{result.table()}"


def _many() -> str:
    return f"### Many sessions\n\n{findings.read(MANY).table()}"


def _fairness() -> str:
    result = fairness.read(FAIRNESS)
    return f"### Beside heavy work on {result.messages:,} messages, in one worker\n\n{result.table()}"


def _image(results: Path, what: str) -> str:
    return f"![{what}]({results.with_suffix('.svg').relative_to(README.parent).as_posix()})\n"
