"""What transcripts cannot show of QUOTA: its grammar and its numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.commands.quota import RESOURCES, parse_mailbox, parse_root, parse_set, response
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.storage.quota import Limits, Usage
from tests.world import MESSAGES, World


@pytest.mark.parametrize("parse", [parse_root, parse_mailbox, parse_set])
@given(data=st.binary(max_size=80))
def test_whatever_comes_is_read_or_refused(parse: object, data: bytes) -> None:
    """Never anything else."""
    try:
        parse(Cursor(data))  # type: ignore[operator]
    except Bad:
        pass


@given(
    limits=st.dictionaries(st.sampled_from(RESOURCES), st.integers(0, 2**63 - 1)),
    lower=st.booleans(),
)
def test_limits_are_read_as_written(limits: dict[bytes, int], lower: bool) -> None:
    """In any order and case."""
    listed = b" ".join(b"%s %d" % (name.lower() if lower else name, limit) for name, limit in limits.items())
    assert parse_set(Cursor(b'"User quota" (%s)' % listed)) == (b"User quota", limits)


@pytest.mark.parametrize(
    ("usage", "limits", "shown"),
    [
        (Usage(0, 0, 1), Limits(), b""),
        (Usage(1, 2, 3), Limits(1023, 5, 6), b"STORAGE 1 0 MESSAGE 2 5 MAILBOX 3 6"),
        (Usage(1024, 2, 3), Limits(2048), b"STORAGE 1 2"),
        (Usage(1025, 2, 3), Limits(2049), b"STORAGE 2 2"),
        (Usage(2**60, 2, 3), Limits(None, 0), b"MESSAGE 2 0"),
    ],
)
def test_what_is_not_limited_is_not_listed(usage: Usage, limits: Limits, shown: bytes) -> None:
    """Units are of 1024 octets: what is there is never shown as nothing, nor a limit as higher than it is."""
    assert response("User quota", (usage, limits)) == b'QUOTA "User quota" (%s)' % shown


def test_names_of_others_as_they_are(world: World) -> None:
    """A root's name is an astring; 8-bit ones are literals."""
    assert response("User quota/j\u00fcrgen", None) == b"QUOTA {18}\r\nUser quota/j\xc3\xbcrgen ()"


def test_maildrop_and_mailbox_are_one(world: World) -> None:
    """What POP3 removes makes room for IMAP."""
    world.deliver(MESSAGES["plain"])
    imap, pop3 = world.imap_in(), world.pop3()
    imap.ask(b'a SETQUOTA "User quota" (MESSAGE 1)\r\n')
    assert imap.ask(b"b APPEND INBOX {1}\r\n").startswith(b"b NO [OVERQUOTA]")

    pop3.ask(b"USER fred\r\nPASS secret\r\nDELE 1\r\nQUIT\r\n")
    assert imap.ask(b"c APPEND INBOX {1}\r\n").startswith(b"+ ")
    imap.ask(b"x\r\n")
    assert b'QUOTA "User quota" (MESSAGE 1 1)' in imap.ask(b'd GETQUOTA "User quota"\r\n')
    assert (world.maildir / "maildirsize").read_text().splitlines()[0] == "1C"
