"""Names of message files."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN, SYSTEM
from mailaccess.storage.names import (
    Entry,
    delivery_order,
    info_of,
    new_base,
    parse_name,
    size_hints,
    system_flags,
    system_letters,
)


@pytest.mark.parametrize(
    ("name", "base", "letters"),
    [
        ("1.M2P3.host,S=4,W=5:2,FS", "1.M2P3.host,S=4,W=5", "FS"),
        ("1.host", "1.host", ""),
        ("1.host:2,", "1.host", ""),
        ("1.host:2,Sab,text:more", "1.host", "Sab"),
        ("1.host:2,PSx", "1.host", "PSx"),
        ("1.host:1,experimental", "1.host", ""),
        ("1.host:", "1.host", ""),
        (":2,S", "", "S"),
        (os.fsdecode(b"1.h\xf6st:2,S"), os.fsdecode(b"1.h\xf6st"), "S"),
    ],
)
def test_a_name_is_split_at_its_first_colon_and_kept_as_it_is(name: str, base: str, letters: str) -> None:
    """Whatever another program wrote, the same name comes out again."""
    entry = parse_name(name, "cur")

    assert (entry.base, entry.letters, entry.name) == (base, letters, name)


@given(st.text())
def test_every_name_survives(name: str) -> None:
    """Splitting loses nothing."""
    assert parse_name(name, "new").name == name


def test_letters_are_sorted_and_stand_once() -> None:
    """As Dovecot writes them."""
    assert info_of("aTSSFb") == ":2,FSTab"


def test_text_after_a_second_comma_stays() -> None:
    """It belongs to another program."""
    assert info_of("S", ":2,F,text,more") == ":2,S,text,more"


def test_system_letters_are_flags_and_back() -> None:
    """D, F, R, S and T; P and others are not ours."""
    assert system_flags("DFRSTPa") == {DRAFT, FLAGGED, ANSWERED, SEEN, DELETED} == SYSTEM
    assert system_letters(frozenset({SEEN, DRAFT, "Work"})) == "DS"


@pytest.mark.parametrize(
    ("base", "hints"),
    [
        ("1.h,S=28,W=32", (28, 32)),
        ("1.h,W=32,S=28", (28, 32)),
        ("1.h,S=28x,W=", (None, None)),
        ("1.h,XS=28", (None, None)),
        ("S=28", (None, None)),
        ("1.h,S=9999999999999999999999", (None, None)),
    ],
)
def test_size_hints(base: str, hints: tuple[int | None, int | None]) -> None:
    """S= and W= count only where they are whole."""
    assert size_hints(base) == hints


def test_delivery_order_is_by_seconds_microseconds_and_name() -> None:
    """Numbers count as numbers; names without any come first."""
    ordered = ["draft", "9.M5.h", "10.M5P1.h", "10.V801I23M40.h", "10.M100P1.h", "10.M100P2.h"]

    assert sorted(set(ordered), key=delivery_order) == ordered


def test_new_bases_differ_and_tell_their_sizes() -> None:
    """Even those of one microsecond."""
    bases = {new_base(28, 32) for _ in range(1000)}

    assert len(bases) == 1000
    assert {size_hints(base) for base in bases} == {(28, 32)}
    assert not any("/" in base or ":" in base for base in bases)


def test_an_entry_is_found_equal_by_its_parts() -> None:
    """Index rows are compared with scans that way."""
    assert parse_name("1.h:2,S", "cur") == Entry("1.h", ":2,S", "cur")
