"""The items of STATUS."""

import re

import pytest

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.status_items import ITEMS, parse_items
from tests.world import World


def test_each_comes_once_in_the_order_of_asking() -> None:
    """ "(" status-att *(SP status-att) ")" """
    assert parse_items(Cursor(b"(unseen MESSAGES UNSEEN)")) == [b"UNSEEN", b"MESSAGES"]
    assert parse_items(Cursor(b"(" + b" ".join([*ITEMS, b"APPENDLIMIT"]) + b")")) == [*ITEMS, b"APPENDLIMIT"]


@pytest.mark.parametrize(
    "text", [b"", b"()", b"MESSAGES", b"(MESSAGES", b"(MESSAGES )", b"(NONE)", b"(MESSAGES,UNSEEN)"]
)
def test_bad_items(text: bytes) -> None:
    with pytest.raises(Bad):
        parse_items(Cursor(text))


def test_an_empty_mailbox_has_a_modseq(world: World) -> None:
    """HIGHESTMODSEQ 0 makes clients throw their cache away."""
    client = world.imap()
    client.ask(b"a LOGIN fred secret\r\nb CREATE x\r\n")

    assert re.search(rb"\(HIGHESTMODSEQ [1-9]\d*\)", client.ask(b"c STATUS x (HIGHESTMODSEQ)\r\n"))
