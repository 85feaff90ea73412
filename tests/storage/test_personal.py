"""A viewer's own flags beside the mail."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.index.transaction import Transaction
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.personal import UNTOUCHED, Change, Reader, State, Writer, file_of
from tests.storage.post import NONE, add

SEEN = frozenset(["\\Seen"])
VALIDITY = 77

Write = Callable[[Callable[[Transaction], object]], object]


@pytest.fixture
def write(account: Account) -> Write:
    """Runs work in a write transaction."""
    return account.index.write


def changes(reader: Reader, directory: Path) -> list[Change]:
    return reader.read(file_of(directory, "bob"))


def test_what_is_written_is_read(account: Account, write: Write) -> None:
    """By others, and by who comes later."""
    mine, reader = Writer("bob", VALIDITY), Reader(VALIDITY)
    first = Change(5, SEEN, ((1, 3), (7, 7)))
    second = Change(6, SEEN | {"$Work"}, ((2, 2),))

    write(lambda transaction: mine.set(transaction, account.root, 1, [first]))
    assert changes(reader, account.root) == [first]
    write(lambda transaction: mine.set(transaction, account.root, 1, [second]))
    assert changes(reader, account.root) == [second]
    assert changes(reader, account.root) == []

    states = Writer("bob", VALIDITY).states(account.root)
    assert states == {
        1: State(SEEN, 5),
        2: State(SEEN | {"$Work"}, 6),
        3: State(SEEN, 5),
        7: State(SEEN, 5),
    }
    assert Writer("carol", VALIDITY).states(account.root) == {}


def test_two_processes_add_to_one_file(account: Account, write: Write) -> None:
    """Each under the write lock, each seeing what the other has added."""
    one, other = Writer("bob", VALIDITY), Writer("bob", VALIDITY)

    for modseq in range(1, 9):
        writer = one if modseq % 2 else other
        change = Change(modseq, SEEN if modseq % 2 else NONE, ((modseq, modseq),))
        write(lambda transaction, writer=writer, change=change: writer.set(transaction, account.root, 1, [change]))  # type: ignore[misc]

    assert one.states(account.root) == other.states(account.root)
    assert len(one.states(account.root)) == 8


def test_a_line_that_a_crash_cut_off_is_none(account: Account, write: Write) -> None:
    """And what comes next stands in its place."""
    writer = Writer("bob", VALIDITY)
    write(lambda transaction: writer.set(transaction, account.root, 1, [Change(5, SEEN, ((1, 1),))]))
    with file_of(account.root, "bob").open("ab") as file:
        file.write(b"6 \\Seen :2:30")

    reader = Reader(VALIDITY)
    assert changes(reader, account.root) == [Change(5, SEEN, ((1, 1),))]
    later = Writer("bob", VALIDITY)
    write(lambda transaction: later.set(transaction, account.root, 1, [Change(7, SEEN, ((4, 4),))]))
    assert changes(reader, account.root) == [Change(7, SEEN, ((4, 4),))]
    assert file_of(account.root, "bob").read_bytes() == b"1 77\n5 \\Seen :1\n7 \\Seen :4\n"


def test_a_transaction_that_fails_leaves_nothing(account: Account, write: Write) -> None:
    """Neither in the file nor in memory."""
    writer = Writer("bob", VALIDITY)
    write(lambda transaction: writer.set(transaction, account.root, 1, [Change(5, SEEN, ((1, 1),))]))

    def fail(transaction: Transaction) -> None:
        writer.set(transaction, account.root, 1, [Change(6, SEEN, ((2, 2),))])
        raise OSError("no more")

    with pytest.raises(Exception, match="reached"):
        write(fail)

    assert writer.states(account.root).get(2, UNTOUCHED) == UNTOUCHED
    assert file_of(account.root, "bob").read_bytes() == b"1 77\n5 \\Seen :1\n"


def test_the_file_of_another_mailbox_says_nothing(account: Account, write: Write) -> None:
    """One of other UIDs was here before."""
    before = Writer("bob", VALIDITY)
    write(lambda transaction: before.set(transaction, account.root, 1, [Change(5, SEEN, ((1, 1),))]))

    assert changes(Reader(VALIDITY + 1), account.root) == []
    writer = Writer("bob", VALIDITY + 1)
    write(lambda transaction: writer.set(transaction, account.root, 1, [Change(9, SEEN, ((3, 3),))]))

    assert writer.states(account.root) == {3: State(SEEN, 9)}
    assert before.states(account.root) == {}


def test_the_file_does_not_grow_without_end(inbox: Mailbox, account: Account, write: Write) -> None:
    """Written anew it has a line for each state, and what is gone is left out."""
    uids = add(inbox, *[b"x\n"] * 3)
    writer, reader = Writer("bob", VALIDITY), Reader(VALIDITY)
    write(lambda transaction: writer.set_recent(transaction, account.root, 3))

    for modseq in range(1, 1100):
        change = Change(modseq, SEEN if modseq % 2 else NONE, ((uids[0], uids[1]), (99, 99)))
        write(lambda transaction, change=change: writer.set(transaction, account.root, inbox.number, [change]))  # type: ignore[misc]
        if modseq == 10:
            changes(reader, account.root)

    assert file_of(account.root, "bob").stat().st_size < 4000
    last = changes(reader, account.root)[-1]
    assert (last.modseq, last.flags) == (1099, SEEN)
    assert reader.recent == 3


def test_recent_is_claimed_once(account: Account, write: Write) -> None:
    """The first UID that was \\Recent, and no more is."""
    writer = Writer("bob", VALIDITY)

    assert write(lambda transaction: writer.set_recent(transaction, account.root, 4)) == 1
    assert write(lambda transaction: writer.set_recent(transaction, account.root, 4)) == 4
    assert write(lambda transaction: writer.set_recent(transaction, account.root, 6)) == 4


@pytest.mark.parametrize(
    "line", [b"x", b"1 \\Seen :0", b"1 :5:4", b"1 :1:99999999999", b"recent x", b"\xff :1", b"7 1"]
)
def test_what_is_not_ours_is_passed_over(account: Account, line: bytes) -> None:
    """A damaged line costs no more than itself."""
    path = file_of(account.root, "bob")
    path.parent.mkdir()
    path.write_bytes(b"1 77\n" + line + b"\n8 \\Seen :2\n")

    assert changes(Reader(VALIDITY), account.root) == [Change(8, SEEN, ((2, 2),))]


@pytest.mark.parametrize("user", ["bob", "bob@example.org", "Jörg Ö", "a%b", ".", "..", "x" * 300, "日" * 90])
def test_every_user_has_a_file(tmp_path: Path, user: str) -> None:
    """Directly in the directory, of a name that the file system takes."""
    path = file_of(tmp_path, user)

    path.parent.mkdir()
    path.touch()
    assert path.parent == tmp_path / "mailaccess-viewers"
    assert path.is_file()
