"""Object identifiers and their grammar."""

import pytest

from mailaccess.imap import objectid
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor


def test_kinds_differ_by_their_letter() -> None:
    """RFC 8474 8.1: no dash or digit first, nothing but letters, digits, dash and underscore."""
    assert objectid.mailboxid("0123456789abcdef" * 2) == b"F" + b"0123456789abcdef" * 2
    assert objectid.emailid(b"\0\xff") == b"M00ff"
    assert objectid.threadid(255) == b"T00000000000000ff"


@pytest.mark.parametrize("text", [b"M00ff", b"a-_Z9", b"x" * 255])
def test_what_may_be_asked_for(text: bytes) -> None:
    assert objectid.parse(Cursor(text + b" ALL")) == text


@pytest.mark.parametrize("text", [b"", b" ", b'"M1"', b"M%", b"x" * 256, b"{1}\r\nM", b"M1.2"])
def test_what_is_no_identifier(text: bytes) -> None:
    with pytest.raises(Bad):
        objectid.parse(Cursor(text))
