"""What stands before a message's octets, segment by segment."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.append_data import Form, Part, parse_form, parse_options, parse_part
from mailaccess.imap.errors import Bad
from mailaccess.imap.framing import Literal
from mailaccess.imap.grammar import Cursor

SYNC = Literal(5, synchronizing=True, binary=False)
BINARY = Literal(5, synchronizing=True, binary=True)


def test_flags_and_date_are_optional() -> None:
    """The announcement of the literal has been taken off."""
    assert parse_options(Cursor(b" ")).flags == frozenset()
    both = parse_options(Cursor(b' (\\Seen) "07-Feb-1994 21:52:25 -0800" '))
    assert (both.flags, both.date) == (frozenset(["\\Seen"]), 760686745)


@pytest.mark.parametrize("text", [b"", b" (\\Seen)", b' "07-Feb-1994 21:52:25 -0800"', b" (\\Shiny) "])
def test_options_refused(text: bytes) -> None:
    """What is missing or unknown is BAD."""
    with pytest.raises(Bad):
        parse_options(Cursor(text))


def test_forms() -> None:
    """A literal with or without NULs, one in UTF8(), or parts."""
    assert parse_form(Cursor(b""), SYNC) is Form.LITERAL
    assert parse_form(Cursor(b""), BINARY) is Form.LITERAL
    assert parse_form(Cursor(b"utf8 ("), BINARY) is Form.UTF8
    assert parse_form(Cursor(b"Catenate (URL /x"), None) is Form.CATENATE


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        (b"", None),
        (b"CATENATE ", SYNC),
        (b"UTF8 (", SYNC),
        (b"UTF8 (", None),
        (b"(\\Seen) ", SYNC),
        (b'"07-Feb-1994 21:52:25 -0800" ', None),
    ],
)
def test_forms_refused(text: bytes, literal: Literal | None) -> None:
    """What is missing or in the wrong order is BAD."""
    with pytest.raises(Bad):
        parse_form(Cursor(text), literal)


def test_parts() -> None:
    """The list ends only behind a part; each but the first has a space before it."""
    cursor = Cursor(b"URL /a url /b)")
    assert parse_part(cursor, None, first=True) is Part.URL
    assert cursor.astring() == b"/a"
    assert parse_part(cursor, None, first=False) is Part.URL
    assert cursor.astring() == b"/b"
    assert parse_part(cursor, None, first=False) is Part.END

    assert parse_part(Cursor(b"TEXT "), SYNC, first=True) is Part.TEXT
    assert parse_part(Cursor(b" TEXT "), BINARY, first=False) is Part.TEXT
    assert parse_part(Cursor(b" UTF8 ("), BINARY, first=False) is Part.UTF8


@pytest.mark.parametrize(
    ("text", "literal", "first"),
    [
        (b")", None, True),
        (b"TEXT hello", None, True),
        (b"TEXT ", None, True),
        (b'TEXT "hello" ', SYNC, True),
        (b"UTF8 (", SYNC, True),
        (b"URI /a", None, True),
        (b" URL /a", None, True),
        (b"URL /a", None, False),
        (b"", SYNC, True),
    ],
)
def test_parts_refused(text: bytes, literal: Literal | None, first: bool) -> None:
    """What is no part is BAD."""
    with pytest.raises(Bad):
        parse_part(Cursor(text), literal, first=first)


@given(st.text('URLTEX8CAN() {}~"/\\', max_size=40), st.sampled_from([None, SYNC, BINARY]), st.booleans())
def test_any_segment_is_read_or_refused(text: str, literal: Literal | None, first: bool) -> None:
    """Whatever stands there."""
    for parse in (lambda: parse_form(Cursor(text.encode()), literal),
                  lambda: parse_options(Cursor(text.encode())),
                  lambda: parse_part(Cursor(text.encode()), literal, first=first)):  # fmt: skip
        with contextlib.suppress(Bad):
            parse()
