"""What search keys look at: columns that fit the client's numbering, header fields, addresses."""

import pytest

from mailaccess.imap.rows import Rows
from mailaccess.imap.view import View
from tests.world import World


def found(world: World, program: bytes) -> bool:
    """Whether the only message matches."""
    return world.imap_in().ask(b"a SEARCH %s\r\n" % program).startswith(b"* SEARCH 1")


@pytest.mark.parametrize(
    ("field", "needle", "matches"),
    [
        (b'"Smith, John" <js@x.org>', b'"smith, john"', True),
        (b'"Smith, John" <js@x.org>', b'"john\\" <js@"', True),
        (b"John Smith <js@x.org>", b'"smith <js@x"', True),
        (b"John\r\n Smith <js@x.org>", b'"John Smith"', True),
        (b"js@x.org (John Smith)", b'"John Smith <js@x.org>"', True),
        (b"js@x.org (John Smith)", b'"(John"', False),
        (b"js@x.org", b'"<js@x.org>"', True),
        (b"=?utf-8?q?J=C3=BCrgen?= =?utf-8?q?_K?= <j@x.org>", '"jürgen k <j"'.encode(), True),
        ("Jürgen <j@x.org>".encode(), '"JÜRGEN"'.encode(), True),
        ("Jürgen <j@x.org>".encode("latin-1"), '"JÜRGEN"'.encode(), True),
        (b"Team: a@x.org, b@y.org;", b"team:", True),
        (b"Team: a@x.org, b@y.org;, c@z.org", b'"team: <a@x.org>, <b@y.org>;, <c"', True),
        (b"Team:;", b'"team:;"', True),
        (b"<@route:a@x.org>", b'"<@route:a@"', True),
        (b"nonsense", b"nonsense", True),
        (b"", b"x", False),
    ],
)
def test_addresses(world: World, field: bytes, needle: bytes, matches: bool) -> None:
    """They are compared as an envelope has them, however they were written."""
    world.deliver(b"From: " + field + b"\r\n\r\n", flags="")

    assert found(world, b"FROM " + needle) is matches


@pytest.mark.parametrize(
    ("header", "program", "matches"),
    [
        (b"X-A: one\r\n two\r\n\tthree\r\n", b'HEADER X-A "one two three"', True),
        (b"X-A: one\r\n\ttwo\r\n", b'HEADER X-A "one\ttwo"', True),
        (b"X-A: one  two\r\n", b'HEADER X-A "e two"', True),
        (b"X-A: one two\r\n", b'HEADER X-A "one  two"', True),
        (b"X-A: one two\r\n", b"HEADER X-A onetwo", False),
        (b"X-A: one\r\nX-A: two\r\n", b"HEADER X-A two", True),
        (b"X-A: one\r\nX-A: two\r\n", b'HEADER X-A "one two"', False),
        (b"X-Ab: one\r\n", b'HEADER X-A ""', False),
        (b"X-A : one\r\n", b"HEADER x-a one", True),
        (b"x-a:one\r\n", b"HEADER X-A one", True),
        (b"Y: X-A: one\r\n X-A: two\r\n", b'HEADER X-A ""', False),
        (b"\tX-A: one\r\n", b'HEADER X-A ""', False),
        (b"X-A:\r\nY: b\r\n", b"HEADER X-A b", False),
        (b"X-A: =?utf-8?b?w6Q=?=\r\n", 'HEADER X-A "Ä"'.encode(), True),
        (b"X-A: a\r\n", b'HEADER "" ""', False),
        (b"Subject: one\r\nSubject: two\r\n", b"SUBJECT two", True),
    ],
)
def test_fields(world: World, header: bytes, program: bytes, matches: bool) -> None:
    """A field's text is what comes after the colon, unfolded and decoded, of each field of that name."""
    world.deliver(header + b"\r\n", flags="")

    assert found(world, program) is matches


def test_fields_end_with_the_header(world: World) -> None:
    """The body is no header, nor is a field that a body line looks like."""
    world.deliver(b"Subject: a\r\n\r\nX-A: one\r\n", flags="")

    assert not found(world, b'HEADER X-A ""')


def test_columns_keep_the_numbering_the_client_knows(world: World) -> None:
    """Rows for messages whose expunge this client has not been told of stand where they stood."""
    for number in range(1, 9):
        world.deliver(b"Subject: a\r\n\r\n" + b"x" * number, flags="F" if number in (2, 5) else "")
    client, other = world.imap_in(), world.imap_in()
    other.ask(b"a UID STORE 1:2,4,8 +FLAGS.SILENT (\\Deleted)\r\nb EXPUNGE\r\n")
    world.deliver(b"Subject: new\r\n\r\n", flags="F")

    assert b"* SEARCH 2 5\r\n" in client.ask(b"a SEARCH FLAGGED\r\n")
    assert b"* SEARCH 2 5 9\r\n" in client.ask(b"b SEARCH FLAGGED\r\n")
    assert b"* SEARCH 1 2 3 4 5 6 7 8 9\r\n" in client.ask(b"c SEARCH ALL\r\n")


def test_numbers_and_uids_become_rows(world: World) -> None:
    """Rows count from 0; what does not exist is passed over."""
    for _ in range(4):
        world.deliver(b"Subject: a\r\n\r\n", flags="")
    client = world.imap_in()
    client.ask(b"a STORE 1 +FLAGS (\\Deleted)\r\nb EXPUNGE\r\n")
    mailbox = world.accounts.open("fred", None).mailbox("INBOX")
    rows = Rows(View(mailbox, read_only=True), [2, 4], 0)

    assert rows.numbered(((2, 9),)) == [(1, 2)]
    assert rows.with_uids(((1, 3),)) == [(0, 1)]
    assert rows.with_uids(()) == [(0, 0), (2, 2)]


def test_relevancy(world: World) -> None:
    """The mean of a row's scores; of a row that only strict keys matched, the best."""
    world.deliver(b"Subject: a\r\n\r\n", flags="")
    mailbox = world.accounts.open("fred", None).mailbox("INBOX")
    rows = Rows(View(mailbox, read_only=True), [], 0)

    assert rows.rated([(0, 80), (1, 0), (2, 1)]) == [0, 2]
    assert rows.rated([(0, 45)]) == [0]
    assert [rows.relevancy(row) for row in range(3)] == [62, 100, 1]
