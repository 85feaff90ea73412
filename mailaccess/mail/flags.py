"""Flags as RFC 3501 2.3.2 has them: a system flag begins with a backslash, anything else is a keyword."""

Flags = frozenset[str]
"""The flags one message bears. \\Recent is a session's business and never among them."""

SEEN = "\\Seen"
ANSWERED = "\\Answered"
FLAGGED = "\\Flagged"
DELETED = "\\Deleted"
DRAFT = "\\Draft"
SYSTEM: Flags = frozenset({SEEN, ANSWERED, FLAGGED, DELETED, DRAFT})

_CANONICAL = {flag.lower(): flag for flag in SYSTEM}


def canonical(name: str) -> str:
    """A system flag in its canonical case; a keyword as it is written."""
    return _CANONICAL.get(name.lower(), name)
