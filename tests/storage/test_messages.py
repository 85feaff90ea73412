"""One mailbox's messages in memory."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mailaccess.mail.flags import SEEN, Flags
from mailaccess.storage.messages import Messages

NONE: Flags = frozenset()
READ: Flags = frozenset({SEEN})


def build(count: int) -> Messages:
    """Messages of UIDs 10, 20, 30, ... with mod-sequences 1, 2, 3, ..."""
    columns = range(1, count + 1)
    return Messages(
        uids=[10 * n for n in columns],
        flags=[NONE] * count,
        modseqs=columns,
        sizes=[100 + n for n in columns],
        dates=[1000 + n for n in columns],
        saved=[2000 + n for n in columns],
        highest=count,
    )


def test_position_finds_a_uid() -> None:
    """The row of a UID that is there."""
    messages = build(4)

    assert [messages.position(uid) for uid in (10, 20, 40)] == [0, 1, 3]


def test_position_of_what_is_not_there() -> None:
    """-1 below, between and above the UIDs, and in an empty mailbox."""
    messages = build(2)

    assert [messages.position(uid) for uid in (1, 15, 99)] == [-1, -1, -1]
    assert Messages().position(1) == -1


def test_append_adds_a_row_to_every_column() -> None:
    """A new message is at the end, and counted as changed once `highest` says so."""
    messages = build(2)
    messages.append(30, READ, 7, 5, 6, 8)
    messages.advance([(7, 30)], 7)

    row = messages.position(30)
    assert (messages.flags[row], messages.modseqs[row], messages.sizes[row]) == (READ, 7, 5)
    assert (messages.dates[row], messages.saved[row]) == (6, 8)
    assert messages.changed_since(2) == [30]


def test_changes_before_loading_are_found_too() -> None:
    """Below what the log holds, the column of mod-sequences answers."""
    messages = build(5)

    assert messages.changed_since(3) == [40, 50]
    assert messages.changed_since(0) == [10, 20, 30, 40, 50]
    assert messages.changed_since(5) == []
    assert [messages.changes_since(modseq) for modseq in (0, 3, 5)] == [5, 5, 0]


def test_without_makes_a_new_generation() -> None:
    """The old generation still has what was expunged; the new one lacks it in every column."""
    old = build(4)
    new = old.without({20, 40, 99})

    assert list(old.uids) == [10, 20, 30, 40]
    assert list(new.uids) == [10, 30]
    assert (list(new.modseqs), list(new.sizes)) == ([1, 3], [101, 103])
    assert (list(new.dates), list(new.saved), len(new.flags)) == ([1001, 1003], [2001, 2003], 2)


def test_without_many_keeps_the_same_rows_as_without_few() -> None:
    """Removing hundreds of rows takes another path to the same columns."""
    old = build(1000)
    gone = {uid for uid in old.uids if uid % 30}
    new = old.without(gone)

    assert list(new.uids) == [uid for uid in old.uids if uid % 30 == 0]
    assert [size - 100 for size in new.sizes] == [uid // 10 for uid in new.uids]


def test_an_expunged_message_is_not_a_changed_one() -> None:
    """`changed_since` names only what is still there."""
    messages = build(3)
    messages.change(1, READ, 4)
    messages.advance([(4, 20)], 4)

    assert messages.changed_since(3) == [20]
    assert messages.without({20}).changed_since(3) == []


@settings(max_examples=30)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 60))
def test_the_log_agrees_with_the_column(rows: list[int], since: int) -> None:
    """However often messages changed, what the log says is what the mod-sequences say."""
    messages = build(5)
    for modseq, row in enumerate(rows, 6):
        messages.change(row, READ, modseq)
        messages.advance([(modseq, messages.uids[row])], modseq)

    expected = [uid for uid, modseq in zip(messages.uids, messages.modseqs, strict=True) if modseq > since]
    assert messages.changed_since(since) == expected
    assert len(expected) <= messages.changes_since(since) <= max(5, len(rows))


def test_the_log_forgets_but_stays_right() -> None:
    """Thousands of changes to few messages do not pile up, and old questions are still answered."""
    messages = build(3)
    for modseq in range(4, 9000):
        messages.change(modseq % 3, READ, modseq)
        messages.advance([(modseq, messages.uids[modseq % 3])], modseq)

    assert messages.changed_since(2) == [10, 20, 30]
    assert messages.changed_since(8998) == [messages.uids[8999 % 3]]


def test_the_first_unseen_is_remembered_until_something_changes() -> None:
    """Each SELECT tells it; to look through a large mailbox takes milliseconds."""
    messages = build(3)
    assert messages.unseen_steps == 3
    assert messages.first_unseen() == 0
    assert messages.unseen_steps == 0

    messages.change(0, READ, 4)
    messages.advance([(4, 10)], 4)
    assert messages.first_unseen() == 1
    for row in (1, 2):
        messages.change(row, READ, 5)
    messages.advance([(5, 20), (5, 30)], 5)
    assert messages.unseen_steps == 3
    assert messages.first_unseen() == 3
    messages.append(40, NONE, 6, 100, 1000, 2000)
    messages.advance([(6, 40)], 6)
    assert messages.first_unseen() == 3
    assert messages.without([10]).first_unseen() == 2
