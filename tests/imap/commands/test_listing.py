"""LIST with options (RFC 5258, 5819, 6154)."""

import pytest

from mailaccess.imap.bounded import Bounded
from mailaccess.imap.commands import listing
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


def test_an_answer_that_was_given_before_is_what_is_there_now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changed something: mail that arrives, flags, mailboxes made and removed, subscriptions, and what the
    session itself has selected or enabled."""
    world.deliver(b"Subject: a\r\n\r\n")
    client, other = world.imap_in(), world.imap_in()
    client.ask(b"a UNSELECT\r\nb CREATE Work\r\n")
    asked = b"STATUS (MESSAGES UNSEEN RECENT HIGHESTMODSEQ)"
    lines = [
        b'a LIST "" *\r\n',
        b'a LIST "" (* INBOX) RETURN (%s)\r\n' % asked,
        b'a LIST (SUBSCRIBED) "" * RETURN (%s SUBSCRIBED)\r\n' % asked,
        b'a LIST "" % RETURN (STATUS (MESSAGES SIZE))\r\n',
    ]

    def answers() -> list[bytes]:
        given = [client.ask(line) for line in lines]
        assert [client.ask(line) for line in lines] == given
        with monkeypatch.context() as without:
            without.setattr(listing, "_TOLD", Bounded(0))
            assert [client.ask(line) for line in lines] == given
        return given

    before = answers()
    for change in (
        lambda: world.deliver(b"Subject: b\r\n\r\n", "Work"),
        lambda: world.deliver(b"Subject: c\r\n\r\n"),
        lambda: other.ask(b"b STORE 1 FLAGS (\\Flagged)\r\n"),
        lambda: other.ask(b"b SUBSCRIBE Work\r\n"),
        lambda: other.ask(b"b CREATE Work/Deep\r\n"),
        lambda: other.ask(b"b DELETE Work/Deep\r\n"),
        lambda: (world.maildir / ".Other" / "cur").mkdir(parents=True),
        lambda: (client.ask(b"b SELECT Work\r\n"), answers(), client.ask(b"b UNSELECT\r\n")),  # \\Recent is its own
        lambda: client.ask(b"c CREATE Entw&APw-rfe\r\n"),
        lambda: client.ask(b"b ENABLE UTF8=ACCEPT\r\n"),
    ):
        change()
        now = answers()
        assert now != before
        before = now


def test_an_answer_is_kept(world: World) -> None:
    """For the user's other sessions, too."""
    client, other = world.imap_in(), world.imap_in()
    line = b'a LIST "" * RETURN (STATUS (MESSAGES))\r\n'
    client.ask(line)
    octets = listing._TOLD.octets
    assert octets > 0
    assert other.ask(line) == client.ask(line)
    assert listing._TOLD.octets == octets
