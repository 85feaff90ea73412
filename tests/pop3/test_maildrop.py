"""The maildrop: locked, numbered, and emptied only as told."""

import pytest

from mailaccess.pop3.maildrop import Maildrop
from mailaccess.storage.acl import Who
from mailaccess.storage.errors import MaildropBusy, MessageGone, NotPermitted
from tests.world import MESSAGES, World


def test_one_at_a_time(world: World) -> None:
    """The second is refused until the first has closed."""
    account = world.accounts.access("fred", None)
    first = Maildrop(account)
    with pytest.raises(MaildropBusy):
        Maildrop(account)
    first.close()
    Maildrop(account).close()


def test_what_happens_to_messages_that_were_looked_up_ahead(world: World) -> None:
    """Another program marks one and removes another; each is still what it is."""
    for subject in (b"one", b"two", b"three"):
        world.deliver(b"Subject: %s\r\n\r\n" % subject, flags="")
    maildrop = Maildrop(world.accounts.access("fred", None))

    def read(number: int) -> bytes:
        with maildrop.content_at_hand(number) or maildrop.content(number) as content:
            return content.read(0, content.size)

    assert read(1) == b"Subject: one\r\n\r\n"
    _, second, third = world.files()
    second.unlink()
    third.rename(f"{third}S")
    assert read(3) == b"Subject: three\r\n\r\n"
    assert maildrop.content_at_hand(2) is None
    with pytest.raises(MessageGone):
        maildrop.content(2)
    maildrop.mark_seen([1])
    assert read(1) == b"Subject: one\r\n\r\n"
    maildrop.close()


def test_removes_only_what_is_marked(world: World) -> None:
    """Numbers keep their meaning; a message another program removed meanwhile is no error."""
    for _ in range(4):
        world.deliver(MESSAGES["plain"], flags="")
    maildrop = Maildrop(world.accounts.access("fred", None))
    world.files()[2].unlink()
    maildrop.deleted |= {1, 3}
    assert maildrop.remaining == [2, 4]
    assert (maildrop.count, maildrop.octets) == (2, maildrop.sizes[1] + maildrop.sizes[3])
    maildrop.remove_deleted()
    maildrop.close()

    assert len(world.files()) == 2


def test_unique_ids_stay(world: World) -> None:
    """The same message has the same unique-id in every session."""
    for _ in range(2):
        world.deliver(MESSAGES["plain"])
    account = world.accounts.access("fred", None)
    first = Maildrop(account)
    first.deleted.add(1)
    kept = first.uidls[1]
    first.remove_deleted()
    first.close()
    second = Maildrop(account)
    second.close()

    assert second.uidls == [kept]


def test_read_many_times_is_seen_once(world: World) -> None:
    """However often a message was asked for in one go, it is one message that is marked."""
    world.deliver(MESSAGES["plain"], flags="")
    maildrop = Maildrop(world.accounts.access("fred", None))
    maildrop.mark_seen([1] * 100)
    maildrop.close()

    assert [path.name[-3:] for path in world.files()] == ["2,S"]


def test_an_owner_without_the_rights_reads_only(world: World) -> None:
    """\\Seen is left as it is, and nothing is removed."""
    world.deliver(MESSAGES["plain"], flags="")
    account = world.accounts.access("fred", None)
    account.change_acl("INBOX", Who("user", "fred"), "lr")
    maildrop = Maildrop(account)

    maildrop.mark_seen([1])
    maildrop.deleted.add(1)
    with pytest.raises(NotPermitted):
        maildrop.remove_deleted()
    maildrop.close()

    assert [path.name.partition(":")[2] for path in world.files()] == ["2,"]
