"""SASLprep, by the examples of RFC 4013 section 3 and the tables of section 2."""

import pytest

from mailaccess.auth.saslprep import saslprep


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("a\u3000b", "a b"),
        ("\u0627\u0628", "\u0627\u0628"),
        ("\u06271\u0628", "\u06271\u0628"),
        ("\U0001f970", "\U0001f970"),
        ("", ""),
    ],
)
def test_prepared(text: str, prepared: str) -> None:
    """The RFC's examples; spaces become SPACE; characters newer than Unicode 3.2 pass."""
    assert saslprep(text) == prepared


@pytest.mark.parametrize(
    "text",
    [
        "\x07",
        "\u06271",
        "\u0627a\u0628",
        "\x7f",
        "\x80",
        "\ue000",
        "\ufdd0",
        chr(0xD800),
        "\ufffd",
        "\u2ff0",
        "\u202a",
        "\U000e0041",
    ],
)
def test_prohibited(text: str) -> None:
    """One of each prohibited table, and both ways to break the rule for right-to-left text."""
    with pytest.raises(ValueError):
        saslprep(text)
