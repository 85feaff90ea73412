"""The crash test in short; scripts/crash runs it long."""

from pathlib import Path

import pytest

from tests.e2e.crash import crash


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_acknowledged_is_lost(workers: int, tmp_path: Path) -> None:
    """A few rounds of SIGKILL."""
    crash(tmp_path, rounds=4, workers=workers, seed=workers)
