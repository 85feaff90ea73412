"""The README shows what was recorded; what is made of figures is right."""

from pathlib import Path

import pytest

from tests.bench import readme, report
from tests.bench.report import Row
from tests.bench.workloads.table import ARRIVAL, BULK, SINGLE


def test_the_readme_shows_what_was_recorded() -> None:
    """After a change of the results, or of how they are shown: scripts/bench --readme."""
    text = readme.README.read_text()

    assert text == readme.replaced(text)
    for file, drawn in readme.charts().items():
        assert file.read_text() == drawn


def test_a_ratio_is_that_of_the_medians() -> None:
    """One slow round says nothing; beyond the target a row is marked."""
    row = Row("FETCH", "ms", [1.0, 9.0, 2.0], [4.0, 4.0, 1.0], BULK)

    assert row.ratio == 0.5
    assert report.line(row) == "| FETCH | 2 ms (1 ms to 9 ms) | 4 ms (1 ms to 4 ms) | 0.50 | 0.8 | yes |"
    assert not Row("FETCH", "ms", [4.0], [4.0], BULK).met


def test_a_target_may_be_a_figure() -> None:
    """Whatever the other server does."""
    assert Row("arrival", "ms", [19.0], [1.0], ARRIVAL).met
    assert not Row("arrival", "ms", [21.0], [500.0], ARRIVAL).met


def test_means_are_geometric() -> None:
    """Twice as fast and half as fast are as fast, together."""
    rows = [
        Row("a", "ms", [1.0], [2.0], SINGLE),
        Row("b", "ms", [2.0], [1.0], BULK),
        Row("alone", "ms", [2.0], [], BULK),
    ]

    assert report.mean(rows) == pytest.approx(1.0)
    assert report.mean([]) is None


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0312, "31.2 µs"), (3.456, "3.46 ms"), (123.4, "123 ms"), (12_345.0, "12.3 s")]
)
def test_times_are_told_in_a_unit_that_suits_them(value: float, shown: str) -> None:
    """Three digits say enough."""
    assert report.figure(value, "ms") == shown


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    """The README is made of files."""
    rows = [Row("FETCH", "ms", [1.0, 2.0], [4.0], BULK, lag=3.0), Row("alone", "KB", [2.0], [], SINGLE)]
    file = tmp_path / "results.json"
    file.write_text(report.as_json(rows))

    assert report.read(file) == (report.machine(), rows)
