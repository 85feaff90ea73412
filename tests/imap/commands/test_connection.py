"""ID's grammar; the rest is in the transcripts."""

import pytest

from mailaccess.imap.commands.connection import MAX_ID_PAIRS, parse_id
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor


def test_parse_id() -> None:
    """A list of pairs, an empty one, or NIL."""
    assert parse_id(Cursor(b'("name" "x" "os" NIL)')) == ([(b"name", b"x"), (b"os", None)],)
    assert parse_id(Cursor(b"NIL")) == parse_id(Cursor(b"()")) == ([],)


def test_parse_id_is_bounded() -> None:
    """ "Implementations MUST NOT send more than 30 field-value pairs" (RFC 2971 3.3)."""
    with pytest.raises(Bad):
        parse_id(Cursor(b"(" + b" ".join([b'"a" "b"'] * (MAX_ID_PAIRS + 1)) + b")"))
