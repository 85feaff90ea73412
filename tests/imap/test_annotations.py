"""Which annotations there are to see."""

from pathlib import Path

import pytest

from mailaccess.storage.account import Account, MailboxEntry
from tests.world import World


def test_the_administrator_can_be_reached(tmp_path: Path) -> None:
    """The configuration says how."""
    world = World(tmp_path, admin="mailto:postmaster@example.org")
    answer = world.imap_in().ask(b'b GETMETADATA "" /shared/admin\r\n')

    assert b'* METADATA "" (/shared/admin "mailto:postmaster@example.org")\r\n' in answer


def test_a_list_goes_through_the_mailboxes_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not again for each of them, to find its special use."""
    client = world.imap_in()
    for number in range(5):
        client.ask(b"b CREATE box%d (USE (%s))\r\n" % (number, b"\\Sent" if number == 3 else b""))
    looked = 0
    mailboxes = Account.mailboxes

    def counted(account: Account) -> list[MailboxEntry]:
        nonlocal looked
        looked += 1
        return mailboxes(account)

    monkeypatch.setattr(Account, "mailboxes", counted)
    answer = client.ask(b'c LIST "" "box*" RETURN (METADATA (/private/specialuse))\r\n')

    assert answer.count(b"* METADATA ") == 5
    assert b'* METADATA "box3" (/private/specialuse "\\\\Sent")\r\n' in answer
    assert looked == 1
