"""User names: normal form and refusals."""

import pytest

from mailaccess.auth.names import normal_user


def test_composed_and_decomposed_names_are_one() -> None:
    """A name typed with combining marks is the same as the precomposed one."""
    assert normal_user("jo\u0308rg", False) == "j\u00f6rg"


def test_case_is_kept_unless_folding_is_asked_for() -> None:
    """Names are compared exactly as they are stored; folding is a setting."""
    assert normal_user("Tim@Example.ORG", False) == "Tim@Example.ORG"
    assert normal_user("Tim@Example.ORG", True) == "tim@example.org"


@pytest.mark.parametrize(
    "name", ["tim", "tim@example.org", "first last", "用户", "tim+box", "a.b", "o'neil", "\U0001f600"]
)
def test_ordinary_names_pass(name: str) -> None:
    """Addresses, spaces and every script are names."""
    assert normal_user(name, False) == name


@pytest.mark.parametrize(
    "name",
    [
        *["", "a/b", "/", "..", "../tim", "a..b", ".", ".@x", "@x", "x@", "x@.", "a" * 256, "é" * 128],
        *["a\0b", "a\nb", "a\x7f", "a\x85b", "a\u2028b", "\udc80"],
    ],
)
def test_names_that_could_leave_their_directory_are_refused(name: str) -> None:
    """Separators, dots that climb, control characters, empty parts, and what no file name can hold."""
    with pytest.raises(ValueError):
        normal_user(name, False)


def test_longest_name_of_the_standard_passes() -> None:
    """RFC 4616 section 2: up to 255 octets must be accepted."""
    assert normal_user("a" * 255, False) == "a" * 255


def test_folding_that_makes_a_name_too_long_is_refused() -> None:
    """Some characters fold to several."""
    with pytest.raises(ValueError):
        normal_user("\u0130" * 127, True)
