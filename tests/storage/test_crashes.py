"""Nothing acknowledged is lost, nothing expunged comes back, no UID names two messages: wherever the machine stops."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailaccess.mail.flags import DELETED, FLAGGED, SEEN
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.mailbox import Action, Mailbox
from tests.storage.crash import Left, Recorder
from tests.storage.post import add, arrive, flags_of, settings, texts

Operation = Callable[[Account, Callable[[object], None]], None]

KNOWN = {1: b"one\r\n", 2: b"two\r\n", 3: b"three\r\n"}
"""INBOX before each operation; the third is \\Deleted."""


@pytest.fixture
def stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Operation], list[Left]]:
    """Runs an operation on a known account; what each possible stop leaves of it."""

    def run(operation: Operation) -> list[Left]:
        accounts = Accounts(settings(tmp_path / "mail"))
        account = accounts.open("fred", None)
        inbox = account.mailbox("INBOX")
        add(inbox, b"one\n", b"two\n", b"three\n")
        inbox.store([3], Action.ADD, frozenset([DELETED]))
        account.create("Work")
        add(account.mailbox("Work"), b"work\n")
        accounts.close()
        recorder = Recorder(tmp_path / "mail", tmp_path / "left")
        accounts = Accounts(settings(tmp_path / "mail"))
        with recorder.watching(monkeypatch):
            operation(accounts.open("fred", None), recorder.acknowledge)
        accounts.close()
        assert len(recorder.left) > 10
        return recorder.left

    return run


@contextmanager
def reopened(left: Left) -> Iterator[Account]:
    """The account after the restart."""
    accounts = Accounts(settings(left.root))
    try:
        yield accounts.open("fred", None)
    finally:
        accounts.close()


def check_uids(account: Account, told: dict[int, bytes]) -> None:
    """A message that arrives now gets a UID that names nothing else, nor ever did."""
    inbox = account.mailbox("INBOX")
    before = texts(inbox)
    assert {uid: text for uid, text in before.items() if uid in told and told[uid] != text} == {}
    (uid,) = add(inbox, b"later\n")
    assert uid > max([*told, *before])


def test_append(stops: Callable[[Operation], list[Left]]) -> None:
    """Once acknowledged it is there, once, with its UID and content; before that, whole or not at all."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        inbox = account.mailbox("INBOX")
        for number in range(2):
            acknowledge(add(inbox, b"new %d\n" % number, flags=frozenset([SEEN, "$Work"]), date=1_000_000_000)[0])

    for left in stops(operation):
        told = KNOWN | {uid: b"new %d\r\n" % number for number, uid in enumerate(left.acknowledged)}
        with reopened(left) as account:
            found = texts(account.mailbox("INBOX"))
            assert {uid: found.get(uid) for uid in told} == told, left
            assert sorted(found.values()) == sorted(set(found.values())), left
            assert set(found.values()) <= {*KNOWN.values(), b"new 0\r\n", b"new 1\r\n"}, left
            check_uids(account, told)


def test_append_and_the_loss_of_the_index(
    stops: Callable[[Operation], list[Left]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst night: messages may get other UIDs then, but no UID that was told names another message."""
    monkeypatch.setattr("mailaccess.storage.box.BLOCK", 0)  # every UID is a promise of its own

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        inbox = account.mailbox("INBOX")
        for number in range(2):
            acknowledge(add(inbox, b"new %d\n" % number)[0])
        inbox.remove([4])

    for left in stops(operation):
        told = KNOWN | {uid: b"new %d\r\n" % number for number, uid in enumerate(left.acknowledged)}
        shutil.rmtree(left.root / "fred" / "mailaccess")
        with reopened(left) as account:
            found = texts(account.mailbox("INBOX"))
            assert {*told.values()} - {b"new 0\r\n"} <= {*found.values()}, left
            assert len(set(found.values())) == len(found), left
            check_uids(account, told)


def test_several_appended_at_once(stops: Callable[[Operation], list[Left]]) -> None:
    """All are there once acknowledged; before that, all or none."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        acknowledge(add(account.mailbox("INBOX"), b"new 0\n", b"new 1\n", b"new 2\n"))

    for left in stops(operation):
        told = dict(KNOWN)
        for uids in left.acknowledged:
            told |= {uid: b"new %d\r\n" % number for number, uid in enumerate(uids)}
        with reopened(left) as account:
            found = texts(account.mailbox("INBOX"))
            assert {uid: found.get(uid) for uid in told} == told, left
            assert len(found) in {3, 6}, left
            check_uids(account, told)


def test_copy(stops: Callable[[Operation], list[Left]]) -> None:
    """The source is never touched; the copies are there once acknowledged."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        acknowledge(account.mailbox("INBOX").copy([1, 2], account.mailbox("Work")))

    for left in stops(operation):
        with reopened(left) as account:
            assert texts(account.mailbox("INBOX")) == KNOWN, left
            found = texts(account.mailbox("Work"))
            assert found[1] == b"work\r\n"
            assert set(found.values()) <= {b"work\r\n", b"one\r\n", b"two\r\n"}, left
            for pairs in left.acknowledged:
                assert {new: KNOWN[old] for old, new in pairs}.items() <= found.items(), left
            check_uids(account, KNOWN)


def test_copying_in_several_transactions(
    stops: Callable[[Operation], list[Left]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All copies or none, also if the machine stops between two of them."""
    monkeypatch.setattr("mailaccess.storage.flagging.SLICE", 1)

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        acknowledge(account.mailbox("INBOX").copy([1, 2, 3], account.mailbox("Work")))

    for left in stops(operation):
        with reopened(left) as account:
            assert texts(account.mailbox("INBOX")) == KNOWN, left
            found = texts(account.mailbox("Work"))
            whole = {1: b"work\r\n"} | {new: KNOWN[old] for pairs in left.acknowledged for old, new in pairs}
            if left.acknowledged:
                assert found == whole, left
            elif not left.power:
                committed = [text for uid, text in found.items() if uid > 1]
                assert len(committed) in {0, 1, 3}, left  # one whose transaction was not committed is a file delivered


def test_move(stops: Callable[[Operation], list[Left]]) -> None:
    """A message is never in neither mailbox, and once acknowledged in the target only."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        acknowledge(account.mailbox("INBOX").move([1, 2], account.mailbox("Work")))

    for left in stops(operation):
        with reopened(left) as account:
            here, there = texts(account.mailbox("INBOX")), texts(account.mailbox("Work"))
            both = [*here.values(), *there.values()]
            assert {b"one\r\n", b"two\r\n", b"three\r\n", b"work\r\n"} <= set(both), left
            if not left.power:
                assert len(both) == 4, left
            for pairs in left.acknowledged:
                assert here == {3: b"three\r\n"}, left
                assert there == {1: b"work\r\n"} | {new: KNOWN[old] for old, new in pairs}, left
            check_uids(account, KNOWN)


def test_expunge(stops: Callable[[Operation], list[Left]]) -> None:
    """What was said to be gone is gone for good; the others stay."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        acknowledge(account.mailbox("INBOX").expunge(None))
        acknowledge(account.mailbox("INBOX").remove([1]))

    for left in stops(operation):
        gone = {uid for uids in left.acknowledged for uid in uids}
        with reopened(left) as account:
            found = texts(account.mailbox("INBOX"))
            assert gone.isdisjoint(found), left
            assert found.items() <= KNOWN.items(), left
            assert 2 in found, left
            assert len(set(found.values())) == len(found), left
            check_uids(account, KNOWN)


def test_store(stops: Callable[[Operation], list[Left]]) -> None:
    """Flags outlive a killed process; a power failure may take the last ones, never a message."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        inbox = account.mailbox("INBOX")
        inbox.store([1, 2], Action.ADD, frozenset([FLAGGED, "$Work"]))
        acknowledge(inbox.highestmodseq)

    for left in stops(operation):
        with reopened(left) as account:
            inbox = account.mailbox("INBOX")
            assert texts(inbox) == KNOWN, left
            flags = flags_of(inbox)
            assert {*flags.values()} <= {frozenset(), frozenset([DELETED]), frozenset([FLAGGED, "$Work"])}, left
            if left.acknowledged and not left.power:
                assert flags[1] == flags[2] == {FLAGGED, "$Work"}, left
            inbox.store([1], Action.REPLACE, frozenset([SEEN]))
            assert all(inbox.highestmodseq > told for told in left.acknowledged), left


def test_sync(stops: Callable[[Operation], list[Left]]) -> None:
    """UIDs that were told for delivered mail stay; the mail itself is the deliverer's to make durable."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        inbox = account.mailbox("INBOX")
        arrive(account.root, b"delivered\n")
        inbox.sync()
        acknowledge(max(inbox.messages.uids))
        inbox.claim_recent()
        acknowledge(inbox.uidnext)

    for left in stops(operation):
        with reopened(left) as account:
            inbox = account.mailbox("INBOX")
            found = texts(inbox)
            assert KNOWN.items() <= found.items(), left
            if left.acknowledged and not left.power:
                assert found[left.acknowledged[0]] == b"delivered\r\n", left
            assert len(found) <= 4, left
            check_uids(account, KNOWN | dict.fromkeys(left.acknowledged[:1], b"delivered\r\n"))


def test_creating_and_deleting(stops: Callable[[Operation], list[Left]]) -> None:
    """Once acknowledged, a mailbox is there, or is not; its UIDVALIDITY is larger than any before."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        account.create("New")
        acknowledge(("created", account.mailbox("New").uidvalidity))
        account.delete("New")
        acknowledge(("deleted", 0))
        account.create("New")
        acknowledge(("created", account.mailbox("New").uidvalidity))

    for left in stops(operation):
        with reopened(left) as account:
            names = [entry.name for entry in account.mailboxes()]
            assert set(names) <= {"INBOX", "New", "Work"}, left
            if left.acknowledged and left.acknowledged[-1][0] == "created" and len(left.acknowledged) == 3:
                assert "New" in names, left
                assert account.mailbox("New").uidvalidity == left.acknowledged[-1][1], left
            elif "New" not in names:
                account.create("New")
                assert all(account.mailbox("New").uidvalidity > told for _, told in left.acknowledged), left
            assert texts(account.mailbox("INBOX")) == KNOWN, left


def test_renaming(stops: Callable[[Operation], list[Left]]) -> None:
    """Under one of its names, with all its mail and UIDs."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        account.create("Work/Child")
        add(account.mailbox("Work/Child"), b"child\n")
        acknowledge("begun")
        account.rename("Work", "Play")
        acknowledge("renamed")

    for left in stops(operation):
        with reopened(left) as account:
            names = [entry.name for entry in account.mailboxes() if entry.selectable]
            (name,) = (name for name in names if name in {"Work", "Play"})
            assert texts(account.mailbox(name)) == {1: b"work\r\n"}, left
            if left.acknowledged:
                assert texts(account.mailbox(f"{name}/Child")) == {1: b"child\r\n"}, left
            if left.acknowledged == ["begun", "renamed"]:
                assert name == "Play", left


def test_a_new_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far its making got, it is whole after the next login."""
    (tmp_path / "mail").mkdir()
    recorder = Recorder(tmp_path / "mail", tmp_path / "left")
    options = {"default_mailboxes": (("Sent", "\\Sent"), ("Trash", "\\Trash"))}
    accounts = Accounts(settings(tmp_path / "mail", **options))
    with recorder.watching(monkeypatch):
        account = accounts.open("fred", None)
        uid = add(account.mailbox("INBOX"), b"one\n")[0]
        recorder.acknowledge(uid)
    accounts.close()

    for left in recorder.left:
        again = Accounts(settings(left.root, **options))
        account = again.open("fred", None)
        assert [entry.name for entry in account.mailboxes()] == ["INBOX", "Sent", "Trash"], left
        assert account.subscriptions() == ["INBOX", "Sent", "Trash"], left
        inbox: Mailbox = account.mailbox("INBOX")
        if left.acknowledged:
            assert texts(inbox) == {uid: b"one\r\n"}, left
        again.close()


@pytest.mark.parametrize("name", ["INBOX", "Work"])
def test_replace(stops: Callable[[Operation], list[Left]], name: str) -> None:
    """The old one or the new one is there at every moment; once acknowledged, the new one alone."""

    def operation(account: Account, acknowledge: Callable[[object], None]) -> None:
        target = account.mailbox(name)
        incoming = target.incoming()
        incoming.write(b"new\n")
        acknowledge(account.mailbox("INBOX").replace(2, (incoming, frozenset([SEEN]), None), target))

    for left in stops(operation):
        with reopened(left) as account:
            inbox, target = texts(account.mailbox("INBOX")), texts(account.mailbox(name))
            old, new = inbox.get(2) == b"two\r\n", list(target.values()).count(b"new\r\n")
            assert old or new == 1, left
            assert new <= 1, left
            for uid in left.acknowledged:
                assert (old, target.get(int(str(uid)))) == (False, b"new\r\n"), left
            assert {uid: inbox.get(uid) for uid in (1, 3)} == {1: b"one\r\n", 3: b"three\r\n"}, left
            check_uids(account, KNOWN)
