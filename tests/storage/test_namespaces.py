"""Where names lead."""

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.acl import Who
from mailaccess.storage.errors import InvalidName, NoSuchMailbox
from mailaccess.storage.namespaces import Namespaces, Sharing


@pytest.fixture
def bob(people: Accounts, sharing: Sharing) -> Namespaces:
    """bob's. Nobody called carol can be reached."""

    def opened(user: str, home: str | None) -> Account:
        if user == "carol":
            raise OSError("her disk is gone")
        return people.access(user, home).own

    return Namespaces("bob", opened("bob", None), sharing, opened)


def test_a_name_leads_into_an_account(bob: Namespaces) -> None:
    """One's own, another user's, everybody's; a user's name is as it is stored."""
    own, others, public = map(bob.place, ("Work", "Users/ANN/Work", "Shared/News"))

    assert (own.name, own.owner, own.full(own.name)) == ("Work", "bob", "Work")
    assert (others.name, others.owner, others.full(others.name)) == ("Work", "ann", "Users/ann/Work")
    assert (public.name, public.owner, public.full(public.name)) == ("News", None, "Shared/News")
    assert len({own.account.root, others.account.root, public.account.root}) == 3
    assert others.asked == "Users/ANN/Work"


@pytest.mark.parametrize("name", ["Users/nobody/Work", "Users/ann"])
def test_a_name_that_leads_nowhere(bob: Namespaces, name: str) -> None:
    """There is no such user, or no mailbox is named."""
    with pytest.raises(NoSuchMailbox, match=name):
        bob.place(name)


def test_a_name_below_a_prefix_is_to_be_one(bob: Namespaces) -> None:
    """Whoever's it may be."""
    with pytest.raises(InvalidName):
        bob.place("Users/nobody//Work")


def test_ones_own_name_leads_home(bob: Namespaces) -> None:
    """However it is spelled."""
    assert bob.place("Users/bob/Work").account is bob.own.account


def test_ones_own_mailbox_goes_before_a_prefix(bob: Namespaces) -> None:
    """It was there first."""
    bob.own.account.create("Users/ann/Work")

    assert bob.place("Users/ann/Work").owner == "bob"
    assert bob.prefix("Users/ann/Play") == "Users/"


def test_the_spelling_of_a_name(bob: Namespaces) -> None:
    """INBOX in any case is one mailbox, everywhere."""
    spelled = list(map(bob.spelled, ("Work", "Users/ann/inbox", "Users/ann", "Shared/inbox")))

    assert spelled == ["Work", "Users/ann/INBOX", "Users/ann", "Shared/INBOX"]


def test_those_who_share_something_come_first_and_what_is_everybodys_last(bob: Namespaces, sharing: Sharing) -> None:
    """Who cannot be reached hides nobody else."""
    for owner in ("carol", "ann", "nobody", "bob"):
        sharing.sharers.set(owner, {Who("user", "bob")})

    assert [(place.owner, place.prefix) for place in bob.foreign()] == [("ann", "Users/ann/"), (None, "Shared/")]


@pytest.mark.parametrize(
    ("pattern", "reaches"),
    [
        ("*", True),
        ("%", True),
        ("Users", True),
        ("Users/ann/*", True),
        ("U%", True),
        ("Shared/%", True),
        ("INBOX", False),
        ("Work/*", False),
        ("Users2", False),
        ("", True),
    ],
)
def test_patterns_that_match_no_name_of_others_cost_nothing_for_them(
    bob: Namespaces, pattern: str, reaches: bool
) -> None:
    """A client that asks for its own mailboxes one by one does not look through others' accounts."""
    assert bob.reaches_others(pattern) == reaches


def test_who_shares_nothing_has_no_namespaces(bob: Namespaces) -> None:
    """All names are his own."""
    alone = Namespaces("bob", bob.own.account, None, lambda _user, _home: bob.own.account)

    assert (alone.others, alone.public, list(alone.foreign()), alone.lookup("ann")) == (None, None, [], None)
    assert alone.place("Users/ann/Work").owner == "bob"
