"""Work that waits until a test lets it go on."""

import os
import threading
from collections.abc import Callable
from typing import Any

PATIENCE = 20.0


class Gate:
    """Calls of what it is `around` wait until it is open."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.error: OSError | None = None

    def open(self, error: int = 0) -> None:
        """With an error, they fail from now on."""
        self.error = OSError(error, os.strerror(error)) if error else None
        self._open.set()

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def passed(*arguments: Any) -> Any:
            assert self._open.wait(PATIENCE)
            if self.error is not None:
                raise self.error
            return work(*arguments)

        return passed
