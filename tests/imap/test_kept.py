"""What FETCH has told, in memory: no more than may be, and never another message's."""

import pytest

from mailaccess.imap.kept import Kept
from mailaccess.storage.mailbox import Mailbox
from tests.world import USER, World


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    return world.accounts.open(USER, None).mailbox("INBOX")


def test_what_was_added_is_found(mailbox: Mailbox) -> None:
    """By mailbox, item and UID, wherever blocks of UIDs end."""
    kept = Kept()
    kept.add(mailbox, "a", {1: b"1", 255: b"255", 256: b"256", 5000: b"5000"})
    kept.add(mailbox, "b", {1: b"b"})

    assert kept.column(mailbox, "a", [1, 2, 255, 256, 300, 5000]) == [b"1", None, b"255", b"256", None, b"5000"]
    assert kept.column(mailbox, "b", [1, 256]) == [b"b", None]
    assert kept.column(mailbox, "c", []) == []


def test_mailboxes_are_told_apart_by_what_they_are(world: World, mailbox: Mailbox) -> None:
    """Copies of a Maildir have the same GUID and UIDs, and may go different ways."""
    kept = Kept()
    kept.add(mailbox, "a", {1: b"mine"})
    account = world.accounts.open("ann", None)
    other = account.mailbox("INBOX")

    assert kept.column(other, "a", [1]) == [None]


def test_there_is_a_limit(mailbox: Mailbox) -> None:
    """What was not asked for longest goes first, with its neighbours."""
    kept = Kept(limit=100_000)
    for uid in range(1, 3000):
        kept.add(mailbox, "a", {uid: b"x" * 100})
        assert kept.octets <= 100_000
        kept.column(mailbox, "a", [1])

    assert kept.column(mailbox, "a", [1, 256, 2999]) == [b"x" * 100, None, b"x" * 100]


def test_what_is_added_twice_counts_once(mailbox: Mailbox) -> None:
    kept = Kept()
    kept.add(mailbox, "a", {1: b"x"})
    before = kept.octets
    kept.add(mailbox, "a", {1: b"x"})

    assert kept.octets == before


def test_a_message_that_another_program_changes_is_not_told_as_it_was(world: World) -> None:
    """Its file has another content now: it is another message, and the old one is gone."""
    path = world.deliver(b"Subject: before\r\n\r\n")
    client = world.imap_in()
    first = client.ask(b"c FETCH 1 (UID ENVELOPE BODY.PEEK[HEADER.FIELDS (SUBJECT)])\r\n")
    assert first == client.ask(b"c FETCH 1 (UID ENVELOPE BODY.PEEK[HEADER.FIELDS (SUBJECT)])\r\n")
    assert b"UID 1 " in first
    assert first.count(b"before") == 2
    path = next(file for file in world.files() if file.name.startswith(path.name))
    path.write_bytes(b"Subject: afterwards\r\n\r\n")
    client.ask(b"d FETCH 1 BODY.PEEK[]\r\n")
    client.ask(b"e NOOP\r\n")
    second = client.ask(b"f UID FETCH 1:* (ENVELOPE BODY.PEEK[HEADER.FIELDS (SUBJECT)])\r\n")

    assert b"UID 2 " in second
    assert second.count(b"afterwards") == 2
    assert b"before" not in second


def test_a_mailbox_that_is_made_anew_has_other_messages(world: World) -> None:
    """Under the same name, with the same UIDs."""
    client = world.imap_in()
    for subject in (b"one", b"two"):
        text = b"Subject: %s\r\n\r\n" % subject
        client.ask(b"b CREATE Work\r\nc APPEND Work {%d+}\r\n%s\r\nd SELECT Work\r\n" % (len(text), text))
        reply = client.ask(b"e FETCH 1 (UID ENVELOPE)\r\n")
        assert b"UID 1 " in reply
        assert subject in reply
        client.ask(b"f UNSELECT\r\ng DELETE Work\r\n")
