"""What is kept for the next time, within bounds."""

from mailaccess.imap.bounded import Bounded


def test_what_was_not_used_for_longest_goes_first() -> None:
    """When there is more than the limit; a value that is put again takes its room once."""
    kept: Bounded[str, str] = Bounded(30)
    for name in "abcb":
        kept.put(name, name, 10)
    kept.get("a")
    kept.put("d", "d", 10)

    assert [kept.get(name) for name in "abcd"] == ["a", "b", None, "d"]
    assert kept.octets == 30


def test_a_value_too_large_to_keep_is_not_kept() -> None:
    """It goes like any other."""
    kept: Bounded[str, str] = Bounded(30)
    kept.put("a", "a", 31)

    assert kept.get("a") is None
    assert kept.octets == 0


def test_what_grows_takes_the_room_of_others() -> None:
    """And what is not there any more cannot grow."""
    kept: Bounded[str, str] = Bounded(30)
    kept.put("a", "a", 10)
    kept.put("b", "b", 10)
    kept.grow("b", 20)
    kept.grow("a", 20)

    assert kept.get("a") is None
    assert kept.get("b") == "b"
    assert kept.octets == 30


def test_what_is_taken_is_not_there_any_more() -> None:
    """Nor does it take room."""
    kept: Bounded[str, str] = Bounded(30)
    kept.put("a", "a", 10)

    assert kept.take("a") == "a"
    assert kept.take("a") is None
    assert kept.octets == 0
