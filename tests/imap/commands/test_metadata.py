"""What transcripts cannot show of METADATA: its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.annotations import MAX_NAMES
from mailaccess.imap.commands.metadata import parse_get, parse_set
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.storage.metadata import MAX_ENTRIES, MAX_VALUE
from tests.driver import MemoryDriver
from tests.world import PASSWORD, USER, World


def _client(world: World) -> MemoryDriver:
    client = world.imap()
    client.ask(f"a LOGIN {USER} {PASSWORD}\r\n".encode())
    return client


def test_a_value_that_is_too_large_changes_nothing(world: World) -> None:
    """ "the server MUST NOT change the values for other annotations" (RFC 5464 4.3)"""
    client = _client(world)
    large = b"{%d+}\r\n%s" % (MAX_VALUE + 1, b"x" * (MAX_VALUE + 1))
    answer = client.ask(b'b SETMETADATA "" (/shared/comment "x" /private/comment %s)\r\n' % large)

    assert answer.startswith(b"b NO [METADATA MAXSIZE %d] " % MAX_VALUE)
    assert b"(/shared/comment NIL)" in client.ask(b'c GETMETADATA "" /shared/comment\r\n')


def test_too_many_entries_change_nothing(world: World) -> None:
    """Those that are there can still be replaced and removed."""
    client = _client(world)
    for number in range(MAX_ENTRIES):
        assert b"OK" in client.ask(b'b SETMETADATA INBOX (/private/vendor/x/%d "1")\r\n' % number)

    assert client.ask(b'c SETMETADATA INBOX (/private/comment "x")\r\n').startswith(b"c NO [METADATA TOOMANY] ")
    assert client.ask(b'd SETMETADATA INBOX (/private/vendor/x/0 "2")\r\n').startswith(b"d OK")
    assert client.ask(b"e SETMETADATA INBOX (/private/vendor/x/0 NIL)\r\n").startswith(b"e OK")
    assert client.ask(b'f SETMETADATA INBOX (/private/comment "x")\r\n').startswith(b"f OK")


@pytest.mark.parametrize("parse", [parse_get, parse_set])
@given(data=st.binary(max_size=80))
def test_whatever_comes_is_read_or_refused(parse: object, data: bytes) -> None:
    """Never anything else."""
    assert callable(parse)
    for text in (data, b'"" ' + data, b'"" (/shared/x ' + data + b")"):
        try:
            parse(Cursor(text))
        except Bad:
            continue


def test_names_are_bounded() -> None:
    """A list that nobody needs is refused."""
    with pytest.raises(Bad):
        parse_get(Cursor(b'"" (' + b" ".join([b"/shared/x"] * (MAX_NAMES + 1)) + b")"))


@pytest.mark.parametrize("entry", [b"/shared/comment", b"/private/comment", b"/private/specialuse"])
def test_a_changed_annotation_raises_the_mod_sequence(world: World, entry: bytes) -> None:
    """A server with QRESYNC "MUST increment the per-mailbox mod-sequence when SETMETADATA successfully changes an
    annotation on the corresponding mailbox" (RFC 7162 3.2)."""
    watching, client = world.imap_in(), _client(world)
    watching.ask(b"b ENABLE CONDSTORE\r\n")
    before = int(client.ask(b"b STATUS INBOX (HIGHESTMODSEQ)\r\n").split(b")")[0].split()[-1])

    assert client.ask(b'c SETMETADATA INBOX (%s "\\\\Sent")\r\n' % entry).endswith(b"c OK SETMETADATA completed\r\n")

    after = int(client.ask(b"d STATUS INBOX (HIGHESTMODSEQ)\r\n").split(b")")[0].split()[-1])
    assert after > before
    assert watching.ask(b"c NOOP\r\n") == b"c OK NOOP completed\r\n"  # of no message there is news
