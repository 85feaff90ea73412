"""Rows as values and as columns."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.lines import LineEnding
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.index.rows import (
    MailboxRow,
    Message,
    file_stamp,
    keywords_column,
    keywords_of,
    mailbox_of,
    mailbox_values,
    message_of,
    message_values,
    packed,
    same_content,
    unpacked,
)
from mailaccess.storage.keywords import Keywords
from mailaccess.storage.maildir import Stamp
from mailaccess.storage.names import Entry

names = st.binary(min_size=1, max_size=30).map(os.fsdecode)


@given(names)
def test_any_file_name_can_be_kept(name: str) -> None:
    """Also one that is no UTF-8."""
    assert unpacked(packed(name)) == name


def test_a_readable_name_is_kept_as_text() -> None:
    """So that equal names are equal columns."""
    assert packed("1700000000.M1P2.host") == "1700000000.M1P2.host"
    assert packed("naïve") == "naïve"
    assert packed("caf\udce9") == b"caf\xe9"


def test_a_mailbox_survives_its_columns() -> None:
    """Every field, those that are not numbers among them."""
    row = MailboxRow(
        id=3,
        directory=".caf\udce9",
        guid="0" * 32,
        uidvalidity=4,
        uidnext=5,
        stamp=Stamp(1, 2, 3, 4, 5, 6),
        new_settled=True,
        uidlist=FileStamp(1, -2, 3),
        header=("P%u", "Xy"),
        keywords=keywords_column(Keywords({0: "$One", 7: "caf\udce9"})),
        keywords_stamp=FileStamp(7, 8, 9),
        changed=10,
        version=11,
    )

    assert mailbox_of((row.id, *mailbox_values(row))) == row


def test_a_mailbox_never_scanned_has_no_stamps() -> None:
    """None is none afterwards."""
    row = MailboxRow(1, None, "0" * 32, 1)

    assert mailbox_of((row.id, *mailbox_values(row))) == row


def test_a_message_survives_its_columns() -> None:
    """Also with an inode beyond what SQLite's integers hold."""
    message = Message(
        uid=7,
        entry=Entry("caf\udce9", ":2,S", "cur"),
        extra=("$Late", "Later"),
        modseq=8,
        size=9,
        ending=LineEnding.MIXED,
        stamp=FileStamp(10, -11, 2**64 - 1),
        saved=12,
        keys=("Pabc", "O3"),
    )

    assert message_of(message_values(1, message)[1:]) == message


def test_what_is_not_known_of_a_message() -> None:
    """Stays unknown."""
    message = Message(7, Entry("1", "", "new"), (), 8, None, None, FileStamp(10, 11, 12), 12, ())

    assert message_of(message_values(1, message)[1:]) == message


def test_keywords_survive_their_column() -> None:
    """By index, so that a letter without a name stays without."""
    column = keywords_column(Keywords({2: "$Two", 25: "Last"}))

    assert keywords_of(column).lines == {2: "$Two", 25: "Last"}
    assert keywords_column(keywords_of(column)) == column


def test_counting_in_and_out() -> None:
    """A mailbox's sums follow its messages."""
    read = Message(1, Entry("1", ":2,S", "cur"), (), 1, 100, None, FileStamp(90, 1, 1), 1, ())
    deleted = Message(2, Entry("2", ":2,T", "cur"), (), 1, None, None, FileStamp(7, 1, 1), 1, ())
    row = MailboxRow(1, "", "0" * 32, 1)
    row.count([read, deleted])

    assert (row.messages, row.unseen, row.deleted, row.unsized, row.size) == (2, 1, 1, 1, 100)
    assert (row.stored, row.stored_deleted) == (97, 7)

    row.count([deleted], -1)
    row.count([read], -1)

    assert (row.messages, row.unseen, row.deleted, row.unsized, row.size) == (0, 0, 0, 0, 0)
    assert (row.stored, row.stored_deleted) == (0, 0)


def test_mod_sequences_follow_the_clock_and_never_fall() -> None:
    """After a clock that was set back, they still rise."""
    row = MailboxRow(1, "", "0" * 32, 1, highestmodseq=1000)

    assert [row.next_modseq(now) for now in (5000, 5000, 10, 6000)] == [5000, 5001, 5002, 6000]


def test_a_file_of_the_far_future_can_be_kept(tmp_path: Path) -> None:
    """Nanoseconds of the year 2400 exceed SQLite's integers."""
    path = tmp_path / "file"
    path.touch()
    os.utime(path, (13_600_000_000, 13_600_000_000))
    stamp = file_stamp(path.stat())

    assert stamp.mtime_ns < 2**63
    assert same_content(stamp, file_stamp(path.stat()))


def test_another_inode_is_not_other_content() -> None:
    """A backup that was restored with its times has the same messages; a file that was written to has not."""
    stamp = FileStamp(10, 20, 30)

    assert same_content(stamp, FileStamp(10, 20, 31))
    assert not same_content(stamp, FileStamp(10, 21, 30))
    assert not same_content(stamp, FileStamp(11, 20, 30))
