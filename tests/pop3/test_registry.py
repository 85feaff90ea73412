"""The POP3 command table's grammar."""

import pytest

from mailaccess.pop3.registry import COMMANDS, Err, maybe_message, message_number, no_arguments


def test_numbers() -> None:
    """Decimal digits, of a sensible length."""
    assert message_number(b"12") == 12
    assert maybe_message(b"") == (None,)
    for bad in (b"", b"-1", b"1 2", b"x", b"9" * 11, "٣".encode()):
        with pytest.raises(Err):
            message_number(bad)


def test_no_arguments() -> None:
    """A command without arguments says so."""
    with pytest.raises(Err):
        no_arguments(b"x")


def test_all_of_rfc_1939_is_there() -> None:
    """Section by section."""
    names = b"USER PASS APOP QUIT STAT LIST RETR DELE NOOP RSET TOP UIDL CAPA AUTH STLS UTF8 LANG".split()
    assert {command.name for command in COMMANDS} == set(names)
