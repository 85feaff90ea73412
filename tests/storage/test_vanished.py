"""What was expunged since (RFC 7162)."""

from mailaccess.storage.account import Account
from mailaccess.storage.mailbox import Mailbox
from tests.storage.post import TEXT, add, arrive


def test_in_ascending_order(inbox: Mailbox) -> None:
    """Only what went after the mod-sequence."""
    add(inbox, *[TEXT] * 9)
    inbox.remove([8])
    since = inbox.highestmodseq
    inbox.remove([5])
    inbox.remove([2, 3])

    assert inbox.vanished_since(since) == [2, 3, 5]
    assert inbox.vanished_since(since, [range(3, 6)]) == [3, 5]
    assert inbox.vanished_since(inbox.highestmodseq) == []


def test_below_what_is_remembered_it_is_all_that_is_absent(inbox: Mailbox) -> None:
    """Within what the client says it knows."""
    add(inbox, *[TEXT] * 6)
    inbox.remove([2, 3])

    assert inbox.vanished_since(1) == [2, 3]
    assert inbox.vanished_since(1, [range(3, 5), range(6, 100)]) == [3]


def test_uids_that_were_never_given_are_not_named(inbox: Mailbox) -> None:
    """Whatever the client asks for."""
    add(inbox)

    assert inbox.vanished_since(1, [range(1, 4_000_000_000)]) == []


def test_a_uidlist_of_huge_uids_does_not_fill_memory(account: Account) -> None:
    """Four thousand million UIDs would."""
    arrive(account.root, name="1.host")
    (account.root / "dovecot-uidlist").write_text(f"3 V5 N4000000002 G{'a' * 32}\n4000000001 :1.host\n")
    inbox = account.mailbox("INBOX")

    assert len(inbox.vanished_since(1)) <= 10_000_000
