"""Values to words."""

from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap import render
from mailaccess.imap.grammar import Cursor


@given(st.binary(max_size=40).filter(lambda text: b"\0" not in text))
def test_a_string_is_read_back(text: bytes) -> None:
    """Quoted or literal, it is what it was."""
    assert Cursor(render.string(text)).string() == text
    assert Cursor(render.astring(text)).astring() == text
    assert Cursor(render.nstring(text)).nstring() == text


def test_nil() -> None:
    """NIL is not the string NIL."""
    assert render.nstring(None) == b"NIL"
    assert render.nstring(b"NIL") == b'"NIL"'
    assert render.astring(b"NIL") == b'"NIL"'


def test_mailbox_names_are_quoted() -> None:
    """Modified UTF-7 before UTF8=ACCEPT, UTF-8 after."""
    assert render.mailbox("Entwürfe") == b'"Entw&APw-rfe"'
    assert render.mailbox("Entwürfe", utf8=True) == '"Entwürfe"'.encode()
    assert render.mailbox('a"b') == b'"a\\"b"'


def test_the_text_of_a_status_response_is_one_short_line() -> None:
    """Whatever it repeats of what a client sent."""
    assert render.status_text("no a\r\n* BYE\0b") == b"no a * BYE b"
    assert render.status_text("[X is no key") == b"- [X is no key"
    assert render.status_text("\u00e4") == b"?"
    assert render.status_text("\u00e4", utf8=True) == b"\xc3\xa4"
    assert len(render.status_text("x" * 70_000)) < 1000


def test_flags() -> None:
    """System flags first; \\Recent is added by whoever knows."""
    flags = frozenset(["$Forwarded", "\\Seen", "\\Answered"])

    assert render.flags(flags) == b"(\\Answered \\Seen $Forwarded)"
    assert render.flags(flags, recent=True) == b"(\\Answered \\Seen $Forwarded \\Recent)"
    assert render.flags(frozenset()) == b"()"
    assert render.flags(frozenset(), recent=True) == b"(\\Recent)"


def test_date_time() -> None:
    """INTERNALDATE in UTC."""
    assert render.date_time(837596665) == b'"17-Jul-1996 09:44:25 +0000"'
