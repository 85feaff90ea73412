"""A mailbox as somebody sees it who has less than all rights, or flags of his own."""

from pathlib import Path

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.acl import Who
from mailaccess.storage.errors import NotPermitted
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.personal import file_of
from mailaccess.storage.viewed import ViewedMailbox
from mailaccess.storage.viewer import Viewer
from tests.storage.post import NONE, add, arrive, files, flags_of, settings, texts

SEEN, FLAGGED, WORK = frozenset(["\\Seen"]), frozenset(["\\Flagged"]), frozenset(["$Work"])
DELETED = frozenset(["\\Deleted"])
BOB = Viewer("bob", owner=False, personal=True, prefix="Users/fred/")
CAROL = Viewer("carol", owner=False, personal=True, prefix="Users/fred/")


def grant(account: Account, user: str, letters: str) -> None:
    account.acls.change("INBOX", Who("user", user), letters, "fred")


def as_bob(account: Account, letters: str = "lrswipkxtea") -> ViewedMailbox:
    grant(account, "bob", letters)
    return account.viewed("INBOX", BOB)


def test_a_viewers_seen_and_keywords_are_his_own(account: Account, inbox: Mailbox) -> None:
    """The owner's are not his, and the other flags are everybody's."""
    add(inbox, flags=SEEN | WORK | FLAGGED)
    bob = as_bob(account)
    carol = account.viewed("INBOX", CAROL)
    assert flags_of(bob) == {1: FLAGGED}

    bob.store([1], Action.ADD, SEEN | {"$Mine", "\\Answered"})

    inbox.sync()
    carol.sync()
    assert flags_of(bob) == {1: SEEN | FLAGGED | {"$Mine", "\\Answered"}}
    assert flags_of(inbox) == {1: SEEN | WORK | FLAGGED | {"\\Answered"}}
    assert flags_of(carol) == {1: FLAGGED | {"\\Answered"}}
    assert bob.keywords() == ("$Mine",)
    assert inbox.keywords() == ("$Work",)


def test_a_private_change_raises_the_mod_sequence(account: Account, inbox: Mailbox) -> None:
    """For the viewer the message has changed; for others the mailbox has, at most."""
    add(inbox, b"one\n", b"two\n")
    bob = as_bob(account)
    before = bob.messages.highest

    bob.store([2], Action.ADD, SEEN)

    assert bob.messages.changed_since(before) == [2]
    assert bob.messages.modseqs[1] == bob.highestmodseq > before
    inbox.sync()
    assert inbox.messages.changed_since(before) == []
    inbox.store([1], Action.ADD, FLAGGED)
    bob.sync()
    assert bob.messages.changed_since(bob.messages.modseqs[1]) == [1]


def test_a_conditional_store_heeds_private_changes(account: Account, inbox: Mailbox) -> None:
    """RFC 7162: refused are those that have changed since, for this viewer."""
    add(inbox, b"one\n", b"two\n")
    bob = as_bob(account)
    before = bob.messages.highest
    bob.store([1], Action.ADD, SEEN)

    assert bob.store([1, 2], Action.ADD, FLAGGED | WORK, before) == [1]
    assert flags_of(bob) == {1: SEEN, 2: FLAGGED | WORK}


def test_another_process_sees_a_viewers_flags(account: Account, elsewhere: Account, inbox: Mailbox) -> None:
    """At its next look."""
    add(inbox, b"one\n", b"two\n")
    here, there = as_bob(account), elsewhere.viewed("INBOX", BOB)

    here.store([1], Action.ADD, SEEN)
    assert there.poll()
    there.sync()
    there.store([1, 2], Action.ADD, WORK)
    here.sync()

    assert flags_of(here) == flags_of(there) == {1: SEEN | WORK, 2: WORK}
    assert list(here.messages.modseqs) == list(there.messages.modseqs)


def test_a_viewers_flags_outlive_the_index(account: Account, inbox: Mailbox) -> None:
    """They stand beside the mail, by UIDs, which do too."""
    add(inbox, b"one\n", b"two\n", b"three\n")
    as_bob(account).store([1, 3], Action.ADD, SEEN)
    account.close()
    for path in (account.root / "mailaccess").iterdir():
        path.unlink()

    bob = account.viewed("INBOX", BOB)

    assert flags_of(bob) == {1: SEEN, 2: NONE, 3: SEEN}


def test_flags_that_are_ahead_of_the_index_are_not_lost(account: Account, inbox: Mailbox) -> None:
    """After a power failure its last commits may be missing."""
    add(inbox)
    as_bob(account)
    path = file_of(account.root, "bob")
    path.parent.mkdir(exist_ok=True)
    ahead = inbox.highestmodseq + 5
    path.write_text(f"1 {inbox.uidvalidity}\n{ahead} \\Seen :1\n")

    fresh = ViewedMailbox(inbox._box, inbox._facts, BOB)

    assert flags_of(fresh) == {1: SEEN}
    assert fresh.highestmodseq >= ahead


def test_what_arrives_is_unseen_and_what_goes_is_gone(account: Account, inbox: Mailbox) -> None:
    """A viewer's generation follows the owner's."""
    add(inbox, b"one\n", b"two\n")
    bob = as_bob(account)
    bob.store([1, 2], Action.ADD, SEEN)

    inbox.store([1], Action.ADD, DELETED)
    inbox.expunge([1])
    arrive(account.root)
    bob.sync()

    assert flags_of(bob) == {2: SEEN, 3: NONE}


@pytest.mark.parametrize(
    ("letters", "stored"),
    [
        ("lrs", SEEN),
        ("lrw", FLAGGED | WORK),
        ("lrt", DELETED),
        ("lrswt", SEEN | FLAGGED | WORK | DELETED),
    ],
)
def test_only_flags_that_the_viewer_may_change_are_stored(
    account: Account, inbox: Mailbox, letters: str, stored: frozenset[str]
) -> None:
    """RFC 4314 section 4: STORE does not fail while there is one."""
    add(inbox)
    bob = as_bob(account, letters)

    bob.store([1], Action.ADD, SEEN | FLAGGED | WORK | DELETED)

    assert flags_of(bob) == {1: stored}


def test_replacing_flags_leaves_what_the_viewer_may_not_change(account: Account, inbox: Mailbox) -> None:
    """Neither what he may not set is set, nor what he may not clear is cleared."""
    add(inbox, flags=DELETED | SEEN | WORK)
    bob = as_bob(account, "lrw")

    bob.store([1], Action.REPLACE, FLAGGED | DELETED)

    assert flags_of(bob) == {1: DELETED | FLAGGED}
    inbox.sync()
    assert flags_of(inbox) == {1: DELETED | FLAGGED | SEEN | WORK}


def test_what_a_viewer_may_not_do_is_refused(account: Account, inbox: Mailbox) -> None:
    """By right: i, e, t, s, w."""
    add(inbox)
    bob = as_bob(account, "lr")
    own = account

    for attempt in (
        lambda: bob.store([1], Action.ADD, SEEN),
        lambda: bob.store([1], Action.REPLACE, NONE),
        lambda: add(bob),
        lambda: bob.expunge(None),
        lambda: bob.remove([1]),
        lambda: bob.move([1], inbox),
        lambda: inbox.copy([1], bob),
        bob.incoming,
    ):
        with pytest.raises(NotPermitted):
            attempt()
    assert flags_of(own.mailbox("INBOX")) == {1: NONE}


def test_rights_that_change_are_heeded_at_once(account: Account, inbox: Mailbox) -> None:
    """Without a look in between."""
    add(inbox)
    bob = as_bob(account, "lrs")
    assert not bob.rights_differ()

    grant(account, "bob", "lr")

    assert bob.poll()
    with pytest.raises(NotPermitted):
        bob.store([1], Action.ADD, SEEN)
    assert bob.rights == frozenset("lr")
    assert not bob.rights_differ()


def test_appended_flags_are_those_that_the_viewer_may_set(account: Account, inbox: Mailbox) -> None:
    """RFC 4314 section 4: the others are left out, and his own are his own."""
    bob = as_bob(account, "lris")

    assert add(bob, flags=SEEN | FLAGGED | WORK | DELETED) == [1]

    inbox.sync()
    assert flags_of(bob) == {1: SEEN}
    assert flags_of(inbox) == {1: NONE}


def test_delivery_needs_its_own_right(account: Account, inbox: Mailbox) -> None:
    """ "p", which IMAP does not know of."""
    bob = as_bob(account, "p")
    incoming = bob.incoming()
    incoming.write(b"x\n")

    with pytest.raises(NotPermitted):
        bob.append([(incoming, NONE, None)])
    bob.append([(incoming, NONE, None)], delivery=True)

    assert files(account.root)[0].startswith("new/")


@pytest.mark.parametrize("moving", [False, True])
def test_messages_go_between_a_viewed_mailbox_and_the_viewers_own(
    account: Account, inbox: Mailbox, moving: bool, tmp_path: Path
) -> None:
    """With the flags that the viewer sees."""
    accounts = Accounts(settings(tmp_path))
    own = accounts.open("bob", None).mailbox("INBOX")
    add(inbox, b"one\n", flags=SEEN | FLAGGED)
    bob = as_bob(account)
    bob.store([1], Action.ADD, WORK)
    give = ViewedMailbox.move if moving else ViewedMailbox.copy

    assert give(bob, [1], own) == [(1, 1)]
    assert flags_of(own) == {1: FLAGGED | WORK}
    assert len(bob.messages) == (0 if moving else 1)

    own.store([1], Action.ADD, SEEN)
    back = own.move([1], bob) if moving else own.copy([1], bob)
    inbox.sync()
    assert back == [(1, 2)]
    assert flags_of(bob)[2] == FLAGGED | WORK | SEEN
    assert flags_of(inbox)[2] == FLAGGED
    assert texts(inbox)[2] == b"one\r\n"
    accounts.close()


def test_recent_is_so_for_each_viewer(account: Account, inbox: Mailbox) -> None:
    """Whoever claims it takes it from nobody else."""
    arrive(account.root)
    inbox.sync()
    bob = as_bob(account)

    assert not bob.is_claimed
    assert bob.claim_recent() == 1
    assert bob.recent_floor == 2
    assert bob.is_claimed
    assert bob.claim_recent() == 2
    assert inbox.recent_floor == 1
    assert files(account.root)[0].startswith("new/")
    assert account.viewed("INBOX", CAROL).recent_floor == 1


def test_flags_can_be_everybodys(account: Account, inbox: Mailbox) -> None:
    """If the operator wants it so."""
    add(inbox, flags=SEEN)
    grant(account, "bob", "lrsw")
    bob = account.viewed("INBOX", Viewer("bob", owner=False, personal=False))
    assert flags_of(bob) == {1: SEEN}

    bob.store([1], Action.REPLACE, WORK)

    inbox.sync()
    assert flags_of(inbox) == {1: WORK}
    assert bob.shares_flags


def test_dovecots_mark_makes_seen_everybodys_own(account: Account, inbox: Mailbox) -> None:
    """Its `dovecot-shared` concerns that flag alone, and the owner too."""
    add(inbox, flags=WORK | SEEN)
    (account.root / "dovecot-shared").touch()
    grant(account, "bob", "lrs")
    bob = account.viewed("INBOX", Viewer("bob", owner=False, personal=False))

    assert flags_of(bob) == {1: WORK}
    bob.store([1], Action.ADD, SEEN)

    assert flags_of(bob) == {1: WORK | SEEN}
    assert not bob.shares_flags


def test_an_owner_may_have_less_than_all_rights(account: Account, inbox: Mailbox) -> None:
    """His flags are in the files all the same."""
    add(inbox)
    grant(account, "fred", "lrsa")
    fred = account.viewed("INBOX", Viewer("fred", owner=True, personal=True))

    fred.store([1], Action.ADD, SEEN | WORK)

    assert flags_of(fred) == {1: SEEN}
    assert files(account.root)[0].endswith(":2,S")


def test_a_viewer_knows_a_mailbox_by_his_own_name_for_it(account: Account) -> None:
    """It is what he would select it by."""
    assert as_bob(account).name == "Users/fred/INBOX"


def test_replacing_needs_rights_on_both_sides(account: Account, inbox: Mailbox) -> None:
    """RFC 8508: "i" there, "t" and "e" here."""
    add(inbox)
    bob = as_bob(account, "lrite")
    incoming = bob.incoming()
    incoming.write(b"new\n")

    assert bob.replace(1, (incoming, SEEN, None), bob) == 2
    assert texts(bob) == {2: b"new\r\n"}
    grant(account, "bob", "lri")
    again = bob.incoming()
    with pytest.raises(NotPermitted):
        bob.replace(2, (again, SEEN, None), bob)
    again.discard()


def test_what_is_put_in_place_of_a_message_needs_the_right(account: Account, inbox: Mailbox) -> None:
    """Also where what is replaced is in a mailbox of the viewer's own: and the flags are his."""
    account.create("Drafts")
    drafts = account.mailbox("Drafts")
    add(drafts, b"draft\n")
    bob = as_bob(account, "lrsw")
    incoming = inbox.incoming()
    incoming.write(b"new\n")
    with pytest.raises(NotPermitted):
        drafts.replace(1, (incoming, SEEN | FLAGGED, None), bob)
    assert texts(drafts) == {1: b"draft\r\n"}

    grant(account, "bob", "lrswi")
    assert drafts.replace(1, (incoming, SEEN | FLAGGED, None), bob) == 1
    assert (texts(drafts), texts(bob)) == ({}, {1: b"new\r\n"})
    assert flags_of(bob) == {1: SEEN | FLAGGED}
    inbox.sync()
    assert flags_of(inbox) == {1: FLAGGED}
