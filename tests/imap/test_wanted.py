"""What FETCH is asked for: the grammar of its list, and blocks of messages."""

import pytest

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.items import sizes
from mailaccess.imap.wanted import Block, parse_items
from mailaccess.storage.messages import Messages


def forms(text: bytes) -> list[bytes]:
    """How the items stand in a response; nothing may be left of the text."""
    cursor = Cursor(text)
    found = [wanted.form for wanted in parse_items(cursor)]
    cursor.end()
    return found


def columns(count: int) -> Messages:
    """UIDs from 1, and sizes of ten times that."""
    uids = range(1, count + 1)
    return Messages(uids, [frozenset()] * count, uids, [10 * uid for uid in uids], uids, uids)


def test_a_block_may_be_of_several_generations() -> None:
    """And some of it can be taken."""
    old, new = columns(5), columns(9)
    whole = Block([1, 2, 3, 4], [2, 3, 7, 8], [(old, slice(1, 3)), (new, slice(6, 8))], threads=[5, 6, 7, 8])
    some = whole.only([0, 2, 3])

    assert whole.values(sizes) == [20, 30, 70, 80]
    assert (some.numbers, some.uids, some.threads, some.at_hand) == ([1, 3, 4], [2, 7, 8], [5, 7, 8], ())
    assert some.values(sizes) == [20, 70, 80]


@pytest.mark.parametrize(
    ("macro", "names"),
    [
        (b"FAST", [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"]),
        (b"all", [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE"]),
        (b"Full", [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY"]),
    ],
)
def test_macros(macro: bytes, names: list[bytes]) -> None:
    """RFC 3501 6.4.5"""
    assert [form.split()[0] for form in forms(macro)] == names


def test_a_macro_stands_alone() -> None:
    """RFC 3501 6.4.5: "A macro must be used by itself"."""
    with pytest.raises(Bad, match="FAST is no item"):
        forms(b"(FAST UID)")


def test_items_come_in_the_order_asked_for() -> None:
    assert forms(b"(rfc822.size UID Flags)") == [b"RFC822.SIZE %d", b"UID %d", b"FLAGS %s"]


def test_an_item_asked_for_twice_comes_once() -> None:
    assert forms(b"(FLAGS UID FLAGS)") == [b"FLAGS %s", b"UID %d"]


def test_many_items_are_refused_where_they_become_too_many() -> None:
    """Not behind the last one: each is compared with all before it."""
    cursor = Cursor(b"(" + b"BODY.PEEK[] " * 5000 + b"UID)")
    with pytest.raises(Bad, match="At most 100"):
        parse_items(cursor)

    assert cursor.pos < 102 * len(b"BODY.PEEK[] ")


def test_partials_of_one_section_are_several_items() -> None:
    """They differ in length, though not in how they are named."""
    assert forms(b"(BODY[]<0.10> BODY[]<0.20>)") == [b"BODY[]<0> %s", b"BODY[]<0> %s"]


def test_spaces_too_many_are_let_through() -> None:
    assert forms(b"( FLAGS  BODY UID )") == [b"FLAGS %s", b"BODY %s", b"UID %d"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "Expected an item"),
        (b"()", "Expected an item"),
        (b"(FLAGS", "Expected a space or"),
        (b"(FLAGS,UID)", "Expected a space or"),
        (b"X-GM-MSGID", "X-GM-MSGID is no item to fetch; expected one of BINARY, "),
        (b"BODY.PEEK", "Expected '\\['"),
        (b"BODY[", "Expected a part number"),
        (b"(" + b" ".join(b"BODY[%d]" % i for i in range(1, 102)) + b")", "At most 100 items"),
    ],
)
def test_what_is_no_item_is_bad(text: bytes, expected: str) -> None:
    """The error says what was expected."""
    with pytest.raises(Bad, match=expected):
        forms(text)
