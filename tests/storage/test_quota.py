"""Quota: what is too much is refused, by whatever way it comes, and everybody is told the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailaccess.storage import maildirsize, quota
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.errors import NotPermitted, OverQuota
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.namespaces import Sharing
from mailaccess.storage.quota import Allowance, Limits, Room, Usage
from mailaccess.storage.sharers import Sharers
from tests.storage.post import add, arrive, settings, texts

TEN = b"12345678\r\n"


class Operator:
    """Who grants quota, by user."""

    def __init__(self) -> None:
        self.granted: dict[str, Allowance] = {}

    def __call__(self, user: str) -> Allowance:
        return self.granted.get(user, Allowance())

    def grant(self, limits: Limits, *, soft: bool = False) -> None:
        """To fred."""
        self.granted["fred"] = Allowance(limits, soft)


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def accounts(tmp_path: Path, operator: Operator) -> Iterator[Accounts]:
    accounts = Accounts(settings(tmp_path, quota=operator))
    yield accounts
    accounts.close()


def size_file(account: Account) -> list[str]:
    return (account.root / maildirsize.FILE).read_text().splitlines()


class TestLimits:
    """Whose count."""

    def test_there_are_none_unless_somebody_sets_them(self, account: Account, inbox: Mailbox) -> None:
        """And no file is made."""
        add(inbox, TEN)

        assert (account.usage(), account.limits()) == (Usage(10, 1, 1), Limits())
        assert inbox.room() is None
        assert not list(account.root.glob("mailaccess-quota")) + list(account.root.glob("maildirsize"))

    def test_the_user_sets_lower_ones(self, account: Account, operator: Operator) -> None:
        """And has the administrator's again when he sets none."""
        operator.grant(Limits(1000, 10, 5))
        account.set_limits(Limits(500, None, 5))
        assert account.limits() == Limits(500, 10, 5)

        account.set_limits(Limits())
        assert account.limits() == Limits(1000, 10, 5)

    @pytest.mark.parametrize("wanted", [Limits(1001), Limits(1, 11), Limits(None, None, 6)])
    def test_never_above_the_administrators(self, account: Account, operator: Operator, wanted: Limits) -> None:
        """Nothing changes."""
        operator.grant(Limits(1000, 10, 5))
        account.set_limits(Limits(500))
        with pytest.raises(NotPermitted, match="administrator"):
            account.set_limits(wanted)

        assert account.limits() == Limits(500, 10, 5)

    def test_what_the_administrator_lowers_counts_at_once(self, account: Account, operator: Operator) -> None:
        """And what he raises; the user's own stays known."""
        operator.grant(Limits(1000))
        account.set_limits(Limits(800))
        operator.grant(Limits(700))
        assert account.limits() == Limits(700)
        account.maintain()
        assert size_file(account) == ["700S", "0 0"]

        operator.grant(Limits(900))
        assert account.limits() == Limits(800)

        operator.grant(Limits())
        assert account.limits() == Limits(800)

    def test_another_program_has_set_them(self, account: Account, inbox: Mailbox) -> None:
        """`maildirmake -q`; the user cannot raise what an administrator set that way."""
        add(inbox, TEN)
        (account.root / "maildirsize").write_text("1000S,10C\n10 1\n")
        assert account.limits() == Limits(1000, 10)

        with pytest.raises(NotPermitted):
            account.set_limits(Limits(1001))
        account.set_limits(Limits(500))
        assert account.limits() == Limits(500, 10)
        account.maintain()
        assert size_file(account)[0] == "500S,10C"

        (account.root / "maildirsize").write_text("0S\n10 1\n")
        assert account.limits() == Limits(500)

    def test_what_we_wrote_ourselves_is_nobodys_limit(
        self, account: Account, elsewhere: Account, operator: Operator
    ) -> None:
        """Once the administrator has lifted his, nothing remains of it, whoever looks."""
        operator.grant(Limits(1000, 5))
        account.usage()
        assert size_file(account) == ["1000S,5C", "0 0"]

        operator.grant(Limits())
        assert elsewhere.limits() == Limits()
        elsewhere.maintain()
        assert size_file(account) == ["0S", "0 0"]

    def test_the_administrators_go_before_another_programs(self, account: Account, operator: Operator) -> None:
        """Where they speak of the same."""
        (account.root / "maildirsize").write_text("1000S,10C\n0 0\n")
        operator.grant(Limits(5000))
        assert account.limits() == Limits(5000, 10)

    def test_they_are_kept_beside_the_mail(self, tmp_path: Path, account: Account, elsewhere: Account) -> None:
        """Also by another process, and without the index."""
        account.set_limits(Limits(500, 5, 3))
        assert elsewhere.limits() == Limits(500, 5, 3)
        assert json.loads((account.root / "mailaccess-quota").read_text())["limits"]["mailboxes"] == 3

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{}",
            "[]",
            '{"limits": {"x": 1}, "others": {}, "written": []}',
            '{"limits": {"storage": "1"}, "others": {}, "written": []}',
            '{"limits": [], "others": {}, "written": []}',
            "\xff",
        ],
    )
    def test_a_damaged_file_is_not_heeded(self, account: Account, text: str) -> None:
        """It is written anew with the next limits."""
        (account.root / "mailaccess-quota").write_bytes(text.encode("latin-1"))
        assert account.limits() == Limits()
        account.set_limits(Limits(500))
        assert account.limits() == Limits(500)


class TestUsage:
    """Known without a look at the files."""

    def test_all_mailboxes_count_with_what_is_on_disk(self, account: Account, inbox: Mailbox) -> None:
        """Whatever its line ends, and whether or not it was ever read."""
        account.create("Work")
        add(inbox, b"\n", TEN)
        arrive(account.root / ".Work", b"12345\n")

        assert account.usage() == Usage(17, 3, 2)

    def test_other_programs_doings_count(self, account: Account, inbox: Mailbox) -> None:
        """In mailboxes that nobody opened: delivered, removed, and whole mailboxes."""
        account.create("Work")
        path = arrive(account.root / ".Work", TEN)
        assert account.usage() == Usage(10, 1, 2)

        path.unlink()
        arrive(account.root, TEN * 2)
        assert account.usage() == Usage(20, 1, 2)

        (account.root / ".Other" / "cur").mkdir(parents=True)
        (account.root / ".Other" / "cur" / "1.x:2,").write_bytes(TEN)
        assert account.usage() == Usage(30, 2, 3)

        (account.root / ".Other").rename(account.root.parent / "other")
        assert account.usage() == Usage(20, 1, 2)

        (account.root.parent / "other").rename(account.root / ".Again")
        assert account.usage() == Usage(30, 2, 3)

    def test_a_deleted_mailbox_takes_nothing(self, account: Account) -> None:
        """Also for those who read the file."""
        account.set_limits(Limits(1000))
        account.create("Work")
        add(account.mailbox("Work"), TEN)
        account.delete("Work")

        assert size_file(account)[-1] == "-10 -1"
        assert account.usage() == Usage(0, 0, 1)


class TestMaildirsize:
    """An MTA sees what there is."""

    def test_every_change_is_appended(self, account: Account, inbox: Mailbox) -> None:
        """As long as what it says is true."""
        account.set_limits(Limits(1000, 100))
        account.create("Work")
        [first, _] = add(inbox, TEN, TEN * 2)
        inbox.copy([first], account.mailbox("Work"))
        inbox.move([first], account.mailbox("Work"))
        inbox.store([2], Action.ADD, frozenset(["\\Deleted"]))
        inbox.expunge(None)

        assert size_file(account) == ["1000S,100C", "0 0", "30 2", "10 1", "-20 -1"]
        assert account.usage() == Usage(20, 2, 2)
        assert len(size_file(account)) == 5

    def test_what_others_forgot_is_mended(self, account: Account, inbox: Mailbox) -> None:
        """Postfix delivers and knows of no such file; maildrop counts Courier's way."""
        account.set_limits(Limits(1000))
        arrive(account.root, TEN)
        add(inbox, TEN)
        assert size_file(account) == ["1000S", "10 1", "10 1"]

        with (account.root / "maildirsize").open("a") as file:
            file.write("           5    1\n")
        add(inbox, TEN)
        assert size_file(account) == ["1000S", "20 2", "10 1"]

    def test_a_long_one_is_summed_up(self, account: Account, inbox: Mailbox) -> None:
        """Before it has 5,120 octets more."""
        account.set_limits(Limits(1000))
        with (account.root / "maildirsize").open("a") as file:
            file.write("0 0\n" * 2000)
        add(inbox, TEN)
        assert size_file(account) == ["1000S", "0 0", "10 1"]

    def test_what_failed_is_taken_back(self, account: Account, inbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        """The sum stays right."""
        account.set_limits(Limits(1000))

        def fail(*_: object) -> None:
            raise OSError(28, "full")

        monkeypatch.setattr("mailaccess.storage.index.writer.sync_directory", fail)
        with pytest.raises(Exception, match="no space"):
            add(inbox, TEN)
        assert size_file(account) == ["1000S", "0 0", "10 1", "-10 -1"]

    def test_without_limits_a_file_that_is_there_is_kept(self, account: Account, inbox: Mailbox) -> None:
        """Dovecot's, for one, with 0S."""
        (account.root / "maildirsize").write_text("0S\n0 0\n")
        add(inbox, TEN)
        assert size_file(account) == ["0S", "0 0", "10 1"]

        arrive(account.root, TEN)
        account.maintain()
        assert size_file(account) == ["0S", "20 2"]

    def test_something_else_in_its_place_keeps_nobody_from_his_mail(self, account: Account, inbox: Mailbox) -> None:
        """Limits are heeded without it."""
        (account.root / "maildirsize").mkdir()
        account.set_limits(Limits(15))
        add(inbox, TEN)
        with pytest.raises(OverQuota):
            add(inbox, TEN)
        assert inbox.remove([1]) == [1]


class TestRefusal:
    """Where the limit is."""

    @pytest.mark.parametrize("limits", [Limits(29), Limits(None, 2)])
    def test_what_is_too_much_is_not_added(self, account: Account, inbox: Mailbox, limits: Limits) -> None:
        """All of a command or nothing, and nothing is left of it; what is removed makes room."""
        account.set_limits(limits)
        add(inbox, TEN)
        with pytest.raises(OverQuota, match="room for"):
            add(inbox, TEN, TEN)
        assert len(inbox.messages) == 1

        add(inbox, TEN)
        with pytest.raises(OverQuota):
            add(inbox, TEN)
        assert account.usage()[:2] == (20, 2)

        inbox.remove([1])
        add(inbox, TEN)

    def test_exactly_as_much_as_there_may_be(self, account: Account, inbox: Mailbox) -> None:
        """Is not too much."""
        account.set_limits(Limits(20, 2))
        add(inbox, TEN, TEN)
        assert inbox.room() == Room(0, 0)

    def test_deliveries_too(self, account: Account, inbox: Mailbox) -> None:
        """As if the user had put them there."""
        account.set_limits(Limits(5))
        incoming = inbox.incoming()
        incoming.write(TEN)
        with incoming, pytest.raises(OverQuota):
            inbox.append([(incoming, frozenset(), None)], delivery=True)

    def test_a_copy_but_no_move(self, account: Account, inbox: Mailbox) -> None:
        """A move within one account makes nothing more; nor does a mailbox that is renamed."""
        account.create("Work")
        work = account.mailbox("Work")
        uids = add(inbox, TEN, TEN)
        account.set_limits(Limits(30))
        with pytest.raises(OverQuota):
            inbox.copy(uids, work)
        assert len(work.messages) == 0

        account.set_limits(Limits(5))
        inbox.move(uids, work)
        account.rename("Work", "Play")
        account.rename("INBOX", "Old")
        assert account.usage() == Usage(20, 2, 3)

    def test_a_copy_in_several_transactions(self, account: Account, inbox: Mailbox) -> None:
        """None of it remains."""
        account.create("Work")
        uids = add(inbox, *[b"\n"] * 600)
        account.set_limits(Limits(None, 1150))
        with pytest.raises(OverQuota):
            inbox.copy(uids, account.mailbox("Work"))
        assert account.usage() == Usage(600, 600, 2)
        assert account.status("Work").messages == 0

    def test_a_replacement_counts_by_what_is_more(self, account: Account, inbox: Mailbox) -> None:
        """So that a draft can still be saved by who has reached the limit."""
        [uid] = add(inbox, TEN)
        account.set_limits(Limits(10, 1))
        assert inbox.room((inbox, uid)) == Room(10, 1)
        for text, fits in ((TEN, True), (b"1", True), (TEN, True), (TEN + b"1", False)):
            incoming = inbox.incoming()
            incoming.write(text)
            item = incoming, frozenset[str](), None
            if fits:
                uid = inbox.replace(uid, item, inbox)
            else:
                with incoming, pytest.raises(OverQuota):
                    inbox.replace(uid, item, inbox)
        assert texts(inbox) == {uid: TEN}
        assert account.usage() == Usage(10, 1, 1)

    def test_what_others_delivered_counts(self, account: Account, inbox: Mailbox) -> None:
        """Also where nobody looked since; what they removed makes room at once."""
        account.create("Work")
        account.set_limits(Limits(25))
        path = arrive(account.root / ".Work", TEN * 2)
        with pytest.raises(OverQuota):
            add(inbox, TEN)

        path.unlink()
        add(inbox, TEN)

    def test_no_mailbox_beyond_the_limit(self, account: Account) -> None:
        """INBOX is one; there is another error for those that are there."""
        account.set_limits(Limits(None, None, 2))
        account.create("Work")
        with pytest.raises(OverQuota, match="2 mailboxes"):
            account.create("Play")
        with pytest.raises(Exception, match="there is"):
            account.create("Work")
        with pytest.raises(OverQuota):
            account.rename("INBOX", "Old")

        account.delete("Work")
        account.create("Play")

    def test_soft_limits_refuse_nothing(self, account: Account, inbox: Mailbox, operator: Operator) -> None:
        """It is known that they are exceeded."""
        operator.grant(Limits(15, None, 1), soft=True)
        add(inbox, TEN)
        assert not inbox.over_quota
        assert inbox.room() is None

        add(inbox, TEN)
        assert inbox.over_quota
        account.create("Work")

        inbox.remove([1, 2])
        add(inbox, TEN)
        assert not inbox.over_quota

        add(inbox, TEN)
        operator.grant(Limits())
        add(inbox, TEN)
        assert not inbox.over_quota

    def test_what_is_in_anothers_mailbox_is_the_others(self, tmp_path: Path, operator: Operator) -> None:
        """Copied or moved there, it has to find room there."""
        sharing = Sharing(lambda _: None, Sharers(tmp_path / "shared"))
        accounts = Accounts(settings(tmp_path, quota=operator, sharing=sharing))
        ann, fred = accounts.open("ann", None), accounts.open("fred", None)
        operator.grant(Limits(15))
        source, target = ann.mailbox("INBOX"), fred.mailbox("INBOX")
        uids = add(source, TEN, TEN)

        source.copy(uids[:1], target)
        with pytest.raises(OverQuota):
            source.move(uids, target)
        assert (ann.usage().messages, fred.usage().messages) == (2, 1)

        target.remove([1])
        source.move(uids[:1], target)
        assert (ann.usage().messages, fred.usage().messages) == (1, 1)
        accounts.close()


def test_two_processes_do_not_fill_one_gap(account: Account, inbox: Mailbox) -> None:
    """Each looks before either has added anything."""
    account.set_limits(Limits(None, 20))
    script = "import sys; from pathlib import Path; from tests.storage.test_quota import fill; fill(Path(sys.argv[1]))"
    others = [
        subprocess.Popen([sys.executable, "-c", script, str(account.root.parent)], cwd=Path(__file__).parents[2])
        for _ in range(2)
    ]
    assert [other.wait(60) for other in others] == [0, 0]
    inbox.sync()

    assert len(inbox.messages) == 20
    assert account.usage().messages == 20
    assert maildirsize.read(account.root) == maildirsize.SizeFile("20C", 200, 20, True)


def fill(root: Path) -> None:
    """In a process of its own: adds messages until there is no more room."""
    accounts = Accounts(settings(root))
    inbox = accounts.open("fred", None).mailbox("INBOX")
    try:
        while True:
            add(inbox, TEN)
    except OverQuota:
        accounts.close()


def test_a_lost_index_loses_no_limit(account: Account, inbox: Mailbox) -> None:
    """It is a cache."""
    account.set_limits(Limits(15))
    add(inbox, TEN)
    account.close()
    for path in account.index_path.glob("index.sqlite*"):
        path.unlink()

    assert (account.usage(), account.limits()) == (Usage(10, 1, 1), Limits(15))


@pytest.mark.parametrize(
    ("room", "octets", "messages", "fits"),
    [
        (Room(10, 1), 10, 1, True),
        (Room(10, 1), 11, 1, False),
        (Room(10, 1), 1, 2, False),
        (Room(-5, -5), 0, 0, True),
        (Room(-5, 5), -3, 0, True),
        (Room(-5, 5), 1, 0, False),
    ],
)
def test_room(room: Room, octets: int, messages: int, fits: bool) -> None:
    """Who has too much already may still do what adds nothing."""
    if fits:
        quota.check(room, octets, messages)
    else:
        with pytest.raises(OverQuota):
            quota.check(room, octets, messages)
