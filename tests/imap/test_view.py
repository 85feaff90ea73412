"""What a client has been told, against the simplest model there could be: a list of UIDs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailaccess.imap.errors import Bad
from mailaccess.imap.numset import STAR
from mailaccess.imap.view import Ranges, View, missing
from mailaccess.mail.flags import FLAGGED, SEEN
from mailaccess.storage.mailbox import Action
from mailaccess.storage.messages import Messages
from tests.world import MESSAGES, World

uids = st.lists(st.integers(1, 200), unique=True).map(sorted)


@given(uids, uids)
@example([1, 2, 3, 5], [1, 3, 4, 5])
def test_missing(old: list[int], new: list[int]) -> None:
    """Exactly the rows whose UIDs are not there any more, whatever was added, and wherever."""
    assert [old[index] for index in missing(old, new)] == sorted(set(old) - set(new))


def view_of(world: World, count: int) -> View:
    for _ in range(count):
        world.deliver(MESSAGES["plain"], flags="")
    return View(world.accounts.open("fred", None).mailbox("INBOX"), read_only=False)


def picked_by_stretches(view: View, ranges: Ranges) -> list[tuple[int, int, Messages, int]]:
    return [
        (number, messages.uids[row], messages, row)
        for numbers, messages, rows in view.stretches(ranges)
        for number, row in zip(numbers, range(rows.start, rows.stop), strict=True)
    ]


def test_stretches_are_as_long_as_they_can_be(world: World) -> None:
    """Until an expunge that the client has not been told of lies between."""
    view = view_of(world, 9)
    assert [(numbers, rows) for numbers, _, rows in view.stretches([(2, 5), (7, 7)])] == [
        (range(2, 6), slice(1, 5)),
        (range(7, 8), slice(6, 7)),
    ]
    old = view.mailbox.messages
    view.mailbox.remove([4, 8])
    new = view.mailbox.messages
    assert list(view.stretches([(1, 2), (3, 9)])) == [
        (range(1, 4), new, slice(0, 3)),
        (range(4, 5), old, slice(3, 4)),
        (range(5, 8), new, slice(3, 6)),
        (range(8, 9), old, slice(7, 8)),
        (range(9, 10), new, slice(6, 7)),
    ]
    assert picked_by_stretches(view, [(1, 9)]) == list(view.pick([(1, 9)]))


def test_expunges_wait_until_numbers_may_change(world: World) -> None:
    """Numbers stay while new mail is told; then the expunges come, highest number first."""
    view = view_of(world, 5)
    mailbox = view.mailbox
    mailbox.remove([2, 4])
    world.deliver(MESSAGES["lf"])
    mailbox.sync()

    held = view.flush(may_expunge=False)
    assert held is not None
    assert (held.expunged, held.exists) == ([], 6)
    assert [view.number(uid) for uid in (1, 2, 3, 4, 5, 6)] == [1, 2, 3, 4, 5, 6]
    assert view.present([(1, 2), (4, 6)]) == [1, 5, 6]
    assert [uid for _, uid, _, _ in view.pick([(1, 6)])] == [1, 2, 3, 4, 5, 6]
    assert picked_by_stretches(view, [(1, 3), (5, 6)]) == list(view.pick([(1, 3), (5, 6)]))

    told = view.flush(may_expunge=True)
    assert told is not None
    assert (told.expunged, told.exists) == ([(4, 4), (2, 2)], None)
    assert [view.uid(number) for number in range(1, view.count + 1)] == [1, 3, 5, 6]
    assert view.flush(may_expunge=True) is None


def test_highest_is_never_ahead_of_what_was_told(world: World) -> None:
    """While an expunge is owed, HIGHESTMODSEQ stays below it."""
    view = view_of(world, 2)
    before = view.highest
    view.mailbox.remove([1])
    view.flush(may_expunge=False)
    assert view.highest == before
    view.flush(may_expunge=True)
    assert view.highest > before


def test_what_is_owed_after_a_telling(world: World) -> None:
    """What others do while flags are being told is told as well; what the telling showed is not told again."""
    view = view_of(world, 3)
    seen, flagged = frozenset([SEEN]), frozenset([FLAGGED])
    view.mailbox.store([1, 2, 3], Action.ADD, seen)
    upto = view.mailbox.messages.highest
    view.mailbox.store([2], Action.ADD, flagged)
    view.told([1, 2], upto)
    assert view.owed() == 4

    news = view.flush(may_expunge=False)

    assert news is not None
    assert [(uid, messages.flags[row]) for _, uid, messages, row in news.changed] == [(2, seen | flagged), (3, seen)]
    assert view.owed() == 0


def test_expunges_are_owed(world: World) -> None:
    """Until they are told."""
    view = view_of(world, 4)
    view.mailbox.remove([2, 3])
    assert view.owed() == 2
    view.flush(may_expunge=False)
    assert view.owed() == 2
    view.flush(may_expunge=True)
    assert view.owed() == 0


def test_changed(world: World) -> None:
    """Of the ranges asked for, what has changed; in the client's numbers."""
    view = view_of(world, 6)
    before = view.highest
    assert view.changed([(1, 6)], 0) == [(1, 6)]
    view.mailbox.store([2, 3, 5, 6], Action.ADD, frozenset([SEEN]))

    assert view.changed([(1, 2), (4, 5)], before) == [(2, 2), (5, 5)]
    assert view.changed([(1, 6)], before) == [(2, 3), (5, 6)]
    assert view.changed([(1, 6)], view.mailbox.highestmodseq) == []


def test_vanished(world: World) -> None:
    """Not what this client still counts."""
    view = view_of(world, 4)
    before = view.highest
    view.mailbox.remove([2])
    view.flush(may_expunge=True)
    view.mailbox.remove([3])

    assert view.vanished(before, [range(1, 5)]) == [2]
    assert view.vanished(before, [range(3, 5)]) == []


def test_resolve(world: World) -> None:
    """Numbers beyond the last are BAD; UIDs that do not exist are passed over; `*` is always the last."""
    view = view_of(world, 4)
    view.mailbox.remove([2])
    view.flush(may_expunge=True)

    assert view.resolve(((1, STAR),), by_uid=False) == [(1, 3)]
    assert view.resolve(((2, 3),), by_uid=True) == [(2, 2)]
    assert view.resolve(((900, STAR),), by_uid=True) == [(3, 3)]
    assert view.resolve(((900, 950),), by_uid=True) == []
    with pytest.raises(Bad):
        view.resolve(((4, 4),), by_uid=False)


def test_star_in_an_empty_mailbox(world: World) -> None:
    """`1:*` names nothing there, and is no error: every client asks it."""
    view = view_of(world, 0)

    assert view.resolve(((1, STAR),), by_uid=False) == []
    assert view.resolve(((1, STAR),), by_uid=True) == []
    with pytest.raises(Bad):
        view.resolve(((1, 1),), by_uid=False)


def test_recent_uids_are_kept_as_ranges(world: World) -> None:
    """Mail that comes a message at a time makes one range, whether it is claimed each time or only seen."""
    claimed, seen = view_of(world, 3), view_of(world, 0)
    for first in (1, 2, 3):
        for view, start in ((claimed, first), (seen, 1)):
            view.count = first
            view.add_recent(start)
            assert (view.recent, view.recent_numbers()) == (first, [(1, first)])
    claimed.add_recent(3)
    assert claimed.recent == 3


def test_what_is_claimed_counts_when_it_is_told(world: World) -> None:
    """And only that: others may have put theirs before and behind it."""
    view = view_of(world, 1)
    for _ in range(4):
        world.deliver(b"a: b\n\n")
    view.mailbox.sync()
    view.claimed([3, 4])
    assert (view.recent, view.is_recent(3)) == (0, True)

    view.flush(may_expunge=False)
    assert (view.recent, view.recent_numbers()) == (2, [(3, 4)])
    view.add_recent(6)
    assert view.recent == 2
    view.add_recent(5)
    assert view.recent_numbers() == [(3, 5)]
