"""How what is committed gets into memory."""

import pytest

from mailaccess.mail.flags import FLAGGED, SEEN
from mailaccess.storage import pieces
from mailaccess.storage.index.reading import Loaded, News
from mailaccess.storage.index.rows import MailboxRow, keywords_column
from mailaccess.storage.keywords import Keywords
from mailaccess.storage.memory import Memory
from mailaccess.storage.messages import UNSIZED


def message(uid: int, info: str = ":2,", *, extra: str | None = None, modseq: int = 1, size: int | None = 9) -> Loaded:
    """A message as it is read."""
    return (uid, info, extra, modseq, size, 5, 6)


def news(*messages: Loaded, gone: list[tuple[int, int]] | None = None, highest: int = 1, names: str = "") -> News:
    """What is read of a mailbox."""
    row = MailboxRow(1, "", "0" * 32, 1, highestmodseq=highest)
    row.keywords = keywords_column(Keywords(dict(enumerate(names.split()))))
    return News("instance", row, list(messages), gone or [])


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
def test_everything(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """All columns, in whatever pieces rows are turned into them."""
    monkeypatch.setattr(pieces, "PIECE", piece)
    rows = [(3, ":2,S", None, 2, 9, 5, 6), (7, "", None, 3, None, 7, 8), (8, ":2,F", "$Own", 4, 11, 9, 10)]
    messages = Memory(news(*rows, highest=4)).messages

    assert list(messages.uids) == [3, 7, 8]
    assert messages.flags == [{SEEN}, frozenset(), {FLAGGED, "$Own"}]
    assert list(messages.modseqs) == [2, 3, 4]
    assert list(messages.sizes) == [9, UNSIZED, 11]
    assert (list(messages.dates), list(messages.saved), messages.highest) == ([5, 7, 9], [6, 8, 10], 4)


def test_new_and_changed_messages() -> None:
    """Go into the same generation."""
    memory = Memory(news(message(3)))
    before = memory.messages

    assert memory.take(news(message(3, ":2,F", modseq=5), message(4, modseq=6), highest=6))
    assert memory.messages is before
    assert list(before.uids) == [3, 4]
    assert before.flags == [{FLAGGED}, frozenset()]
    assert before.changed_since(1) == [3, 4]
    assert before.changed_since(5) == [4]


def test_expunged_messages() -> None:
    """Make a new generation."""
    memory = Memory(news(message(3), message(4), message(5)))
    before = memory.messages

    assert memory.take(news(gone=[(1, 3), (5, 9)], highest=7))
    assert list(memory.messages.uids) == [4]
    assert list(before.uids) == [3, 4, 5]
    assert (before.highest, memory.messages.highest) == (1, 7)


def test_expunges_of_what_was_never_known() -> None:
    """A message that came and went between two looks makes no new generation."""
    memory = Memory(news(message(3)))
    before = memory.messages
    memory.take(news(gone=[(4, 4)], highest=7))

    assert memory.messages is before
    assert before.highest == 7


def test_a_hole_that_is_filled() -> None:
    """Does not fit: everything has to be read."""
    memory = Memory(news(message(3), message(5)))

    assert not memory.take(news(message(4, modseq=6), highest=6))


def test_a_size_that_became_known() -> None:
    """Here, or in another process."""
    memory = Memory(news(message(3, size=None), message(4, size=None)))
    assert memory.unsized == 2
    memory.set_sizes({3: 100, 99: 100})
    memory.take(news(message(4, size=200, modseq=5), highest=5))

    assert list(memory.messages.sizes) == [100, 200]


def test_one_object_for_equal_flags() -> None:
    """100,000 messages have few different ones."""
    memory = Memory(news(message(1, ":2,Sa"), message(2, ":2,Sa"), names="$Work"))

    assert memory.messages.flags[0] is memory.messages.flags[1]


def test_keywords() -> None:
    """Those with a letter, then those without, each spelled as first seen."""
    memory = Memory(news(message(1, ":2,b", extra="$Late Later"), names="$Work $Play"))

    assert memory.messages.flags == [{"$Play", "$Late", "Later"}]
    assert memory.keywords() == ("$Work", "$Play", "$Late", "Later")
    assert memory.spelled(frozenset(["$WORK", "later", "$New", "\\SEEN"])) == {"$Work", "Later", "$New", SEEN}


def test_new_names_of_letters() -> None:
    """Are known with the row they came with."""
    memory = Memory(news(message(1, ":2,a"), names="$Old"))
    memory.take(news(message(1, ":2,a", modseq=5), names="$New", highest=5))

    assert memory.messages.flags == [{"$New"}]
    assert memory.keywords() == ("$New",)
