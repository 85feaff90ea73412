"""One user's mail."""

import logging
import shutil
import threading
from pathlib import Path

import pytest

from mailaccess.mail.flags import FLAGGED, SEEN
from mailaccess.storage import acl
from mailaccess.storage.account import Account, MailboxEntry
from mailaccess.storage.accounts import DEFAULT_MAILBOXES, Accounts
from mailaccess.storage.errors import (
    HasChildren,
    InvalidName,
    MailboxExists,
    NoSuchMailbox,
    NotSelectable,
    StorageError,
)
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.uidlist import read_uidlist
from mailaccess.storage.watch import Watcher
from tests.storage.post import add, arrive, settings, settle, texts


def names(account: Account) -> list[str]:
    """Of all mailboxes."""
    return [entry.name for entry in account.mailboxes()]


class TestTree:
    """LIST, CREATE, DELETE, RENAME."""

    def test_inbox_comes_first(self, account: Account) -> None:
        """The others are sorted."""
        for name in ("Zebra", "Alpha", "Entwürfe"):
            account.create(name)

        assert names(account) == ["INBOX", "Alpha", "Entwürfe", "Zebra"]

    def test_parents_that_exist_by_name_only(self, account: Account) -> None:
        """Are listed, and cannot be selected."""
        account.create("a/b/c")

        assert account.mailboxes()[1:] == [
            MailboxEntry("a", selectable=False),
            MailboxEntry("a/b", selectable=False),
            MailboxEntry("a/b/c"),
        ]
        with pytest.raises(NotSelectable):
            account.mailbox("a/b")

    def test_what_does_not_exist(self, account: Account) -> None:
        """Says so."""
        with pytest.raises(NoSuchMailbox):
            account.mailbox("Nowhere")
        with pytest.raises(NoSuchMailbox):
            account.status("Nowhere")
        with pytest.raises(NoSuchMailbox):
            account.delete("Nowhere")
        with pytest.raises(NoSuchMailbox):
            account.rename("Nowhere", "Somewhere")

    def test_a_name_is_taken_once(self, account: Account) -> None:
        """INBOX in any case is."""
        account.create("Work")
        with pytest.raises(MailboxExists):
            account.create("Work")
        with pytest.raises(MailboxExists):
            account.create("inbox")
        account.create("Other")
        with pytest.raises(MailboxExists):
            account.rename("Other", "Work")

    @pytest.mark.parametrize("name", ["", "/", "a//b", "/a", "a/", "x\0y", "x" * 300, "INBOX/"])
    def test_names_that_cannot_be(self, account: Account, name: str) -> None:
        """Refused before any path is made."""
        with pytest.raises(InvalidName):
            account.create(name)

    @pytest.mark.parametrize("name", ["..", "../fred", ".", "~root", "a/../../b", "a.b", "cur", "\\"])
    def test_names_that_only_look_dangerous(self, account: Account, name: str) -> None:
        """Are names like any other, inside the account."""
        account.create(name)

        assert name in names(account)
        assert {path.name for path in account.root.parent.iterdir()} == {"fred"}
        add(account.mailbox(name))

    def test_deleting_leaves_children(self, account: Account) -> None:
        """The name stays as their parent, and cannot be deleted a second time (RFC 3501 6.3.4)."""
        account.create("a")
        account.create("a/b")
        add(account.mailbox("a"))
        account.delete("a")
        assert account.mailboxes()[1:] == [MailboxEntry("a", selectable=False), MailboxEntry("a/b")]

        with pytest.raises(HasChildren):
            account.delete("a")

    def test_inbox_cannot_be_deleted(self, account: Account) -> None:
        """RFC 3501 6.3.4."""
        with pytest.raises(InvalidName):
            account.delete("INBOX")

    def test_a_name_used_again_has_a_larger_uidvalidity(self, account: Account) -> None:
        """Else clients would take its messages for those they know."""
        seen = []
        for _ in range(3):
            account.create("Work")
            work = account.mailbox("Work")
            add(work)
            seen.append(work.uidvalidity)
            account.delete("Work")

        assert seen == sorted(set(seen))

    def test_renaming_keeps_messages_and_children(self, account: Account) -> None:
        """UIDs and UIDVALIDITY too."""
        account.create("a")
        account.create("a/b")
        account.create("ab")
        for name in ("a", "a/b"):
            add(account.mailbox(name), name.encode() + b"\n")
        before = {name: account.mailbox(name).uidvalidity for name in ("a", "a/b")}
        account.rename("a", "x/y")

        assert names(account) == ["INBOX", "ab", "x", "x/y", "x/y/b"]
        assert texts(account.mailbox("x/y")) == {1: b"a\r\n"}
        assert texts(account.mailbox("x/y/b")) == {1: b"a/b\r\n"}
        assert account.mailbox("x/y").uidvalidity == before["a"]
        assert account.mailbox("x/y/b").uidvalidity == before["a/b"]

    def test_renaming_inbox_moves_its_messages(self, account: Account) -> None:
        """And leaves it, and its children, where they are (RFC 3501 6.3.5)."""
        account.create("INBOX/child")
        add(account.mailbox("INBOX"), b"one\n", b"two\n")
        account.rename("inbox", "Old mail")

        assert names(account) == ["INBOX", "INBOX/child", "Old mail"]
        assert texts(account.mailbox("INBOX")) == {}
        assert texts(account.mailbox("Old mail")) == {1: b"one\r\n", 2: b"two\r\n"}

    def test_a_mailbox_cannot_become_its_own_child(self, account: Account) -> None:
        """Nothing happens."""
        account.create("a")
        with pytest.raises(InvalidName):
            account.rename("a", "a/b")

        assert names(account) == ["INBOX", "a"]

    def test_a_directory_moved_by_another_program_keeps_its_uids(self, account: Account) -> None:
        """It is known by its GUID; the same without the index."""
        account.create("Work")
        add(account.mailbox("Work"), b"one\n", b"two\n")
        account.mailbox("Work").remove([1])
        validity = account.mailbox("Work").uidvalidity
        (account.root / ".Work").rename(account.root / ".Done")
        done = account.mailbox("Done")

        assert (texts(done), done.uidvalidity) == ({2: b"two\r\n"}, validity)
        with pytest.raises(NoSuchMailbox):
            account.mailbox("Work")

    def test_a_directory_copied_by_another_program_is_a_mailbox_of_its_own(self, account: Account) -> None:
        """Whichever is opened first."""
        account.create("Work")
        add(account.mailbox("Work"), b"one\n")
        shutil.copytree(account.root / ".Work", account.root / ".Copy")
        copied, work = account.mailbox("Copy"), account.mailbox("Work")
        add(copied, b"two\n")

        assert copied.guid != work.guid
        assert (list(texts(work).values()), list(texts(copied).values())) == ([b"one\r\n"], [b"one\r\n", b"two\r\n"])
        assert account.mailbox("Copy") is copied

    def test_two_directories_that_change_places(self, account: Account) -> None:
        """Each mailbox is found where it went."""
        for name in ("A", "B"):
            account.create(name)
            add(account.mailbox(name), name.encode() + b"\n")
        account.mailbox("A").remove([1])
        add(account.mailbox("A"), b"A again\n")
        (account.root / ".A").rename(account.root / ".C")
        (account.root / ".B").rename(account.root / ".A")
        (account.root / ".C").rename(account.root / ".B")

        assert texts(account.mailbox("B")) == {2: b"A again\r\n"}
        assert texts(account.mailbox("A")) == {1: b"B\r\n"}

    def test_another_mailbox_in_a_directorys_place(self, account: Account) -> None:
        """One that is not known to the index has its own UIDs and UIDVALIDITY."""
        account.create("Work")
        add(account.mailbox("Work"))
        validity = account.mailbox("Work").uidvalidity
        for where in ("cur", "new", "tmp"):  # before the others are removed, whose inodes they might get
            (account.root / "other" / where).mkdir(parents=True)
        shutil.rmtree(account.root / ".Work")
        (account.root / "other").rename(account.root / ".Work")
        arrive(account.root / ".Work", b"other\n")
        work = account.mailbox("Work")

        assert list(texts(work).values()) == [b"other\r\n"]
        assert work.uidvalidity > validity


class TestNewAccount:
    """What a user begins with."""

    def test_default_mailboxes_are_made_and_subscribed(self, tmp_path: Path) -> None:
        """When nothing was there before."""
        accounts = Accounts(settings(tmp_path, default_mailboxes=DEFAULT_MAILBOXES))
        account = accounts.open("ann", None)

        assert {entry.name: set(entry.special_use) for entry in account.mailboxes()} == {
            "INBOX": set(),
            "Archive": {"\\Archive"},
            "Drafts": {"\\Drafts"},
            "Junk": {"\\Junk"},
            "Sent": {"\\Sent"},
            "Trash": {"\\Trash"},
        }
        assert account.subscriptions() == sorted(names(account))
        accounts.close()

    def test_a_maildir_with_mail_is_left_as_it_is(self, tmp_path: Path) -> None:
        """Taken over from another server, it has the mailboxes its user wanted."""
        root = tmp_path / "ann"
        for where in ("cur", "new", "tmp", ".Post/cur"):
            (root / where).mkdir(parents=True)
        arrive(root)
        accounts = Accounts(settings(tmp_path, default_mailboxes=DEFAULT_MAILBOXES))
        account = accounts.open("ann", None)

        assert names(account) == ["INBOX", "Post"]
        assert account.subscriptions() == []
        accounts.close()

    def test_a_crash_in_the_middle_is_made_good(self, tmp_path: Path) -> None:
        """Whatever was made already."""
        (tmp_path / "ann" / ".Drafts" / "cur").mkdir(parents=True)
        (tmp_path / "ann" / "mailaccess").mkdir()
        accounts = Accounts(settings(tmp_path, default_mailboxes=DEFAULT_MAILBOXES))

        assert names(accounts.open("ann", None)) == ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]
        accounts.close()

    def test_two_at_once(self, tmp_path: Path) -> None:
        """Two workers open the account of a new user."""
        both = [Accounts(settings(tmp_path, default_mailboxes=DEFAULT_MAILBOXES)) for _ in range(2)]
        found: list[list[str]] = []
        threads = [
            threading.Thread(target=lambda accounts=accounts: found.append(names(accounts.open("ann", None))))
            for accounts in both
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(found) == 2
        assert names(both[0].open("ann", None)) == ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]
        for accounts in both:
            accounts.close()


class TestSubscriptions:
    """Names that clients show."""

    def test_subscribing(self, account: Account) -> None:
        """The mailbox need not exist."""
        account.subscribe("Work")
        account.subscribe("inbox")
        account.subscribe("Work")
        assert account.subscriptions() == ["INBOX", "Work"]
        account.unsubscribe("Work")
        account.unsubscribe("Never")

        assert account.subscriptions() == ["INBOX"]

    def test_they_outlive_their_mailbox(self, account: Account) -> None:
        """ "MUST NOT unilaterally remove an existing mailbox name from the subscription list" (RFC 3501 6.3.6)."""
        account.create("Work")
        account.subscribe("Work")
        account.delete("Work")

        assert account.subscriptions() == ["INBOX", "Work"]


class TestCare:
    """Closing, and the loss of the index."""

    def test_closing_writes_uidlists(self, accounts: Accounts, account: Account) -> None:
        """So that all UIDs outlive the index."""
        inbox = account.mailbox("INBOX")
        add(inbox, b"one\n", b"two\n", b"three\n")
        inbox.remove([2])
        accounts.close()
        uidlist = read_uidlist(account.root)

        assert uidlist is not None
        assert [record.uid for record in uidlist.records] == [1, 3]

    def test_a_closed_account_can_be_used_again(self, account: Account) -> None:
        """Sessions may still hold it when it is put to rest."""
        inbox = account.mailbox("INBOX")
        add(inbox)
        account.close()

        assert add(inbox) == [2]
        assert names(account) == ["INBOX"]

    def test_a_corrupt_index_costs_nothing_but_time(
        self, accounts: Accounts, account: Account, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is set aside with a warning and made anew: same messages, same UIDs."""
        inbox = account.mailbox("INBOX")
        add(inbox, b"one\n", b"two\n", flags=frozenset([SEEN, "$Work"]))
        before = texts(inbox), inbox.uidvalidity
        accounts.close()
        (account.index_path / "index.sqlite").write_bytes(b"\0" * 5000)
        again = Accounts(settings(account.root.parent))
        with caplog.at_level(logging.WARNING):
            inbox = again.open("fred", None).mailbox("INBOX")

        assert (texts(inbox), inbox.uidvalidity) == before
        assert set(inbox.messages.flags) == {frozenset([SEEN, "$Work"])}
        assert "set aside" in caplog.text
        again.close()

    def test_a_root_that_cannot_be_made(self, tmp_path: Path) -> None:
        """No mail just now; the path is not told to the user."""
        (tmp_path / "fred").touch()
        accounts = Accounts(settings(tmp_path))

        with pytest.raises(StorageError) as caught:
            accounts.open("fred", None)
        assert str(tmp_path) not in str(caught.value)
        accounts.close()


def left(account: Account, name: str = "INBOX") -> Mailbox:
    """A mailbox with one message that a session had open, and left when nothing was in doubt."""
    mailbox = account.mailbox(name)
    add(mailbox)
    leave = mailbox.subscribe(lambda: None)
    settle(mailbox)
    assert mailbox.claim_recent() == 1
    settle(mailbox)
    assert not mailbox.poll()
    leave()
    return mailbox


class TestAtHand:
    """A mailbox that was just left is opened again without a thread, unless anything has happened."""

    def test_one_that_was_left(self, account: Account, watcher: Watcher) -> None:
        """It is the same object, and nothing is to be claimed in it."""
        mailbox = left(account)

        assert account.at_hand("INBOX") is mailbox
        assert mailbox.is_claimed

    def test_its_sums(self, account: Account, watcher: Watcher) -> None:
        """Are those that the index has; but where the size of a file is not known."""
        mailbox = left(account)
        mailbox.store([1], Action.ADD, frozenset([SEEN]))
        add(mailbox)
        assert mailbox.is_at_hand()
        found = account.status_at_hand("INBOX")
        assert found == account.status("INBOX")
        assert found is not None
        assert (found.messages, found.unseen, found.recent) == (2, 1, 1)

        arrive(account.root)
        mailbox.sync()
        settle(mailbox)
        assert account.status_at_hand("INBOX") is None
        assert account.status_at_hand("INBOX", size=False) == account.status("INBOX", size=False)

    def test_one_that_nobody_listens_to(self, account: Account, watcher: Watcher) -> None:
        """It was long ago, or never, that it was open."""
        left(account).rest()
        account.create("Other")

        assert account.at_hand("INBOX") is None
        assert account.at_hand("Other") is None
        assert account.at_hand("Unknown") is None
        assert account.at_hand("not//a name") is None

    @pytest.mark.parametrize("what", ["delivery", "commit", "list", "keywords", "removal"])
    def test_something_has_happened(self, account: Account, elsewhere: Account, watcher: Watcher, what: str) -> None:
        """Whoever did it, the mailbox is looked at anew."""
        account.create("Box")
        left(account, "Box")
        assert account.at_hand("Box") is not None
        directory = account.root / ".Box"
        match what:
            case "delivery":
                arrive(directory)
            case "commit":
                elsewhere.mailbox("Box").store([1], Action.ADD, frozenset([FLAGGED]))
            case "list":
                (directory / acl.FILE).write_text("owner lr\n")
            case "keywords":
                (directory / "dovecot-keywords").write_text("0 $Label\n")
            case "removal":
                shutil.rmtree(directory)

        assert account.at_hand("Box") is None

    def test_another_in_its_place(self, account: Account, watcher: Watcher) -> None:
        """What is called so is asked of the disk each time."""
        account.create("Box")
        account.create("Box2")
        mailbox = left(account, "Box")
        assert not mailbox.poll()
        (account.root / ".Box").rename(account.root / ".Box3")
        (account.root / ".Box2").rename(account.root / ".Box")

        assert account.at_hand("Box") is None
        assert account.mailbox("Box") is not mailbox

    def test_what_is_new_has_to_be_claimed(self, account: Account, watcher: Watcher) -> None:
        """Known to be there is not enough; flags make no difference."""
        mailbox = left(account)
        mailbox.store([1], Action.ADD, frozenset([FLAGGED]))
        assert mailbox.is_claimed
        arrive(account.root)
        mailbox.sync()
        assert not mailbox.is_claimed

        assert mailbox.claim_recent() == 2
        assert mailbox.is_claimed
