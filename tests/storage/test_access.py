"""What one user comes at: his own mail and others'."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailaccess.storage.access import Access
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.acl import Who
from mailaccess.storage.errors import (
    InvalidName,
    NoSuchMailbox,
    NotPermitted,
    NotSelectable,
    Unavailable,
)
from mailaccess.storage.mailbox import Action
from mailaccess.storage.namespaces import Sharing
from mailaccess.storage.rights import ALL
from mailaccess.storage.sharers import Sharers
from tests.storage.people import ANN, BOB, Known, share
from tests.storage.post import add, arrive, settings


def names(access: Access) -> list[str]:
    return [entry.name for entry in access.mailboxes()]


def test_what_is_shared_is_seen_below_the_owners_name(ann: Access, bob: Access) -> None:
    """With the parents that hold it, which are no mailboxes here."""
    ann.create("Work/Open")
    ann.create("Secret")
    assert names(bob) == ["INBOX"]

    share(ann, "Work/Open", "lr")

    found = {entry.name: entry.selectable for entry in bob.mailboxes()}
    assert found == {
        "INBOX": True,
        "Users": False,
        "Users/ann": False,
        "Users/ann/Work": False,
        "Users/ann/Work/Open": True,
    }
    assert names(ann) == ["INBOX", "Secret", "Work", "Work/Open"]
    assert [entry.name for entry in bob.mailboxes(foreign=False)] == ["INBOX"]


def test_what_is_withdrawn_is_not_seen_any_more(ann: Access, bob: Access) -> None:
    """Nor opened."""
    ann.create("Work")
    share(ann, "Work", "lr")
    assert bob.mailbox("Users/ann/Work").rights == frozenset("lr")

    ann.change_acl("Work", BOB, None)

    assert names(bob) == ["INBOX"]
    with pytest.raises(NoSuchMailbox):
        bob.mailbox("Users/ann/Work")


def test_special_uses_are_their_owners(ann: Access, bob: Access) -> None:
    """A client would file the viewer's drafts there."""
    ann.create("Drafts", frozenset(["\\Drafts"]))
    share(ann, "Drafts", "lri")

    assert all(not entry.special_use for entry in bob.mailboxes() if entry.name.startswith("Users"))


DEEDS: dict[str, Callable[[Access, str], object]] = {
    "select": lambda access, name: access.mailbox(name),
    "status": lambda access, name: access.status(name),
    "create below": lambda access, name: access.create(name + "/sub"),
    "delete": lambda access, name: access.delete(name),
    "rename": lambda access, name: access.rename(name, name + "2"),
    "rights": lambda access, name: access.rights(name),
    "getacl": lambda access, name: access.acl(name),
    "setacl": lambda access, name: access.change_acl(name, BOB, "lr"),
    "deleteacl": lambda access, name: access.change_acl(name, BOB, None),
    "append": lambda access, name: access.target(name),
    "deliver": lambda access, name: access.delivery(name),
    "annotations": lambda access, name: access.annotations(name),
}


UNSEEN = ["Users/ann/Secret", "Users/ann/Nothing", "Users/nobody/INBOX", "Shared/News"]


@pytest.mark.parametrize("deed", sorted(set(DEEDS) - {"create below"}))
@pytest.mark.parametrize("name", UNSEEN)
def test_what_may_not_be_looked_up_does_not_exist(ann: Access, bob: Access, deed: str, name: str) -> None:
    """And an answer does not tell the one from the other."""
    ann.create("Secret")

    with pytest.raises(NoSuchMailbox) as refused:
        DEEDS[deed](bob, name)

    assert name in str(refused.value)


@pytest.mark.parametrize("name", UNSEEN)
def test_who_may_not_make_a_mailbox_is_told_no_more_than_that(ann: Access, bob: Access, name: str) -> None:
    """A name that is to be made exists nowhere; whether its parent does is not said."""
    ann.create("Secret")

    with pytest.raises(NotPermitted, match=r"^you have no right to create a mailbox there$"):
        bob.create(name + "/sub")
    with pytest.raises(NotPermitted, match=r"^you have no right to create a mailbox there$"):
        bob.rename("INBOX", name + "/sub")


@pytest.mark.parametrize("root", ["Users", "Shared"])
def test_where_the_mailboxes_of_others_begin_there_is_none_to_make(bob: Access, root: str) -> None:
    """It would be one's own, and stand before theirs."""
    with pytest.raises(InvalidName):
        bob.create(root)
    with pytest.raises(InvalidName):
        bob.rename("INBOX", root)


@pytest.mark.parametrize("deed", sorted(set(DEEDS) - {"rights", "append"}))
def test_what_may_be_looked_up_and_no_more_is_refused(ann: Access, bob: Access, deed: str) -> None:
    """Each operation needs its right (RFC 4314 section 4)."""
    ann.create("Work")
    share(ann, "Work", "l")

    with pytest.raises(NotPermitted):
        DEEDS[deed](bob, "Users/ann/Work")


@pytest.mark.parametrize(
    ("deed", "letters"),
    [
        ("select", "r"),
        ("status", "r"),
        ("create below", "k"),
        ("delete", "x"),
        ("rights", "i"),
        ("getacl", "a"),
        ("deleteacl", "a"),
        ("append", "i"),
        ("deliver", "p"),
        ("annotations", "lr"),
    ],
)
def test_the_right_suffices(ann: Access, bob: Access, deed: str, letters: str) -> None:
    """That one alone, also without "l"."""
    ann.create("Work")
    share(ann, "Work", letters)

    DEEDS[deed](bob, "Users/ann/Work")


def test_a_mailbox_is_renamed_by_the_rights_to_delete_and_to_create(ann: Access, bob: Access) -> None:
    """ "x" on it and "k" on its new parent; its list goes with it."""
    ann.create("Work/Old")
    ann.create("Archive")
    share(ann, "Work/Old", "lrx")
    with pytest.raises(NotPermitted):
        bob.rename("Users/ann/Work/Old", "Users/ann/Archive/Old")
    share(ann, "Archive", "lk")

    bob.rename("Users/ann/Work/Old", "Users/ann/Archive/Old")

    assert bob.rights("Users/ann/Archive/Old") == frozenset("lrx")
    with pytest.raises(InvalidName):
        bob.rename("Users/ann/Archive/Old", "Mine")


def test_a_new_mailbox_inherits_its_parents_list(ann: Access, bob: Access) -> None:
    """ "it SHOULD inherit the ACL from the parent mailbox" """
    ann.create("Work")
    share(ann, "Work", "lrk")

    bob.create("Users/ann/Work/a/b")

    assert bob.rights("Users/ann/Work/a/b") == frozenset("lrk")
    assert ann.rights("Work/a/b") == ALL
    assert "Users/ann/Work/a/b" in names(bob)


def test_status_counts_for_the_viewer(ann: Access, bob: Access) -> None:
    """What is unseen, and \\Recent, is so for him."""
    inbox = ann.mailbox("INBOX")
    add(inbox, b"one\n", b"two\n", flags=frozenset(["\\Seen"]))
    arrive(ann.root)
    share(ann, "INBOX", "lrs")
    bobs = bob.mailbox("Users/ann/INBOX")
    bobs.store([1], Action.ADD, frozenset(["\\Seen"]))

    assert (ann.status("INBOX").unseen, ann.status("INBOX").recent) == (1, 3)
    status = bob.status("Users/ann/INBOX")
    assert (status.messages, status.unseen, status.recent) == (3, 2, 3)
    bob.mailbox("Users/ann/INBOX").claim_recent()
    assert bob.status("Users/ann/INBOX").recent == 0
    assert ann.status("INBOX").recent == 3


def test_subscriptions_are_each_users_own(ann: Access, bob: Access) -> None:
    """Names of others' mailboxes are among them, INBOX in its one spelling."""
    share(ann, "INBOX", "lr")

    bob.subscribe("Users/ann/inbox")

    assert bob.subscriptions() == ["INBOX", "Users/ann/INBOX"]
    assert ann.subscriptions() == ["INBOX"]
    bob.unsubscribe("Users/ann/INBOX")
    assert bob.subscriptions() == ["INBOX"]


def test_public_mailboxes_have_no_owner(people: Accounts, bob: Access) -> None:
    """Their lists alone say who may what."""
    public = people.access("public", None)
    public.create("News")
    public.create("Internal")
    public.change_acl("News", Who("anyone"), "lr")

    assert [name for name in names(bob) if name != "INBOX"] == ["Shared", "Shared/News"]
    assert bob.rights("Shared/News") == frozenset("lr")
    with pytest.raises(NoSuchMailbox):
        bob.mailbox("Shared/Internal")
    assert "Shared/News" not in names(public)


def test_the_parent_of_what_is_shared_is_no_mailbox(ann: Access, bob: Access) -> None:
    """One of what is not shared is nothing at all."""
    ann.create("a/b")
    with pytest.raises(NoSuchMailbox):
        bob.mailbox("Users/ann/a")

    share(ann, "a/b", "lr")

    with pytest.raises(NotSelectable):
        bob.mailbox("Users/ann/a")


def test_ones_own_mailbox_of_such_a_name_goes_first(ann: Access, bob: Access) -> None:
    """It may have been there before anything could be shared."""
    share(ann, "INBOX", "lr")
    bob.own.create("Users/ann/INBOX")

    assert not bob.mailbox("Users/ann/INBOX").is_viewed
    assert names(bob).count("Users/ann/INBOX") == 1


def test_an_owner_is_what_his_mail_says_he_is(ann: Access) -> None:
    """All rights, and no detour, while there is no list; less if one says so, but never so that he cannot mend it."""
    assert not ann.mailbox("INBOX").is_viewed
    ann.change_acl("INBOX", ANN, "lrs")

    assert ann.rights("INBOX") == frozenset("lrsa")
    assert ann.mailbox("INBOX").is_viewed
    with pytest.raises(NotPermitted):
        ann.create("INBOX/x")
    ann.change_acl("INBOX", ANN, None)
    assert ann.rights("INBOX") == ALL
    share(ann, "INBOX", "lr")
    assert not ann.mailbox("INBOX").is_viewed


def test_names_are_found_however_they_are_written(ann: Access, bob: Access) -> None:
    """As far as the backend does not mind."""
    share(ann, "INBOX", "lr")

    assert bob.mailbox("Users/ANN/INBOX").name == "Users/ann/INBOX"
    assert bob.known_name("ANN") == "ann"
    assert bob.known_name("stranger") == "stranger"


def test_lists_that_another_program_made_are_found_when_they_are_entered(ann: Access, bob: Access) -> None:
    """A take-over from Dovecot, for one."""
    (ann.root / "dovecot-acl").write_text("user=bob lr\n")
    assert names(bob) == ["INBOX"]

    ann.tell_sharers()

    assert "Users/ann/INBOX" in names(bob)


def test_users_that_cannot_be_looked_up_are_not_missing(tmp_path: Path) -> None:
    """The backend may be away for a moment."""

    def away(user: str) -> Known | None:
        raise OSError("no route")

    accounts = Accounts(settings(tmp_path, sharing=Sharing(away, Sharers(tmp_path / "shared-mailboxes"))))
    ann = accounts.access("ann", None)

    with pytest.raises(Unavailable):
        ann.mailbox("Users/bob/INBOX")
    ann._sharing.sharers.set("bob", {ANN})  # type: ignore[union-attr]
    assert names(ann) == ["INBOX"]
    accounts.close()


def test_what_cannot_be_read_of_others_does_not_hide_ones_own(ann: Access, bob: Access, tmp_path: Path) -> None:
    """Their mail, or the dictionary of who shares what."""
    share(ann, "INBOX", "lr")
    (ann.root / "dovecot-acl").unlink()
    (ann.root / "dovecot-acl").mkdir()
    assert names(bob) == ["INBOX"]

    (tmp_path / "shared-mailboxes").unlink()
    (tmp_path / "shared-mailboxes").mkdir()
    assert names(bob) == ["INBOX"]


def test_who_cannot_share_has_his_own_mail_alone(tmp_path: Path) -> None:
    """Names that would be others' are his."""
    accounts = Accounts(settings(tmp_path))
    ann = accounts.access("ann", None)

    ann.create("Users/bob")

    assert (ann.others, ann.public) == (None, None)
    assert names(ann) == ["INBOX", "Users", "Users/bob"]
    accounts.close()


def test_a_mailbox_can_be_identified_by_who_has_any_right(ann: Access, bob: Access) -> None:
    """Whoever made it, for one; nobody else."""
    share(ann, "INBOX", "k")
    bob.create("Users/ann/INBOX/made")

    assert bob.guid("Users/ann/INBOX/made") == ann.guid("INBOX/made")
    with pytest.raises(NoSuchMailbox):
        bob.guid("Users/ann/other")
