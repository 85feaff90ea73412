"""Opening a mailbox in two steps."""

import threading
from collections.abc import Callable

import pytest

from mailaccess.storage.errors import Unavailable
from mailaccess.storage.index import reading
from mailaccess.storage.index.reading import News
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.memory import Memory
from mailaccess.storage.opening import Opening

PATIENCE = 20.0


class Steps(Opening):
    """Tells of the mailbox, if there is something to tell, and then does what it is given to do."""

    def __init__(self, inbox: Mailbox, news: News | None, work: Callable[[], bool]) -> None:
        super().__init__(inbox._box)
        self._first = news
        self._work = work

    def claim(self) -> int | None:
        return None

    def complete(self, memory: Memory) -> bool:
        return True

    def _open(self) -> bool:
        if self._first is not None:
            self._tell(self._first)
        return self._work()


@pytest.fixture
def news(inbox: Mailbox) -> News:
    """All there is to tell of INBOX."""
    found = inbox._box.index.read(lambda connection: reading.everything(connection, inbox.number))
    assert found is not None
    return found


def test_one_goes_on_while_the_other_is_told(inbox: Mailbox, news: News) -> None:
    """Whoever asks before it is over is called by its thread, and whoever asks later at once."""
    going_on = threading.Event()
    opening = Steps(inbox, news, lambda: going_on.wait(PATIENCE)).start()
    assert opening is not None
    assert opening.news is news
    called: list[str] = []
    opening.then(lambda: called.append(threading.current_thread().name))
    assert called == []
    going_on.set()
    opening.wait()
    assert opening.is_complete
    opening.then(lambda: called.append("at once"))

    assert called[-1] == "at once"


def test_nothing_comes_of_it(inbox: Mailbox) -> None:
    """There was nothing to tell."""
    assert Steps(inbox, None, lambda: False).start() is None


def test_what_goes_wrong_is_said(inbox: Mailbox, news: News, caplog: pytest.LogCaptureFixture) -> None:
    """And those who wait go on."""

    def fail() -> bool:
        raise Unavailable("no such luck")

    opening = Steps(inbox, news, fail).start()
    assert opening is not None
    opening.wait()

    assert not opening.is_complete
    assert f"{inbox._box.directory} could not be opened: no such luck" in caplog.text
