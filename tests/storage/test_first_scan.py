"""The first scan: what is there before the index is."""

import os

import pytest

from mailaccess.mail.flags import DELETED, FLAGGED, SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.index import reading
from mailaccess.storage.sync import first_looks
from mailaccess.storage.uidlist import read_uidlist
from tests.storage.post import TEXT, WIRE_TEXT, add, arrive, settle, texts


@pytest.mark.parametrize("piece", [1, 2, 5000])
def test_messages_are_in_the_order_of_their_delivery(
    account: Account, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    """Not in that of their names; nor are many in the order of the pieces that are sorted."""
    monkeypatch.setattr("mailaccess.storage.pieces.PIECE", piece)
    account.create("Work")
    for number, name in enumerate(("999.M10P1.h", "999.M9P1.h", "1000.M1P1.h", "strange")):
        arrive(account.root / ".Work", b"%d\n" % number, name=f"{name}:2,", where="cur")

    assert list(texts(account.mailbox("Work")).values()) == [b"3\r\n", b"1\r\n", b"0\r\n", b"2\r\n"]


def test_sums_are_those_of_the_files(account: Account) -> None:
    """As a count of the messages would find them."""
    arrive(account.root, TEXT, name="1.h:2,S", where="cur")
    arrive(account.root, TEXT, name="2.h:2,ST", where="cur")
    arrive(account.root, TEXT, name="3.h:2,T", where="cur")
    arrive(account.root, TEXT)
    status = account.status("INBOX")

    assert account.check() == []
    assert (status.messages, status.unseen, status.deleted, status.recent) == (4, 2, 2, 4)
    assert (status.size, status.stored_deleted) == (4 * len(WIRE_TEXT), 2 * len(TEXT))
    assert [set(flags) for flags in account.mailbox("INBOX").messages.flags] == [
        {SEEN},
        {SEEN, DELETED},
        {DELETED},
        set(),
    ]


def test_what_is_no_message(account: Account) -> None:
    """Is passed over: directories, links, names that begin with a dot."""
    (account.root / "cur" / "directory").mkdir()
    (account.root / "cur" / "link:2,").symlink_to("/etc/hostname")
    arrive(account.root, TEXT, name=".hidden", where="cur")
    arrive(account.root, TEXT, name="1.h:2,F", where="cur")
    inbox = account.mailbox("INBOX")

    assert [set(flags) for flags in inbox.messages.flags] == [{FLAGGED}]
    settle(inbox)


def test_names_and_times_of_any_kind(account: Account) -> None:
    """Octets that are no text, and a year that the index cannot hold."""
    path = arrive(account.root, TEXT, name=os.fsdecode(b"1.\xff\xe4"))
    os.utime(path, (0, 2**34 - 1))
    arrive(account.root, TEXT, name=os.fsdecode(b"2.h:2,\xff"), where="cur")

    assert list(texts(account.mailbox("INBOX"))) == [1, 2]
    assert account.check() == []


def test_the_list_is_written_once_with_all_lines(account: Account) -> None:
    """And says that more UIDs are taken than were given."""
    for number in range(3):
        arrive(account.root, TEXT, name=f"{number}.h:2,", where="cur")
    account.mailbox("INBOX")
    uidlist = read_uidlist(account.root)

    assert uidlist is not None
    assert [(record.uid, record.base) for record in uidlist.records] == [(1, "0.h"), (2, "1.h"), (3, "2.h")]
    assert uidlist.next_uid > 4


def test_an_empty_mailbox_begins_where_its_list_says(account: Account) -> None:
    """UIDs are not given twice."""
    account.create("Work")
    (account.root / ".Work" / "dovecot-uidlist").write_text("3 V7 N42 G0123456789abcdef0123456789abcdef\n")

    assert account.mailbox("Work").uidnext == 42
    arrive(account.root / ".Work", TEXT)
    assert list(account.mailbox("Work").messages.uids) == [42]


class TestFirstLooks:
    """Several mailboxes at once."""

    def test_only_what_is_simple(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of others nothing is known afterwards: they take a transaction of their own."""
        for name in ("empty", "few", "many", "twice"):
            account.create(name)
        for number in range(3):
            arrive(account.root / ".many", name=f"{number}.h")
            arrive(account.root / ".twice", name=f"{number % 2}.h:2,{'S' * number}", where="cur")
        monkeypatch.setattr("mailaccess.storage.sync._FEW", 2)
        assert first_looks(account.root, account.index, ["", ".empty", ".few", ".many", ".twice"])

        assert account.index.read(reading.stamps).keys() == {"", ".empty", ".few"}
        assert [account.status(name).messages for name in ("INBOX", "many", "twice")] == [0, 3, 3]

    def test_a_few_or_known_ones(self, account: Account) -> None:
        """Are not worth it."""
        for name in ("a", "b", "c"):
            account.create(name)
        account.status("INBOX")

        assert not first_looks(account.root, account.index, ["", ".a", ".b", ".c"])
        assert not first_looks(account.root, account.index, [".a"])
        assert account.index.read(reading.stamps).keys() == {""}

    def test_a_mailbox_that_was_moved(self, account: Account) -> None:
        """Is known by its list, and gets no other UIDs."""
        for name in ("a", "b", "c", "d"):
            account.create(name)
        add(account.mailbox("a"))
        before = account.status("a")
        (account.root / ".a").rename(account.root / ".e")

        assert first_looks(account.root, account.index, ["", ".b", ".c", ".d", ".e"])
        assert account.status("e") == before
