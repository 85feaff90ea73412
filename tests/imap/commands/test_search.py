"""SEARCH: its grammar, the forms of its answer, what it saves."""

import pytest

from mailaccess.imap.commands.search import parse_search
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.returning import ALL, Returns
from tests.world import World


def test_parse_search() -> None:
    """Options and charset before the program; no options at all are not the same as empty ones."""
    assert parse_search(Cursor(b"ALL"))[0] is None
    assert parse_search(Cursor(b"RETURN () ALL"))[0] == ALL
    returns, program = parse_search(Cursor(b"return (count save) charset utf-8 UNSEEN"))
    assert returns == Returns(frozenset([b"COUNT", b"SAVE"]))
    assert program.charset_known


@pytest.mark.parametrize(
    "text", [b"", b"RETURN", b"RETURN ALL", b"RETURN (ALL)ALL", b"RETURN (PARTIAL 1) ALL", b"ALL SEEN)"]
)
def test_bad_searches(text: bytes) -> None:
    """Missing and invented words."""
    with pytest.raises(Bad):
        parse_search(Cursor(text))


def test_saved_result_is_of_one_mailbox(world: World) -> None:
    """Another SELECT empties it (RFC 5182 2.1)."""
    world.deliver(b"Subject: a\r\n\r\n", flags="")
    client = world.imap_in()
    client.ask(b"a SEARCH RETURN (SAVE) ALL\r\n")
    assert client.ask(b"b SEARCH $\r\n").startswith(b"* SEARCH 1\r\n")
    client.ask(b"c SELECT INBOX\r\n")

    assert client.ask(b"d SEARCH $\r\n").startswith(b"* SEARCH\r\n")


@pytest.mark.parametrize(
    "key",
    [
        "SUBJECT appl",
        'SUBJECT "Äpfel"',
        "FROM ann",
        'FROM "ANN <ann@"',
        "CC x",
        "HEADER X-A b",
        'HEADER X-A ""',
        "BODY red",
        'TEXT "re"',
        'TEXT ""',
        "OR BODY red FROM bob",
        "SENTSINCE 1-Feb-1994",
        "LARGER 60",
        "BEFORE 1-Jan-2023",
        "UNSEEN",
        "UID 2:3",
    ],
)
def test_fuzzy_finds_no_less(world: World, key: str) -> None:
    """What is found by the letter is found loosely."""
    for text in (
        "From: Ann <ann@x.org>\r\nSubject: Apples\r\n\r\nred\r\n",
        "From: bob@x.org\r\nSubject: äpfel\r\nX-A: ab\r\n\r\ngreen and ripe\r\n",
        "From: bob@x.org\r\nDate: Mon, 7 Feb 1994 21:52:25 -0800\r\nX-A:\r\nCc: X <y@z>\r\n\r\nRedder\r\n",
    ):
        world.deliver(text.encode(), flags="")
    client = world.imap_in()

    def found(program: str) -> set[bytes]:
        return set(client.ask(f"a UID SEARCH {program}\r\n".encode()).splitlines()[0].split()[2:])

    assert found(key) <= found(f"FUZZY ({key})")
