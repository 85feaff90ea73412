"""Keyword letters and the sidecar."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.flags import SEEN
from mailaccess.storage.keywords import (
    SIDECAR,
    Keywords,
    add_extra,
    read_extra,
    read_keywords,
    write_extra,
    write_keywords,
)

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
FULL = Keywords({index: f"k{index}" for index in range(26)})


def test_dovecots_file_is_read(tmp_path: Path) -> None:
    """Index 0 is the letter a; a line of the older .customflags has no space and is skipped."""
    (tmp_path / "dovecot-keywords").write_bytes(b"0 $Label1\n1 $Forwarded\noldflag\n3 NonJunk\r\n")

    keywords = read_keywords(tmp_path)

    assert keywords.names() == ("$Label1", "$Forwarded", "NonJunk")
    assert keywords.letter("nonjunk") == "d"
    assert keywords.flags("Sbz") == {SEEN, "$Forwarded"}


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    """A new mailbox."""
    assert read_keywords(tmp_path).names() == ()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Other lines of the file included: they may be another program's."""
    lines = {0: "$Work", 2: "bad name", 30: "beyond", 5: os.fsdecode(b"\xf6dd")}

    write_keywords(tmp_path, Keywords(lines))

    assert read_keywords(tmp_path).lines == lines
    assert read_keywords(tmp_path).names() == ("$Work",)


@pytest.mark.parametrize("name", ["a b", "a(", 'a"', "a\\b", "a]", "a*", "ä", "a{", "%"])
def test_a_name_no_client_can_write_is_not_shown(name: str) -> None:
    """Its letter is unknown, and stays with the files that bear it."""
    keywords = Keywords({0: name})

    assert keywords.flags("a") == frozenset()
    assert keywords.letters(frozenset({SEEN}), old="a") == "Sa"


def test_letters_come_from_flags_in_any_case() -> None:
    """Sorted, with the letters nobody has named and the passed flag kept."""
    keywords = Keywords({0: "$Work", 1: "Later"})

    assert keywords.letters(frozenset({SEEN, "LATER"}), old="aPxF") == "PSbx"


def test_one_name_with_two_letters_is_one_keyword() -> None:
    """Spelled as first seen; written with the first letter."""
    keywords = Keywords({0: "Work", 4: "work"})

    assert keywords.flags("e") == keywords.flags("a") == {"Work"}
    assert keywords.letters(frozenset({"work"}), old="e") == "a"
    assert keywords.names() == ("Work",)


class TestNewLetters:
    """A letter is given only if no file has it."""

    def test_the_first_free_one(self) -> None:
        """In the order asked for."""
        keywords = Keywords({0: "one"}).with_letters(["Two", "three", "ONE", "two"], in_use="")

        assert [keywords.letter(name) for name in ("one", "two", "three")] == ["a", "b", "c"]
        assert keywords.names() == ("one", "Two", "three")

    def test_not_one_that_a_stranger_put_on_a_file(self) -> None:
        """The file would have the new keyword at once."""
        assert Keywords().with_letters(["new"], in_use="ab").letter("new") == "c"

    def test_names_win_over_unused_ones(self) -> None:
        """An idle name keeps its letter while there are others."""
        keywords = Keywords({0: "idle"}).with_letters(["new"], in_use="")

        assert (keywords.letter("idle"), keywords.letter("new")) == ("a", "b")

    def test_a_letter_is_reused_when_none_is_left(self) -> None:
        """Only that of a name no file uses, nor the caller asks for."""
        keywords = FULL.with_letters(["new", "k1"], in_use=set(ALPHABET) - {"b", "c"})

        assert (keywords.letter("new"), keywords.letter("k1"), keywords.letter("k2")) == ("c", "b", None)

    def test_when_all_are_in_use_the_rest_goes_without(self) -> None:
        """To the sidecar."""
        keywords = FULL.with_letters(["new"], in_use=ALPHABET)

        assert keywords is FULL
        assert keywords.without_letter({SEEN, "new", "K3"}) == ["new"]
        assert keywords.letters(frozenset({"new", "k3"})) == "d"

    def test_what_cannot_be_a_keyword_gets_none(self) -> None:
        """System flags and impossible names."""
        assert Keywords().with_letters([SEEN, "a b"], in_use="").names() == ()

    @given(st.sets(st.sampled_from(ALPHABET)), st.lists(st.sampled_from([f"k{n}" for n in range(40)]), max_size=30))
    def test_no_letter_in_use_ever_changes_its_name(self, in_use: set[str], wanted: list[str]) -> None:
        """Whatever is asked for."""
        before = Keywords({index: f"k{index}" for index in range(0, 26, 2)})

        after = before.with_letters(wanted, in_use)

        assert all(before.flags(letter) == after.flags(letter) for letter in in_use)
        assert all(after.letter(name) for name in before.names() if name in wanted)
        free = set(ALPHABET) - in_use - {after.letter(name) for name in after.names()}
        assert not free or not after.without_letter(wanted)


class TestSidecar:
    """`mailaccess-keywords`."""

    def test_what_is_written_is_read(self, tmp_path: Path) -> None:
        """Odd file names included."""
        extra = {"1.host,S=2": ("$a", "$b"), os.fsdecode(b"a \xf6 :b"): ("c",), "plain": ()}

        write_extra(tmp_path, extra)

        assert read_extra(tmp_path) == {base: names for base, names in extra.items() if names}

    def test_the_form(self, tmp_path: Path) -> None:
        """Readable with a pager."""
        write_extra(tmp_path, {"2.host": ["b", "a"], "1.host": ["c"]})

        assert (tmp_path / "mailaccess-keywords").read_text() == "a b :2.host\nc :1.host\n"

    def test_it_goes_when_nothing_is_left(self, tmp_path: Path) -> None:
        """And need not be there."""
        write_extra(tmp_path, {"1.host": ["c"]})
        write_extra(tmp_path, {})
        write_extra(tmp_path, {})

        assert list(tmp_path.iterdir()) == []
        assert read_extra(tmp_path) == {}

    def test_a_damaged_line_harms_no_other(self, tmp_path: Path) -> None:
        """Someone edited it."""
        (tmp_path / "mailaccess-keywords").write_bytes(b"rubbish\n\xff :x\n\na :1.host\n")

        assert read_extra(tmp_path)["1.host"] == ("a",)

    def test_lines_are_added(self, tmp_path: Path) -> None:
        """The last one of a base is true; what a crash left of one spoils no other."""
        write_extra(tmp_path, {"1.host": ["a"], "2.host": ["b"]})
        with (tmp_path / SIDECAR).open("a") as file:
            file.write("x y :3.ho")

        assert add_extra(tmp_path, {"1.host": ["d", "c"], "2.host": [], "4.host": ["e"]}, most=1000)
        assert read_extra(tmp_path) == {"1.host": ("c", "d"), "3.ho": ("x", "y"), "4.host": ("e",)}

    def test_lines_are_not_added_without_end(self, tmp_path: Path) -> None:
        """Nor where there is no sidecar."""
        assert not add_extra(tmp_path, {"1.host": ["a"]}, most=1000)
        write_extra(tmp_path, {"1.host": ["a"]})
        before = (tmp_path / SIDECAR).read_bytes()

        assert not add_extra(tmp_path, {"1.host": ["b"]}, most=2 * len(before))
        assert (tmp_path / SIDECAR).read_bytes() == before
