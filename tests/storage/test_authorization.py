"""What lists let one user do."""

import pytest

from mailaccess.storage.access import Access
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.acl import Acl
from mailaccess.storage.authorization import Authorization
from mailaccess.storage.errors import InvalidName, NoSuchMailbox, NotPermitted, NotSelectable
from mailaccess.storage.namespaces import Namespaces, Sharing
from mailaccess.storage.rights import ALL, NONE
from tests.storage.people import share


@pytest.fixture
def names(people: Accounts, sharing: Sharing, bob: Access) -> Namespaces:
    """Those bob gives to mailboxes."""
    return Namespaces("bob", bob.own, sharing, lambda user, home: people.access(user, home).own)


@pytest.fixture
def authorization(bob: Access, names: Namespaces) -> Authorization:
    """bob's."""
    return Authorization("bob", bob.own, names)


def test_without_a_list_everything_is_the_owners(ann: Access, names: Namespaces, authorization: Authorization) -> None:
    """For others it is as if the mailbox were not there."""
    assert authorization.rights(names.place("INBOX")) == ALL
    assert authorization.granted(Acl(), names.place("Users/ann/INBOX")) == NONE
    with pytest.raises(NoSuchMailbox, match="Users/ann/INBOX"):
        authorization.require(names.place("Users/ann/INBOX"), "r")


def test_a_list_says_what_is_granted(ann: Access, names: Namespaces, authorization: Authorization) -> None:
    """Who may look the mailbox up is told that he may not do the rest."""
    for name, letters in (("Seen", "lr"), ("Box", "i")):
        ann.create(name)
        share(ann, name, letters)
    seen, box = names.place("Users/ann/Seen"), names.place("Users/ann/Box")

    assert authorization.listed(seen) == {"Seen": frozenset("lr"), "Box": frozenset("i")}
    assert authorization.visible(seen) == ["Seen"]
    assert authorization.require(seen, "lr") == authorization.rights(seen) == frozenset("lr")
    with pytest.raises(NotPermitted):
        authorization.require(seen, "ri")
    assert authorization.require(box, "i") == frozenset("i")
    with pytest.raises(NoSuchMailbox):
        authorization.require(box, "r")


def test_a_parent_is_seen_by_who_sees_what_is_below(
    ann: Access, names: Namespaces, authorization: Authorization
) -> None:
    ann.create("Work/Late")
    place = names.place("Users/ann/Work")
    with pytest.raises(NoSuchMailbox):
        authorization.rights(place)

    share(ann, "Work/Late", "l")
    with pytest.raises(NotSelectable):
        authorization.rights(place)


def test_a_mailbox_is_made_by_the_nearest_parents_list(ann: Access, authorization: Authorization) -> None:
    """Whoever may not is not told who is there."""
    ann.create("Work")
    share(ann, "Work", "k")

    assert authorization.new_place("Mine/a/b").name == "Mine/a/b"
    assert authorization.new_place("Users/ann/Work/a/b").name == "Work/a/b"
    for name in ("Users/ann/Other", "Users/nobody/Work"):
        with pytest.raises(NotPermitted, match=r"^you have no right to create a mailbox there$"):
            authorization.new_place(name)
    with pytest.raises(InvalidName):
        authorization.new_place("Users")
