"""Asking again when the index was lost."""

import pytest

from mailaccess.storage.errors import DiskFull, Unavailable
from mailaccess.storage.index.retrying import retried
from mailaccess.storage.index.transaction import Forgotten


class Failing:
    """Work that meets these errors, one each time, before it succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def __call__(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_once_more() -> None:
    assert retried(Failing(Forgotten())) == "done"


def test_not_for_ever() -> None:
    """Who asked may try again later; what is inside storage is not told."""
    with pytest.raises(Unavailable, match="made anew"):
        retried(Failing(Forgotten(), Forgotten()))


@pytest.mark.parametrize("errors", [[OSError(28, "full")], [Forgotten(), OSError(28, "full")]])
def test_what_the_system_refuses(errors: list[Exception]) -> None:
    with pytest.raises(DiskFull):
        retried(Failing(*errors))
