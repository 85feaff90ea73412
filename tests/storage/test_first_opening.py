"""The first opening of a large mailbox: what is known early, and that it comes to be as if all had waited."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailaccess.mail.flags import DELETED, FLAGGED, SEEN
from mailaccess.storage import first_opening, first_scan
from mailaccess.storage.account import Account
from mailaccess.storage.errors import DiskFull, Unavailable
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.messages import UNSIZED
from mailaccess.storage.uidlist import read_uidlist
from mailaccess.storage.watch import Watcher
from tests.storage.gate import PATIENCE, Gate
from tests.storage.post import TEXT, WIRE_TEXT, arrive, flags_of, settle, texts

DATE = 1_600_000_000
NAMES = ("1700000003.M1P1.h:2,S", "1700000001.M10P1.h:2,Fa", "1700000001.M9P1.h:2,", "1700000002.M1P1.h:2,ST")
"""Which are not in their order; the third is the first."""


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Before the rows; mailboxes of three messages are large."""
    monkeypatch.setattr(first_opening, "LARGE", 3)
    gate = Gate()
    for module in (first_opening, first_scan):
        monkeypatch.setattr(module, "look_at", gate.around(first_scan.look_at))
    yield gate
    gate.open()


def put(root: Path, names: tuple[str, ...] = NAMES, where: str = "cur") -> None:
    """Another program's messages."""
    for number, name in enumerate(names):
        os.utime(arrive(root, b"%d\n" % number, name=name, where=where), (DATE + number, DATE + number))
    # `a` is the first keyword
    (root / "dovecot-keywords").write_text("0 $Work\n")


def early(account: Account) -> Mailbox:
    """INBOX, opened early."""
    mailbox = account.unlisted("INBOX", early=True)
    assert mailbox is not None
    return mailbox


def elsewhere_opened(account: Account) -> tuple["threading.Thread", list[Mailbox]]:
    """Another session, or process, that opens INBOX for all that there is."""
    found: list[Mailbox] = []
    thread = threading.Thread(target=lambda: found.append(account.mailbox("INBOX")))
    thread.start()
    return thread, found


class TestEarly:
    """What names tell is told before files were looked at."""

    def test_names(self, account: Account, gate: Gate) -> None:
        put(account.root)
        inbox = early(account)
        messages = inbox.messages

        assert inbox.is_opening
        assert list(messages.uids) == [1, 2, 3, 4]
        assert flags_of(inbox) == {1: set(), 2: {FLAGGED, "$Work"}, 3: {SEEN, DELETED}, 4: {SEEN}}
        assert (inbox.uidnext, inbox.highestmodseq, set(messages.sizes)) == (5, messages.highest, {UNSIZED})
        assert inbox.keywords() == ("$Work",)
        assert not inbox.poll()
        assert not inbox.is_at_hand()
        uidlist = read_uidlist(account.root)
        assert uidlist is not None
        assert [record.base for record in uidlist.records] == [NAMES[row].partition(":")[0] for row in (2, 1, 3, 0)]
        assert (uidlist.uidvalidity, uidlist.guid) == (inbox.uidvalidity, inbox.guid)

    def test_and_then_all(self, account: Account, elsewhere: Account, gate: Gate) -> None:
        """Is as it was told, and nothing is news."""
        put(account.root)
        inbox = early(account)
        messages, told = inbox.messages, inbox.messages.highest
        gate.open()
        inbox.await_rows()

        assert not inbox.is_opening
        assert (inbox.messages, messages.highest, inbox.highestmodseq) == (messages, told, told)
        assert list(messages.dates) == [DATE + 2, DATE + 1, DATE + 3, DATE]
        assert min(messages.saved) > DATE
        assert texts(inbox) == {1: b"2\r\n", 2: b"1\r\n", 3: b"3\r\n", 4: b"0\r\n"}
        assert account.check() == []
        there = elsewhere.mailbox("INBOX").messages
        for column in ("uids", "flags", "modseqs", "dates", "saved"):
            assert getattr(there, column) == getattr(messages, column), column

    def test_who_changes_something_waits(self, account: Account, gate: Gate) -> None:
        put(account.root)
        inbox = early(account)
        changing = threading.Thread(target=inbox.store, args=([1], Action.ADD, frozenset([SEEN])))
        changing.start()
        gate.open()
        changing.join(PATIENCE)

        assert flags_of(inbox)[1] == {SEEN}
        assert inbox.messages.modseqs[0] > inbox.messages.modseqs[1]
        assert inbox.messages.dates[0] == DATE + 2

    def test_dates_before_1970_and_after_2262(self, account: Account, elsewhere: Account, gate: Gate) -> None:
        """Are what the index says."""
        for name, ns in (("1.h:2,", -1_500_000_000), ("2.h:2,", (2**34 - 1) * 10**9), ("3.h:2,", 0)):
            os.utime(arrive(account.root, name=name, where="cur"), ns=(ns, ns))
        gate.open()
        inbox = early(account)
        inbox.await_rows()

        assert inbox.messages.dates == elsewhere.mailbox("INBOX").messages.dates
        assert inbox.messages.dates[0] == -1

    def test_who_listens_is_told(self, account: Account, gate: Gate, watcher: Watcher) -> None:
        """Of what came before there was anything to hear; then the kernel is listened to."""
        put(account.root)
        inbox, told = early(account), threading.Event()
        inbox.subscribe(told.set)
        arrive(account.root)
        gate.open()

        assert told.wait(PATIENCE)
        for thread in threading.enumerate():
            if thread.name == "first opening":
                thread.join(PATIENCE)
        settle(inbox)
        assert len(inbox.messages) == 5
        assert inbox.is_at_hand()


class TestWhoElse:
    """Comes meanwhile, waits."""

    @pytest.mark.parametrize("same_process", [True, False])
    def test_opens(self, account: Account, elsewhere: Account, gate: Gate, same_process: bool) -> None:
        put(account.root)
        inbox = early(account)
        thread, found = elsewhere_opened(account if same_process else elsewhere)
        gate.open()
        thread.join(PATIENCE)

        assert (found[0] is inbox) == same_process
        assert not found[0].is_opening
        assert found[0].messages.uids == inbox.messages.uids
        assert found[0].uidvalidity == inbox.uidvalidity

    def test_both_early(self, account: Account, elsewhere: Account, gate: Gate) -> None:
        """One of them makes the rows."""
        put(account.root)
        gate.open()
        one, other = early(account), early(elsewhere)
        one.await_rows()
        other.await_rows()

        assert flags_of(one) == flags_of(other)
        assert account.check() == []


class TestRecent:
    """The first session that may claims it."""

    def test_claimed_early(self, account: Account, elsewhere: Account, gate: Gate) -> None:
        put(account.root)
        inbox = early(account)

        assert inbox.claim_early() == 1
        assert inbox.claim_early() == inbox.recent_floor == 5
        gate.open()
        inbox.await_rows()
        assert inbox.recent_floor == 5
        assert elsewhere.mailbox("INBOX").claim_recent() == 5

    def test_only_read(self, account: Account, elsewhere: Account, gate: Gate) -> None:
        put(account.root)
        assert early(account).recent_floor == 1
        gate.open()

        assert elsewhere.mailbox("INBOX").claim_recent() == 1

    def test_new_mail(self, account: Account, gate: Gate) -> None:
        """Has to be moved, which waits."""
        put(account.root, NAMES[:2])
        put(account.root, ("1700000009.M1P1.h", "1700000008.M1P1.h"), "new")
        inbox = early(account)
        assert list(inbox.messages.uids) == [1, 2, 3, 4]
        assert inbox.claim_early() is None
        gate.open()

        assert inbox.claim_recent() == 1
        assert not list((account.root / "new").iterdir())
        assert texts(inbox) == {1: b"1\r\n", 2: b"0\r\n", 3: b"1\r\n", 4: b"0\r\n"}


class TestMeanwhile:
    """Another program goes on before files were looked at."""

    def opened(self, account: Account) -> Mailbox:
        put(account.root)
        return early(account)

    def test_renames(self, account: Account, gate: Gate) -> None:
        """The message stays what it is, but for its flags."""
        inbox = self.opened(account)
        cur, told = account.root / "cur", inbox.messages.highest
        (cur / NAMES[2]).rename(cur / f"{NAMES[2]}F")
        gate.open()
        inbox.sync()

        assert list(inbox.messages.uids) == [1, 2, 3, 4]
        assert flags_of(inbox)[1] == {FLAGGED}
        assert inbox.messages.changed_since(told) == [1]
        assert (inbox.messages.dates[0], texts(inbox)[1]) == (DATE + 2, b"2\r\n")
        assert account.check() == []

    def test_removes(self, account: Account, gate: Gate) -> None:
        """Which is told as an expunge."""
        inbox = self.opened(account)
        told = inbox.messages.highest
        (account.root / "cur" / NAMES[2]).unlink()
        gate.open()
        inbox.sync()

        assert list(inbox.messages.uids) == [2, 3, 4]
        assert inbox.vanished_since(told) == [1]
        assert list(texts(inbox)) == [2, 3, 4]
        assert account.check() == []

    def test_delivers(self, account: Account, gate: Gate) -> None:
        """A message that is older than others comes behind those that were told of."""
        inbox = self.opened(account)
        arrive(account.root, TEXT, name="1600000000.M1P1.h")
        gate.open()
        inbox.sync()

        assert list(inbox.messages.uids) == [1, 2, 3, 4, 5]
        assert texts(inbox)[5] == WIRE_TEXT
        assert account.check() == []


class TestFailure:
    """UIDs that were told are not given to others."""

    def test_a_crash(self, account: Account, gate: Gate) -> None:
        """Of the process, when UIDs were told and nothing is in the index."""
        put(account.root)
        script = (
            "import os; from pathlib import Path; from mailaccess.storage import first_opening\n"
            "from mailaccess.storage.accounts import Accounts; from tests.storage.post import settings\n"
            "from threading import Event\n"
            "first_opening.LARGE = 3; first_opening.look_at = lambda *_: Event().wait()\n"
            f"account = Accounts(settings(Path({str(account.root.parent)!r}))).open('fred', None)\n"
            "inbox = account.unlisted('INBOX', early=True); assert inbox.is_opening\n"
            "print(inbox.uidvalidity, inbox.highestmodseq, *inbox.messages.uids, flush=True); os._exit(1)\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], check=False
        )
        uidvalidity, modseq, *uids = map(int, run.stdout.split())
        arrive(account.root, TEXT, name="1600000000.M1P1.h", where="cur")
        gate.open()
        inbox = account.mailbox("INBOX")

        assert uids == [1, 2, 3, 4]
        assert inbox.uidvalidity == uidvalidity
        assert inbox.messages.uids[4] > 4
        assert list(texts(inbox).values()) == [b"2\r\n", b"1\r\n", b"3\r\n", b"0\r\n", WIRE_TEXT]
        assert min(inbox.messages.modseqs) > modseq

    def test_a_full_disk(self, account: Account, gate: Gate) -> None:
        """Whoever has it open is told, until there is room."""
        put(account.root)
        inbox = early(account)
        told = inbox.messages.highest
        gate.open(errno.ENOSPC)
        for ask in (inbox.await_rows, inbox.sync, lambda: inbox.store([1], Action.ADD, frozenset([SEEN]))):
            with pytest.raises(DiskFull):
                ask()
        assert inbox.is_opening
        gate.open()
        inbox.sync()

        assert not inbox.is_opening
        assert list(inbox.messages.dates) == [DATE + 2, DATE + 1, DATE + 3, DATE]
        assert min(inbox.messages.modseqs) > told
        assert texts(inbox) == {1: b"2\r\n", 2: b"1\r\n", 3: b"3\r\n", 4: b"0\r\n"}

    def test_the_index_is_removed(self, account: Account, gate: Gate) -> None:
        put(account.root)
        inbox = early(account)
        shutil.rmtree(account.index_path)
        gate.open()
        inbox.sync()

        assert texts(inbox) == {1: b"2\r\n", 2: b"1\r\n", 3: b"3\r\n", 4: b"0\r\n"}
        assert list(inbox.messages.dates) == [DATE + 2, DATE + 1, DATE + 3, DATE]


class TestWhatIsListed:
    """Another server's list keeps its word."""

    def test_in_part(self, account: Account, gate: Gate) -> None:
        """And all UIDs stand there before they are told."""
        put(account.root)
        listed = NAMES[0].partition(":")[0]
        (account.root / "dovecot-uidlist").write_text(f"3 V77 N12 G{'ab' * 16}\n7 W99 :{listed}\n")
        inbox = early(account)
        uidlist = read_uidlist(account.root)
        gate.open()

        assert (inbox.uidvalidity, inbox.guid) == (77, "ab" * 16)
        assert list(inbox.messages.uids) == [7, 12, 13, 14]
        assert uidlist is not None
        assert [record.uid for record in uidlist.records] == [7, 12, 13, 14]
        assert uidlist.records[0].keys == ("W99",)
        assert inbox.claim_early() == 8
        inbox.await_rows()
        assert texts(inbox) == {7: b"0\r\n", 12: b"2\r\n", 13: b"1\r\n", 14: b"3\r\n"}
        assert account.check() == []

    def test_keywords_without_letter(self, account: Account, gate: Gate) -> None:
        """Are told with the others."""
        put(account.root)
        gate.open()
        inbox = early(account)
        inbox.store([2], Action.ADD, frozenset(f"key{number}" for number in range(30)))
        before = flags_of(inbox)
        account.close()
        shutil.rmtree(account.index_path)
        again = early(Account(account.root, account.index_path, account._facts))

        assert again.is_opening or again.messages.dates[0]
        assert flags_of(again) == before
        again.await_rows()
        assert flags_of(again) == before


def test_a_small_mailbox(account: Account) -> None:
    """Is open when all is known."""
    put(account.root)

    assert not early(account).is_opening


def test_on_another_hosts_file_system(account: Account, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session waits for all of it, and it is done alike: UIDs stand in the list before files are looked at."""
    monkeypatch.setattr(first_opening, "is_remote", lambda _: True)
    gate.open(errno.EIO)
    put(account.root)
    with pytest.raises(Unavailable):
        early(account)
    uidlist = read_uidlist(account.root)

    assert uidlist is not None
    assert len(uidlist.records) == len(NAMES)


def test_two_files_of_one_base(account: Account, gate: Gate) -> None:
    """Are left to `sync`."""
    gate.open()
    put(account.root)
    arrive(account.root, name=f"{NAMES[0]}F", where="cur")
    inbox = early(account)

    assert not inbox.is_opening
    assert len(inbox.messages) == 5


def test_two_files_of_one_base_that_is_listed(account: Account, gate: Gate) -> None:
    """And the list is read by who comes after."""
    gate.open()
    put(account.root)
    arrive(account.root, name=f"{NAMES[0]}F", where="cur")
    lines = "".join(f"{uid} :{name.partition(':')[0]}\n" for uid, name in zip((7, 9), NAMES[:2], strict=True))
    (account.root / "dovecot-uidlist").write_text(f"3 V77 N12 G{'ab' * 16}\n{lines}")
    inbox = early(account)

    assert not inbox.is_opening
    assert inbox.uidvalidity == 77
    assert texts(inbox)[9] == b"1\r\n"
    assert list(inbox.messages.uids)[:4] == [7, 9, 12, 13]


@pytest.mark.parametrize("large", [3, 100])
def test_who_asks_how_much_there_is_has_it_entered_alike(
    account: Account, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    """STATUS, POP3 and others look first as a session does, and UIDs of the list stay what they were."""
    monkeypatch.setattr(first_opening, "LARGE", large)
    for number, info in enumerate((":2,S", ":2,", ":2,F")):
        arrive(account.root, TEXT, name=f"{1_700_000_000 + number}.M1.h{info}", where="cur")
    arrive(account.root, TEXT, name="1700000009.M1.h")
    validity = 1_700_000_000
    text = f"3 V{validity} N8\n5 W7 :1700000002.M1.h\n"
    (account.root / "dovecot-uidlist").write_text(text)
    status = account.status("INBOX")
    inbox = account.mailbox("INBOX")

    assert (status.messages, status.unseen, status.uidnext) == (4, 3, 11)
    assert inbox.uidvalidity == validity
    assert list(inbox.messages.uids) == [5, 8, 9, 10]
    assert [set(flags) for flags in inbox.messages.flags] == [{FLAGGED}, {SEEN}, set(), set()]
    assert account.check() == []
