"""What the disk shows that the index does not know."""

import time
from pathlib import Path

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.box import Box
from mailaccess.storage.index.rows import MailboxRow
from mailaccess.storage.names import Entry
from mailaccess.storage.survey import BOTH, Glance, compare, due
from mailaccess.storage.sync import sync
from tests.storage.post import arrive


@pytest.fixture
def box(account: Account) -> Box:
    """INBOX, with one message in each directory, and at rest."""
    arrive(account.root, name="1.host")
    arrive(account.root, name="2.host:2,S", where="cur")
    box = Box(account.root, account.index, "")
    deadline = time.monotonic() + 5
    while not (box.look().new_settled and box.look().cur_settled) and time.monotonic() < deadline:
        sync(box, thorough=True)
    return box


def wanted(box: Box) -> tuple[str, ...]:
    """The directories to be read."""
    return due(box, box.look(), box.maildir.stamp())


def glance(box: Box) -> Glance:
    """The directories as they are."""
    return Glance(time.time_ns(), box.maildir.stamp())


class TestDue:
    """When to look."""

    def test_not_at_rest(self, box: Box) -> None:
        """Nothing happened, for sure."""
        assert wanted(box) == ()

    def test_only_where_something_happened(self, box: Box, account: Account) -> None:
        """cur/ may be large."""
        arrive(account.root)
        assert wanted(box) == ("new",)
        (account.root / "cur" / "2.host:2,S").rename(account.root / "cur" / "2.host:2,FS")
        assert wanted(box) == BOTH

    def test_a_mailbox_never_seen(self, box: Box) -> None:
        """Everything."""
        row = MailboxRow(1, "", "0" * 32, 1)

        assert due(box, row, box.maildir.stamp()) == BOTH

    def test_what_is_not_certain_is_verified_later(self, box: Box) -> None:
        """The sooner, the less it costs."""
        row = box.look()
        row.cur_settled = False
        stamp = box.maildir.stamp()
        recently = stamp._replace(cur_ctime=time.time_ns())
        row.stamp = recently
        assert due(box, row, recently) == ()

        row.stamp = earlier = stamp._replace(cur_ctime=time.time_ns() - 2 * 10**9)
        box.seconds["cur"] = 0.001
        assert due(box, row, earlier) == ("cur",)
        box.seconds["cur"] = 0.5
        assert due(box, row, earlier) == ()


class TestCompare:
    """The differences."""

    def test_none(self, box: Box) -> None:
        """Everything is known, and that is certain."""
        survey = compare(box, box.look(), glance(box), BOTH)

        assert (survey.found, survey.missing, survey.doubled) == ([], [], False)
        assert survey.settled == {"new": True, "cur": True}

    def test_a_new_file(self, box: Box, account: Account) -> None:
        """Is found; it has only just come, so there may be more."""
        arrive(account.root, name="3.host")
        survey = compare(box, box.look(), glance(box), ("new",))

        assert survey.found == [Entry("3.host", "", "new")]
        assert survey.settled == {"new": False, "cur": True}

    def test_what_happens_after_the_glance_is_left_to_the_next(self, box: Box, account: Account) -> None:
        """A directory that was not due is not read, so its later stamp must not count as known."""
        before = glance(box)
        (account.root / "cur" / "2.host:2,S").rename(account.root / "cur" / "2.host:2,FS")
        survey = compare(box, box.look(), before, ("new",))

        assert survey.stamp == before.stamp
        assert survey.stamp != box.maildir.stamp()

    def test_a_renamed_file(self, box: Box, account: Account) -> None:
        """Is found under its new name, and not missing."""
        (account.root / "new" / "1.host").rename(account.root / "cur" / "1.host:2,")
        survey = compare(box, box.look(), glance(box), BOTH)

        assert (survey.found, survey.missing) == ([Entry("1.host", ":2,", "cur")], [])

    def test_a_removed_file(self, box: Box, account: Account) -> None:
        """Is missing."""
        (account.root / "cur" / "2.host:2,S").unlink()
        survey = compare(box, box.look(), glance(box), ("cur",))

        assert (survey.found, survey.missing) == ([], [Entry("2.host", ":2,S", "cur")])

    def test_two_new_files_of_one_base(self, box: Box, account: Account) -> None:
        """Are told to be doubled."""
        arrive(account.root, name="3.host", where="new")
        arrive(account.root, name="3.host:2,", where="cur")
        survey = compare(box, box.look(), glance(box), BOTH)

        assert survey.doubled
        assert len(survey.found) == 1

    def test_a_further_file_of_a_known_base(self, box: Box, account: Account) -> None:
        """The known one is the message's."""
        path = account.root / "cur" / "2.host:2,S"
        (account.root / "cur" / "2.host:2,F").write_bytes(path.read_bytes())
        survey = compare(box, box.look(), glance(box), BOTH, doubled=True)

        assert survey.doubled
        assert (survey.found, survey.missing) == ([], [])

    def test_at_first_sight_it_looks_until_it_is_certain(self, account: Account, tmp_path: Path) -> None:
        """A file that is missed would lose its UID."""
        arrive(account.root, name="1.host")
        box = Box(account.root, account.index, "")
        survey = compare(box, box.look(), glance(box), BOTH)

        assert survey.found == [Entry("1.host", "", "new")]
        assert survey.settled == {"new": True, "cur": True}
