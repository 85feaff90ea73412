"""What transcripts cannot show of METADATA: its limits, and IDLE."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.commands.metadata import MAX_NAMES, parse_get, parse_set
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.storage.account import Account, MailboxEntry
from mailaccess.storage.metadata import MAX_ENTRIES, MAX_VALUE
from tests.driver import MemoryDriver
from tests.world import PASSWORD, USER, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, admin="mailto:postmaster@example.org")


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


def test_the_administrator_can_be_reached(world: World) -> None:
    """The configuration says how."""
    answer = _client(world).ask(b'b GETMETADATA "" /shared/admin\r\n')

    assert b'* METADATA "" (/shared/admin "mailto:postmaster@example.org")\r\n' in answer


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


def test_a_list_goes_through_the_mailboxes_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not again for each of them, to find its special use."""
    client = _client(world)
    for number in range(5):
        client.ask(b"b CREATE box%d (USE (%s))\r\n" % (number, b"\\Sent" if number == 3 else b""))
    looked = 0
    mailboxes = Account.mailboxes

    def counted(account: Account) -> list[MailboxEntry]:
        nonlocal looked
        looked += 1
        return mailboxes(account)

    monkeypatch.setattr(Account, "mailboxes", counted)
    answer = client.ask(b'c LIST "" "box*" RETURN (METADATA (/private/specialuse))\r\n')

    assert answer.count(b"* METADATA ") == 5
    assert b'* METADATA "box3" (/private/specialuse "\\\\Sent")\r\n' in answer
    assert looked == 1


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


def test_nothing_is_told_of_a_mailbox_that_is_gone(world: World) -> None:
    """Its annotations went with it; but of one that is there and has lost them all, there is something to tell."""
    watching, client = _client(world), _client(world)
    client.ask(b"b CREATE kept\r\nc CREATE gone\r\n")
    for name in (b"kept", b"gone"):
        client.ask(b'd SETMETADATA %s (/shared/comment "x")\r\n' % name)
    watching.ask(b"b ENABLE METADATA\r\n")
    client.ask(b"e SETMETADATA kept (/shared/comment NIL)\r\nf DELETE gone\r\n")

    assert watching.ask(b"c NOOP\r\n") == b'* METADATA "kept" /shared/comment\r\nc OK NOOP completed\r\n'
