"""What other programs wrote beside the mail."""

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.box import Box
from mailaccess.storage.index.rows import MailboxRow
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.sync import sync
from mailaccess.storage.takeover import read_keywords_anew, read_list_anew
from mailaccess.storage.uidlist import UidList, stamp_of
from tests.storage.post import add


@pytest.fixture
def box(account: Account, inbox: Mailbox) -> Box:
    """INBOX with a message, known well."""
    add(inbox, flags=frozenset(["$Work"]))
    box = Box(account.root, account.index, "")
    sync(box)
    return box


def read(box: Box) -> tuple[UidList | None, MailboxRow]:
    """The uidlist, if it is news; and the row as it is afterwards."""
    row = box.look()
    return read_list_anew(box, row), row


def write(box: Box, text: str) -> None:
    """Another program writes the uidlist. V and G in `text` are filled in."""
    row = box.look()
    text = text.replace("V_", f"V{row.uidvalidity}").replace("G_", f"G{row.guid}")
    (box.directory / "dovecot-uidlist").write_text(text)


def test_a_list_that_is_known_is_not_read(box: Box) -> None:
    """Our own."""
    uidlist, row = read(box)

    assert uidlist is None
    assert row.uidlist == stamp_of(box.directory)


def test_a_list_that_speaks_of_this_mailbox(box: Box) -> None:
    """Is taken as it is."""
    write(box, "3 V_ N5000 G_ Pfoo Xbar\n1 :x\n4000 :y\n")
    uidlist, row = read(box)

    assert uidlist is not None
    assert row.uidlist == stamp_of(box.directory)
    assert (row.listed, row.lines, row.header) == (4000, 2, ("Pfoo", "Xbar"))


@pytest.mark.parametrize("text", ["3 V_ N5000\n", f"3 V_ N5000 G{'a' * 32}\n", "3 V_ N2 G_\n", "1 V_ 5000\n"])
def test_a_list_that_has_to_be_written_anew(box: Box, text: str) -> None:
    """Without a GUID or with another one, or with an N below what was promised."""
    write(box, text)
    _, row = read(box)

    assert row.uidlist is None


@pytest.mark.parametrize("text", ["3 V99 N5000 G_\n1 :x\n", "nonsense", ""])
def test_a_list_that_says_nothing(box: Box, text: str) -> None:
    """Of another UIDVALIDITY, or none at all: its UIDs are not ours."""
    write(box, text)
    uidlist, row = read(box)

    assert uidlist is None
    assert row.uidlist is None


def test_names_of_letters(box: Box, account: Account) -> None:
    """Whoever bears a letter of another name now gets told of."""
    (box.directory / "dovecot-keywords").write_text("0 $Play\n1 $Unused\n")
    before = box.look().highestmodseq

    def work(transaction: object) -> int:
        row = box.row(transaction)  # type: ignore[arg-type]
        read_keywords_anew(transaction, box, row)  # type: ignore[arg-type]
        return row.highestmodseq

    assert account.index.write(work) > before
    assert account.mailbox("INBOX").keywords() == ("$Play", "$Unused")
    assert set(account.mailbox("INBOX").messages.flags) == {frozenset(["$Play"])}


def test_a_name_nobody_bears_is_no_change(box: Box, account: Account) -> None:
    """For any message."""
    with (box.directory / "dovecot-keywords").open("a") as file:
        file.write("1 $Unused\n")
    before = box.look().highestmodseq
    sync(box)

    assert box.look().highestmodseq == before
    assert account.mailbox("INBOX").keywords() == ("$Work", "$Unused")
