"""CANCELUPDATE's grammar."""

import pytest

from mailaccess.imap.commands.context import parse_cancel
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor


def test_parse_cancel() -> None:
    """One tag or several."""
    assert parse_cancel(Cursor(b'"B01"')) == ([b"B01"],)
    assert parse_cancel(Cursor(b'"B01" "B\\"2"')) == ([b"B01", b'B"2'],)


@pytest.mark.parametrize("text", [b"", b"B01", b'"B01"  "B02"', b'("B01")'])
def test_bad_tags(text: bytes) -> None:
    """ "CANCELUPDATE" 1*(SP quoted)"""
    with pytest.raises(Bad):
        parse_cancel(Cursor(text))
