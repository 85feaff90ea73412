"""What a LIST response tells of a name."""

import pytest

from mailaccess.imap.listed import Listed
from mailaccess.storage.account import MailboxEntry
from tests.world import World

SENT = MailboxEntry("Sent", special_use=frozenset(["\\Sent", "\\All"]))


@pytest.mark.parametrize(
    ("line", "attributes"),
    [
        (Listed("Sent", SENT, subscribed=False, has_children=False), [b"\\HasNoChildren", b"\\All", b"\\Sent"]),
        (Listed("a", MailboxEntry("a", False), subscribed=False, has_children=True), [b"\\None", b"\\HasChildren"]),
        (Listed("a", None, subscribed=True, has_children=False), [b"\\None", b"\\Subscribed", b"\\HasNoChildren"]),
    ],
)
def test_attributes(line: Listed, attributes: list[bytes]) -> None:
    """What it is and has; that it is subscribed only where that is asked for."""
    assert line.attributes([b"\\None"], subscribed=True) == attributes
    assert line.attributes([b"\\None"]) == [attribute for attribute in attributes if attribute != b"\\Subscribed"]


def test_what_is_only_a_parent_is_marked_for_those_who_know_the_mark(world: World) -> None:
    """Of \\NonExistent and \\Noselect IMAP4rev2 has one at a time."""
    client = world.imap_in()
    client.ask(b"a CREATE a/b\r\n")

    assert b'* LIST (\\Noselect \\HasChildren) "/" "a"\r\n' in client.ask(b'b LIST "" a\r\n')
    assert b"(\\NonExistent \\Noselect \\HasChildren)" in client.ask(b'c LIST "" a RETURN ()\r\n')
    assert b"(\\NonExistent \\HasChildren)" in client.ask(b'd ENABLE IMAP4rev2\r\ne LIST "" a RETURN ()\r\n')
