"""A mailbox's directory and its row."""

import secrets
import shutil

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.box import BLOCK, Box
from mailaccess.storage.errors import NoSuchMailbox, Unavailable
from mailaccess.storage.index.transaction import Forgotten, Transaction
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.sync import sync
from mailaccess.storage.uidlist import read_uidlist, stamp_of
from tests.storage.post import TEXT, add, arrive


@pytest.fixture
def box(account: Account) -> Box:
    """INBOX."""
    box = Box(account.root, account.index, "")
    sync(box)
    return box


class TestIdentity:
    """Which row is this directory's."""

    def test_the_same_row_every_time(self, account: Account, box: Box) -> None:
        """By its directory; nothing is written for that."""
        version = box.look().version
        again = Box(account.root, account.index, "")

        assert (again.id, again.guid, again.instance) == (box.id, box.guid, box.instance)
        assert again.look().version == version

    def test_a_directory_without_uidlist_is_the_one_it_was(self, account: Account, box: Box) -> None:
        """If it is the same directory: only the list was lost."""
        (account.root / "dovecot-uidlist").unlink()

        assert Box(account.root, account.index, "").id == box.id

    def test_an_index_that_was_lost_forgets(self, account: Account, box: Box) -> None:
        """The same GUID and UIDVALIDITY are found again beside the mail."""
        before = box.look()
        shutil.rmtree(account.index_path)
        account.index.verify()
        with pytest.raises(Forgotten):
            box.look()
        box.identify_again(before.uidvalidity)

        assert (box.guid, box.look().uidvalidity) == (before.guid, before.uidvalidity)

    def test_another_mailbox_of_its_name_is_not_taken_for_it(self, account: Account, box: Box) -> None:
        """UIDs of one would be used in the other."""
        with pytest.raises(NoSuchMailbox):
            box.identify_again(box.look().uidvalidity + 1)


class TestReserve:
    """The uidlist's N is above all UIDs that may have been announced."""

    def test_a_block_at_a_time(self, account: Account, box: Box) -> None:
        """Durably, before the transaction ends."""
        account.index.write(lambda transaction: box.reserve(transaction, box.row(transaction), 8))
        uidlist = read_uidlist(account.root)

        assert uidlist is not None
        assert uidlist.next_uid == 8 + BLOCK
        assert box.look().reserved == 8 + BLOCK
        assert box.look().uidlist == stamp_of(account.root)

    def test_what_is_reserved_is_not_written_again(self, account: Account, box: Box) -> None:
        """Until the block is used up."""
        account.index.write(lambda transaction: box.reserve(transaction, box.row(transaction), 8))
        before = stamp_of(account.root)
        account.index.write(lambda transaction: box.reserve(transaction, box.row(transaction), 8 + BLOCK))

        assert stamp_of(account.root) == before

    def test_a_list_that_another_program_wrote_is_still_to_be_read(self, account: Account, box: Box) -> None:
        """Raising its N does not make it ours."""
        (account.root / "dovecot-uidlist").write_text(f"3 V{box.look().uidvalidity} N2 G{box.guid}\n1 :1.host\n")
        account.index.write(lambda transaction: box.reserve(transaction, box.row(transaction), 8))

        assert box.look().uidlist is None
        arrive(account.root, name="1.host")
        sync(box)
        assert box.look().messages == 1

    def test_uids_can_be_used_up(self, account: Account, box: Box) -> None:
        """Then no more mail can be taken; nothing breaks."""
        with pytest.raises(Unavailable):
            account.index.write(lambda transaction: box.reserve(transaction, box.row(transaction), 2**32))


class TestLines:
    """The uidlist's lines follow."""

    def update(self, account: Account, box: Box) -> list[int]:
        """Brings them up to date; the UIDs."""
        account.index.write(lambda transaction: box.update_list(transaction, box.row(transaction)))
        uidlist = read_uidlist(account.root)
        assert uidlist is not None
        return [record.uid for record in uidlist.records]

    def test_new_lines_are_appended(self, account: Account, box: Box, inbox: Mailbox) -> None:
        """Few dead ones are left where they are, as Dovecot does."""
        add(inbox, *[TEXT] * 8)
        assert self.update(account, box) == list(range(1, 9))
        inbox.remove([3])
        add(inbox)

        assert self.update(account, box) == list(range(1, 10))

    def test_with_many_dead_ones_it_is_written_whole(self, account: Account, box: Box, inbox: Mailbox) -> None:
        """More than a quarter."""
        add(inbox, *[TEXT] * 8)
        self.update(account, box)
        inbox.remove([1, 2, 3])

        assert self.update(account, box) == [4, 5, 6, 7, 8]

    def test_a_list_written_by_another_program_is_left_alone(self, account: Account, box: Box, inbox: Mailbox) -> None:
        """It is read first."""
        add(inbox)
        text = f"3 V{inbox.uidvalidity} N9000 G{inbox.guid}\n8999 :elsewhere\n"
        (account.root / "dovecot-uidlist").write_text(text)

        assert self.update(account, box) == [8999]


def test_our_own_changes_are_not_to_be_scanned_for(account: Account, box: Box) -> None:
    """If nobody else changed anything between: else the stamp stays what it was, and differs."""
    sync(box)

    def change(transaction: Transaction, *, before: bool) -> None:
        row = box.row(transaction)
        if before:
            arrive(account.root, name=secrets.token_hex(8))
        with box.changing(row):
            arrive(account.root, name=secrets.token_hex(8))

    account.index.write(lambda transaction: change(transaction, before=False))
    assert box.look().stamp == box.maildir.stamp()
    assert not box.look().new_settled
    account.index.write(lambda transaction: change(transaction, before=True))
    assert box.look().stamp != box.maildir.stamp()
