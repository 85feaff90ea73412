"""Figures of which each stands for itself, with what is aimed at: a table for people, JSON for other programs."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import report


@dataclass
class Finding:
    """One figure. `most` is the target; None where there is none."""

    name: str
    value: float
    unit: str
    most: float | None = None


@dataclass
class Findings:
    """All of a run."""

    machine: str
    all: list[Finding]

    def table(self) -> str:
        """Markdown."""
        return (
            "\n".join(["| what | figure | at most | met |", "| --- | ---: | ---: | --- |", *map(_line, self.all)])
            + "\n"
        )

    def as_json(self) -> str:
        """`read` is the way back."""
        return json.dumps(asdict(self), indent=1) + "\n"


def read(file: Path) -> Findings:
    """What `as_json` gave."""
    found = json.loads(file.read_text())
    return Findings(found["machine"], [Finding(**one) for one in found["all"]])


def _line(one: Finding) -> str:
    most = "" if one.most is None else report.figure(one.most, one.unit)
    met = "" if one.most is None else "yes" if one.value <= one.most else "**no**"
    return f"| {one.name} | {report.figure(one.value, one.unit)} | {most} | {met} |"
