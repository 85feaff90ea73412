"""The order of messages."""

import pytest

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import Terms
from mailaccess.imap.sorting import parse_criteria
from tests.world import World


def test_parse_criteria() -> None:
    """In their order, each once: a second time it could not decide anything."""
    criteria = parse_criteria(Terms(Cursor(b"(SUBJECT REVERSE DATE SUBJECT REVERSE SUBJECT)")))

    assert list(criteria.items()) == [(b"SUBJECT", False), (b"DATE", True)]


@pytest.mark.parametrize("text", [b"", b"DATE", b"(DATE REVERSE)", b"(DATE )", b"()", b"(COLOUR)", b"(DATE"])
def test_bad_criteria(text: bytes) -> None:
    """Missing and misplaced words."""
    with pytest.raises(Bad):
        parse_criteria(Terms(Cursor(text)))


@pytest.mark.parametrize(
    ("criteria", "order"),
    [
        (b"SUBJECT", b"2 1 3"),
        (b"REVERSE SUBJECT", b"1 3 2"),
        (b"REVERSE SUBJECT SIZE", b"3 1 2"),
        (b"SUBJECT REVERSE ARRIVAL", b"2 3 1"),
        (b"REVERSE SIZE", b"1 2 3"),
    ],
)
def test_equals_stay_in_the_order_of_the_mailbox(world: World, criteria: bytes, order: bytes) -> None:
    """Also where a criterion is reversed; a later criterion decides what an earlier one does not."""
    for text in (b"b\r\n\r\nlonger", b"a\r\n\r\nlong", b"b\r\n\r\n"):
        world.deliver(b"Subject: " + text, flags="")

    assert world.imap_in().ask(b"a SORT (%s) UTF-8 ALL\r\n" % criteria).startswith(b"* SORT " + order + b"\r\n")
