from mailaccess.mail.flags import SYSTEM, canonical


def test_system_flags_are_known_in_any_case() -> None:
    """RFC 3501 2.3.2: flag names are case-insensitive."""
    assert {canonical(flag.upper()) for flag in SYSTEM} == SYSTEM


def test_a_keyword_keeps_its_spelling() -> None:
    """How a keyword is spelled is the mailbox's affair."""
    assert canonical("$Forwarded") == "$Forwarded"
    assert canonical("seen") == "seen"
