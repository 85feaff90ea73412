"""Whose a flag is. How a mailbox with such flags behaves stands in `test_viewed`."""

from pathlib import Path

import pytest

from mailaccess.mail.flags import DELETED, FLAGGED, SEEN
from mailaccess.storage import rights
from mailaccess.storage.account import Account
from mailaccess.storage.acl import Who
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.viewer import SHARED_FILE, Personal, Viewer, right_for, unseen_and_recent
from tests.storage.post import add

BOB = Viewer("bob", owner=False, personal=True)


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize(("owner", "personal"), [(False, True), (False, False), (True, True), (True, False)])
def test_which_flags_are_a_viewers_own(tmp_path: Path, owner: bool, personal: bool, marked: bool) -> None:
    """\\Seen and keywords of everybody but the owner, if so set; with Dovecot's mark \\Seen, of all."""
    if marked:
        (tmp_path / SHARED_FILE).touch()
    own = Personal(tmp_path, Viewer("bob", owner=owner, personal=personal))
    apart = personal and not owner

    assert (own(SEEN), own("$Work"), own(FLAGGED), own(DELETED)) == (apart or marked, apart, False, False)
    assert bool(own) == (apart or marked)


def test_each_flag_has_its_right() -> None:
    """RFC 4314 section 4."""
    found = [right_for(flag) for flag in (SEEN, DELETED, FLAGGED, "$Work")]

    assert found == [rights.SEEN, rights.DELETE_MESSAGES, rights.WRITE, rights.WRITE]


def test_what_is_unseen_and_recent_to_a_viewer(account: Account, inbox: Mailbox) -> None:
    """Whatever the owner has seen; None for whom it is as for everybody."""
    add(inbox, b"one\n", b"two\n", b"three\n")
    account.acls.change("INBOX", Who("user", "bob"), "lrs", "fred")
    bob = account.viewed("INBOX", BOB)
    inbox.store([1, 2, 3], Action.ADD, frozenset([SEEN]))
    assert unseen_and_recent(inbox._box, BOB) == (3, 3)

    bob.store([1, 2], Action.ADD, frozenset([SEEN]))
    bob.store([2], Action.REMOVE, frozenset([SEEN]))
    bob.claim_recent()

    assert unseen_and_recent(inbox._box, BOB) == (2, 0)
    assert unseen_and_recent(inbox._box, Viewer("fred", owner=True, personal=True)) is None
