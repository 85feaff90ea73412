"""LIST with options (RFC 5258, 5819, 6154)."""

import pytest

from mailaccess.imap.commands.listing import parse_list
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from tests.driver import MemoryDriver
from tests.world import World


@pytest.fixture
def fruits(world: World) -> MemoryDriver:
    """The mailboxes of RFC 5258 section 5."""
    client = world.imap()
    client.ask(b"a LOGIN fred secret\r\n")
    for name in ("Fruit", "Fruit/Apple", "Fruit/Banana", "Tofu", "Vegetable", "Vegetable/Broccoli", "Vegetable/Corn"):
        client.ask(f"c CREATE {name}\r\n".encode())
    for name in ("INBOX", "Fruit/Banana", "Fruit/Peach", "Vegetable", "Vegetable/Broccoli"):
        client.ask(f"s SUBSCRIBE {name}\r\n".encode())
    return client


def listed(client: MemoryDriver, command: str) -> list[str]:
    lines = client.ask(f"x {command}\r\n".encode()).decode().split("\r\n")
    assert lines[-2].startswith("x OK"), lines
    return [line.removeprefix("* LIST ") for line in lines[:-2]]


def test_all_with_children(fruits: MemoryDriver) -> None:
    """RFC 5258 5: example 1"""
    assert listed(fruits, 'LIST "" "*"') == [
        '(\\HasNoChildren) "/" "INBOX"',
        '(\\HasChildren) "/" "Fruit"',
        '(\\HasNoChildren) "/" "Fruit/Apple"',
        '(\\HasNoChildren) "/" "Fruit/Banana"',
        '(\\HasNoChildren) "/" "Tofu"',
        '(\\HasChildren) "/" "Vegetable"',
        '(\\HasNoChildren) "/" "Vegetable/Broccoli"',
        '(\\HasNoChildren) "/" "Vegetable/Corn"',
    ]


def test_subscribed(fruits: MemoryDriver) -> None:
    """RFC 5258 5: example 2. A subscribed name that does not exist says so."""
    assert listed(fruits, 'LIST (SUBSCRIBED) "" "*"') == [
        '(\\Subscribed \\HasNoChildren) "/" "INBOX"',
        '(\\Subscribed \\HasNoChildren) "/" "Fruit/Banana"',
        '(\\Subscribed \\HasChildren) "/" "Vegetable"',
        '(\\Subscribed \\HasNoChildren) "/" "Vegetable/Broccoli"',
        '(\\NonExistent \\Noselect \\Subscribed \\HasNoChildren) "/" "Fruit/Peach"',
    ]


def test_return_children(fruits: MemoryDriver) -> None:
    """RFC 5258 5: example 3"""
    assert listed(fruits, 'LIST () "" "%" RETURN (CHILDREN)') == [
        '(\\HasNoChildren) "/" "INBOX"',
        '(\\HasChildren) "/" "Fruit"',
        '(\\HasNoChildren) "/" "Tofu"',
        '(\\HasChildren) "/" "Vegetable"',
    ]


def test_recursivematch(fruits: MemoryDriver) -> None:
    """RFC 5258 5: example 8. A parent stands for its subscribed children, with CHILDINFO."""
    assert listed(fruits, 'LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"') == [
        '(\\Subscribed \\HasNoChildren) "/" "INBOX"',
        '(\\HasChildren) "/" "Fruit" ("CHILDINFO" ("SUBSCRIBED"))',
        '(\\Subscribed \\HasChildren) "/" "Vegetable" ("CHILDINFO" ("SUBSCRIBED"))',
    ]


def test_several_patterns(fruits: MemoryDriver) -> None:
    """RFC 5258 5: example 6. Each mailbox is named once."""
    assert listed(fruits, 'LIST "" ("INBOX" "T%" "Tofu" "*Corn") RETURN (SUBSCRIBED)') == [
        '(\\Subscribed \\HasNoChildren) "/" "INBOX"',
        '(\\HasNoChildren) "/" "Tofu"',
        '(\\HasNoChildren) "/" "Vegetable/Corn"',
    ]


def test_status(fruits: MemoryDriver) -> None:
    """RFC 5819: a STATUS behind each mailbox that can be selected."""
    assert fruits.ask(b'x LIST "" T% RETURN (STATUS (MESSAGES UNSEEN))\r\n') == (
        b'* LIST (\\HasNoChildren) "/" "Tofu"\r\n* STATUS "Tofu" (MESSAGES 0 UNSEEN 0)\r\nx OK LIST completed\r\n'
    )


def test_special_use(fruits: MemoryDriver) -> None:
    """RFC 6154: CREATE with USE, LIST by it; Thunderbird for Android asks just so."""
    assert fruits.ask(b"c CREATE Old (USE (\\Archive))\r\n").startswith(b"c OK [MAILBOXID (F")
    assert listed(fruits, 'LIST (SPECIAL-USE) "" "*"') == ['(\\HasNoChildren \\Archive) "/" "Old"']
    assert fruits.ask(b"c CREATE New (USE (\\Shiny))\r\n").startswith(b"c NO [USEATTR]")


@pytest.mark.parametrize(
    "text",
    [b'(RECURSIVEMATCH) "" "*"', b'(FOO) "" "*"', b'"" "*" RETURN (FOO)', b'""', b'"" ()x', b'"" "*" RETURN'],
)
def test_bad_lists(text: bytes) -> None:
    """RECURSIVEMATCH alone, unknown options, missing patterns."""
    with pytest.raises(Bad):
        parse_list(Cursor(text))
