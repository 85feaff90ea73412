"""Asking the index again, which may be lost at any moment: whoever finds that out has it begun anew."""

from collections.abc import Callable
from typing import TypeVar

from mailaccess.storage.errors import Unavailable, from_os
from mailaccess.storage.index.transaction import Forgotten

T = TypeVar("T")


def retried(work: Callable[[], T]) -> T:
    """Runs what may be run again, should the index be lost. StorageError also for what the system refuses."""
    try:
        try:
            return work()
        except Forgotten:
            return work()
    except Forgotten:
        raise Unavailable("the index is being made anew; try again") from None
    except OSError as error:
        raise from_os(error) from error
