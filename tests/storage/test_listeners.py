"""Who is told of news, and when."""

import pytest

from mailaccess.storage.listeners import Listeners


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def listeners(told: list[str]) -> Listeners:
    """With one to be told."""
    listeners = Listeners()
    listeners.add(lambda: told.append("first"))
    return listeners


def test_all_are_told_whatever_becomes_of_one(
    listeners: Listeners, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The log has its error."""
    listeners.add(lambda: told.append(str(1 // 0)))
    last = listeners.add(lambda: told.append("last"))
    listeners.tell()
    listeners.remove(last)
    listeners.remove(last)
    listeners.tell()

    assert told == ["first", "last", "first"]
    assert "ZeroDivisionError" in caplog.text


def test_there_is_nobody(listeners: Listeners) -> None:
    assert listeners
    assert not Listeners()


def test_what_is_heard_during_writes_is_told_after_the_last(listeners: Listeners, told: list[str]) -> None:
    listeners.change(1)
    listeners.change(1)
    assert listeners.is_changing
    assert not listeners.hear()
    listeners.change(-1)
    assert told == []
    listeners.change(-1)
    assert told == ["first"]
    assert listeners.hear()
    listeners.change(1)
    listeners.change(-1)

    assert told == ["first"]
