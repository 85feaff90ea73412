"""Fixtures of the IMAP tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An account without mail."""
    made = World(tmp_path)
    yield made
    made.close()
