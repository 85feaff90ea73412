"""What differs between two pictures of an account."""

from pathlib import Path

import pytest

from mailaccess.imap.changes import NameChanges, affected, is_news, is_own, name_changes
from mailaccess.imap.events import MESSAGES, Event
from mailaccess.storage.index.sums import Sums
from mailaccess.storage.picture import Picture

ONE = Sums(guid="1", uidvalidity=7, uidnext=10, messages=5, unseen=2, highestmodseq=100)
BOTH = Event.NEW | Event.EXPUNGE


def _picture(**guids: str) -> Picture:
    names = {name.replace("_", "/"): guid for name, guid in guids.items()}
    return Picture({name: Path(name) for name in names}, {n: ONE._replace(guid=g) for n, g in names.items() if g})


def _changes(before: Picture, after: Picture) -> NameChanges:
    return name_changes(before, after, before.tree, after.tree)


def test_a_mailbox_is_known_by_its_guid() -> None:
    """What has another name was renamed; what nobody has looked into came and went."""
    changes = _changes(_picture(a="1", b="2", c="", d="4"), _picture(a="1", x="2", y="", z="5"))

    assert changes == NameChanges(frozenset("yz"), frozenset("cd"), {"x": "b"})


def test_two_that_change_places_have_not_come_or_gone() -> None:
    """Both names are there as before."""
    assert _changes(_picture(a="1", b="2"), _picture(a="2", b="1")) == NameChanges(frozenset(), frozenset())


def test_children_are_not_told_of_unless_they_went_elsewhere() -> None:
    """RFC 5465 5.4"""
    before = _picture(a="1", a_b="2", a_b_c="3", a_d="4", e_f="5")
    changes = _changes(before, _picture(x="1", x_b="2", x_b_c="3", y="4", z_f="5"))

    assert changes.told_renames() == {"x": "a", "y": "a/d", "z/f": "e/f"}
    assert not changes.come | changes.gone


def test_parents_are_affected() -> None:
    """The direct one, whether it exists or not."""
    assert affected(["a/b/c", "d"]) == {"a/b/c", "a/b", "d"}


@pytest.mark.parametrize(
    ("now", "events", "condstore", "expected"),
    [
        (ONE._replace(uidnext=11, messages=6), BOTH, False, True),
        (ONE._replace(messages=4), BOTH, False, True),
        (ONE._replace(uidnext=11), BOTH, False, True),  # one came, one went
        (ONE._replace(uidvalidity=8), BOTH, False, True),
        (ONE._replace(unseen=1, highestmodseq=101), BOTH, True, False),
        (ONE._replace(unseen=1, highestmodseq=101), MESSAGES, False, True),
        (ONE._replace(highestmodseq=101), MESSAGES, False, False),
        (ONE._replace(highestmodseq=101), MESSAGES, True, True),
        (ONE._replace(guid="2"), MESSAGES, True, False),
    ],
)
def test_what_is_news(now: Sums, events: Event, condstore: bool, expected: bool) -> None:
    """Section 5.1 to 5.3"""
    assert is_news(ONE, now, events, condstore=condstore) is expected


def test_a_new_mailbox_is_news_if_there_is_anything_in_it() -> None:
    """Or was."""
    empty = ONE._replace(messages=0, uidnext=1, unseen=0)
    assert not is_news(None, empty, BOTH, condstore=True)
    assert is_news(None, empty._replace(uidnext=2), BOTH, condstore=True)


@pytest.mark.parametrize(
    ("now", "uids", "expected"),
    [
        (ONE._replace(uidnext=12, messages=7), {10, 11}, True),
        (ONE._replace(uidnext=12, messages=7), {10}, False),  # somebody else added one
        (ONE._replace(uidnext=12, messages=7), {11}, False),
        (ONE._replace(uidnext=12, messages=6), {10, 11}, False),  # somebody else removed one
        (ONE._replace(uidvalidity=8, uidnext=12, messages=7), {10, 11}, False),
    ],
)
def test_what_is_ones_own(now: Sums, uids: set[int], expected: bool) -> None:
    """Only if nothing else has happened."""
    assert is_own(ONE, now, uids) is expected
