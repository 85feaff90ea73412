"""Courier's keywords."""

from pathlib import Path

import pytest

from mailaccess.storage.courier import read_courier_keywords


def given(directory: Path, **files: str) -> Path:
    """A Maildir with such files in courierimapkeywords/; `list` stands for `:list`, `_` for a dot."""
    folder = directory / "courierimapkeywords"
    folder.mkdir()
    for name, text in files.items():
        (folder / (":list" if name == "list" else name.replace("_", "."))).write_text(text)
    return directory


def test_there_are_none(tmp_path: Path) -> None:
    """Most Maildirs have never been Courier's."""
    assert read_courier_keywords(tmp_path) == {}
    assert read_courier_keywords(given(tmp_path)) == {}


def test_the_list(tmp_path: Path) -> None:
    """Names, an empty line, and the numbers of names for each message."""
    text = "$Label1\nNonJunk\n$Forwarded\n\n1.a:0 2\n2.b,S=5:1\n3.c:\n"

    assert read_courier_keywords(given(tmp_path, list=text)) == {
        "1.a": ("$Forwarded", "$Label1"),
        "2.b,S=5": ("NonJunk",),
    }


def test_the_latest_change_counts(tmp_path: Path) -> None:
    """It has all the keywords of its message; the one without a time is the latest; an empty one has none."""
    directory = given(
        tmp_path,
        list="$Old\n\n1.a:0\n2.b:0\n3.c:0\n4.d:0\n",
        _5_1_a="$Five\n$New\n",
        _40_1_a="$Forty\n",
        _40_2_b="$Forty\n",
        **{"2_b": "$Last\n", "3_c": ""},
    )

    assert read_courier_keywords(directory) == {"1.a": ("$Forty",), "2.b": ("$Last",), "4.d": ("$Old",)}


def test_names_no_client_can_ask_for_are_left_out(tmp_path: Path) -> None:
    """As in `dovecot-keywords`. One that differs by case alone is the same."""
    directory = given(tmp_path, list="two words\n\\Seen\n$Ok\n$OK\n" + "x" * 300 + "\n\n1.a:0 1 2 3 4\n")

    assert read_courier_keywords(directory) == {"1.a": ("$Ok",)}


@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n", "1.a:0", "$A\n\n1.a\n", "$A\n\n1.a:7 -1 x 99999999999\n", "\n1.a:0\n"]
)
def test_what_is_no_list(tmp_path: Path, text: str) -> None:
    """Cut off or spoiled: whatever is said of no message is left out."""
    assert read_courier_keywords(given(tmp_path, list=text)) == {}


def test_what_is_no_file(tmp_path: Path) -> None:
    """Is passed over."""
    (given(tmp_path, list="$A\n\n1.a:0\n") / "courierimapkeywords" / "2.b").mkdir()

    assert read_courier_keywords(tmp_path) == {"1.a": ("$A",)}
