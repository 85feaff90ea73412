"""Return options: grammar, what is kept of what was found, and the response."""

from pathlib import Path

import pytest

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Terms
from mailaccess.imap.returning import ALL, Returns, parse_returns
from tests.world import World


def parsed(options: bytes) -> Returns:
    returns = parse_returns(Terms(Cursor(b"RETURN (%s) ALL" % options)))
    assert returns is not None
    return returns


def test_parse_returns() -> None:
    """Nothing is not the same as an empty list, which means ALL (RFC 4731 3.1)."""
    assert parse_returns(Terms(Cursor(b"ALL"))) is None
    assert parsed(b"") == ALL
    returns = parsed(b"min partial 3:1 Update")
    assert returns.options == {b"MIN", b"PARTIAL", b"UPDATE"}
    assert returns.partial is not None
    assert returns.partial.text == b"3:1"


@pytest.mark.parametrize("text", [b"PARTIAL", b"PARTIAL 1:2 ALL", b"ALL PARTIAL 1:2", b"PARTIAL 1:2 PARTIAL 1:2", b"X"])
def test_bad_returns(text: bytes) -> None:
    """ "either one PARTIAL, one ALL, or neither" (RFC 5267 4.4)"""
    with pytest.raises(Bad):
        parsed(text)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (b"SAVE PARTIAL 2:3", [5, 3]),
        (b"SAVE PARTIAL 2:3 MIN", [7, 5, 3]),
        (b"SAVE PARTIAL 2:3 MAX", [5, 3, 9]),
        (b"SAVE PARTIAL 2:3 MIN MAX", [7, 5, 3, 9]),
        (b"SAVE PARTIAL 2:3 COUNT", [7, 5, 3, 1, 9]),
        (b"SAVE PARTIAL 2:3 COUNT MIN", [7, 5, 3, 1, 9]),
        (b"SAVE PARTIAL -9:-8", []),
        (b"SAVE", [7, 5, 3, 1, 9]),
        (b"SAVE MIN", [7]),
        (b"SAVE MIN MAX", [7, 9]),
        (b"SAVE MIN COUNT", [7, 5, 3, 1, 9]),
        (b"SAVE RELEVANCY", [7, 5, 3, 1, 9]),
        (b"SAVE ALL MAX", [7, 5, 3, 1, 9]),
    ],
)
def test_what_is_kept(options: bytes, kept: list[int]) -> None:
    """RFC 9394 table 1, RFC 5182 2.4"""
    assert sorted(parsed(options).kept([7, 5, 3, 1, 9])) == sorted(kept)
    assert parsed(options).kept([]) == []


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (b"MIN MAX ALL COUNT", b"MIN 2 MAX 4 ALL 2,4 COUNT 2"),
        (b"PARTIAL -1:-1 MIN COUNT", b"MIN 2 PARTIAL (-1:-1 4) COUNT 2"),
        (b"PARTIAL 3:4", b"PARTIAL (3:4 NIL)"),
        (b"CONTEXT COUNT", b"COUNT 2"),
        (b"UPDATE", b""),
    ],
)
def test_response(tmp_path: Path, options: bytes, answer: bytes) -> None:
    """Each option adds its own, in one order."""
    world = World(tmp_path)
    for flags in ("S", "", "S", ""):
        world.deliver(b"Subject: a\r\n\r\n", flags=flags)
    reply = world.imap_in().ask(b"a SEARCH RETURN (%s) UNSEEN\r\n" % options)
    world.close()

    assert reply.splitlines()[0] == (b'* ESEARCH (TAG "a") ' + answer).rstrip()


@pytest.mark.parametrize("options", [b"SAVE", b"SAVE UPDATE", b"CONTEXT SAVE"])
def test_nothing_is_told_of_what_is_only_kept(world: World, options: bytes) -> None:
    """RFC 5182 2.1"""
    assert world.imap_in().ask(b"a SEARCH RETURN (%s) ALL\r\n" % options) == b"a OK SEARCH completed\r\n"
