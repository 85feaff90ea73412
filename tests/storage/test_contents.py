"""Opening messages, and what is computed from them once."""

import os
from pathlib import Path

import pytest

from mailaccess.mail.lines import LineEnding
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.errors import MessageGone, Unavailable
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.messages import UNSIZED
from tests.storage.post import TEXT, WIRE_TEXT, add, arrive, seen_files, settings


class TestContent:
    """A message's octets."""

    def test_in_wire_form(self, inbox: Mailbox, account: Account) -> None:
        """However the file's lines end."""
        arrive(account.root, TEXT, name="1.host")
        arrive(account.root, WIRE_TEXT, name="2.host")
        inbox.sync()
        found = []
        for uid in (1, 2):
            with inbox.content(uid) as content:
                found.append((content.read(0, 1000), content.size, content.ending))

        assert found == [(WIRE_TEXT, len(WIRE_TEXT), LineEnding.LF), (WIRE_TEXT, len(WIRE_TEXT), LineEnding.CRLF)]

    def test_a_file_renamed_meanwhile(self, inbox: Mailbox, account: Account) -> None:
        """By a likely name or any other."""
        add(inbox, b"one\n", b"two\n")
        for path, letters in zip(seen_files(account.root), ("S", "DFRT"), strict=True):
            path.rename(f"{path}{letters}")
        for uid, text in ((1, b"one\r\n"), (2, b"two\r\n")):
            with inbox.content(uid) as content:
                assert content.read(0, 100) == text

    def test_at_hand(self, inbox: Mailbox, account: Account) -> None:
        """Only where the index has it; nothing is looked for."""
        add(inbox, b"one\n", b"two\n")
        first, second = seen_files(account.root)
        first.rename(f"{first}S")
        second.unlink()
        assert inbox.content_at_hand(1) is None
        assert inbox.content_at_hand(2) is None
        inbox.sync()

        content = inbox.content_at_hand(1)
        assert content is not None
        with content:
            assert content.read(0, 100) == b"one\r\n"
        with pytest.raises(MessageGone):
            inbox.content_at_hand(2)

    def test_several_at_hand(self, inbox: Mailbox, account: Account) -> None:
        """None of those would be looked for that are not where they were."""
        add(inbox, b"one\n", b"two\n", b"three\n")
        open_content = inbox.opening_at_hand([1, 2, 9])
        first, second, _ = seen_files(account.root)
        second.rename(f"{second}S")
        content = open_content(1)
        assert content is not None
        with content:
            assert content.read(0, 100) == b"one\r\n"
        assert [open_content(uid) for uid in (2, 9)] == [None, None]
        first.write_bytes(b"other\n")
        with pytest.raises(MessageGone):
            open_content(1)

    def test_several_whose_rows_are_read_at_once(self, inbox: Mailbox, account: Account) -> None:
        """As one by one: what was renamed, removed or added since is found, or gone, all the same."""
        add(inbox, b"one\n", b"two\n", b"three\n")
        open_content = inbox.opening([1, 2, 3, 9])
        first, second, _ = seen_files(account.root)
        first.rename(f"{first}S")
        second.unlink()
        add(inbox, b"four\n")
        found = {}
        for uid in (1, 3, 4):
            with open_content(uid) as content:
                found[uid] = content.read(0, 100)

        assert found == {1: b"one\r\n", 3: b"three\r\n", 4: b"four\r\n"}
        for uid in (2, 9):
            with pytest.raises(MessageGone):
                open_content(uid)

    def test_a_removed_file(self, inbox: Mailbox, account: Account) -> None:
        """MessageGone; and so are all others that were removed."""
        add(inbox, b"one\n", b"two\n", b"three\n")
        inbox.sync()
        for path in seen_files(account.root)[:2]:
            path.unlink()
        with pytest.raises(MessageGone) as caught:
            inbox.content(2)

        assert caught.value.uid == 2
        assert list(inbox.messages.uids) == [3]

    def test_no_such_message(self, inbox: Mailbox) -> None:
        """Never there, or expunged."""
        with pytest.raises(MessageGone):
            inbox.content(7)

    def test_a_link_put_in_a_files_place(self, inbox: Mailbox, account: Account) -> None:
        """Does not lead anywhere."""
        add(inbox)
        (path,) = (account.root / "cur").iterdir()
        path.unlink()
        path.symlink_to("/etc/passwd")

        with pytest.raises(MessageGone):
            inbox.content(1)

    def test_a_file_nobody_may_read(self, inbox: Mailbox, account: Account) -> None:
        """Says so, without a path."""
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        add(inbox)
        (path,) = (account.root / "cur").iterdir()
        path.chmod(0)

        with pytest.raises(Unavailable):
            inbox.content(1)


class TestSizes:
    """RFC822.SIZE is exact."""

    def test_unknown_until_the_file_is_read(self, inbox: Mailbox, account: Account) -> None:
        """Then known to all, and after a restart."""
        arrive(account.root, TEXT)
        inbox.sync()
        assert list(inbox.messages.sizes) == [UNSIZED]

        assert inbox.make_sizes([1]) == {1: len(WIRE_TEXT)}
        assert list(inbox.messages.sizes) == [len(WIRE_TEXT)]
        assert account.status("INBOX").size == len(WIRE_TEXT)

    def test_a_name_that_lies_is_not_believed(self, inbox: Mailbox, account: Account) -> None:
        """S= and W= are hints."""
        arrive(account.root, TEXT, name="1.host,S=1,W=2")
        inbox.sync()

        assert inbox.make_sizes([1]) == {1: len(WIRE_TEXT)}

    def test_what_is_gone_is_missing(self, inbox: Mailbox, account: Account) -> None:
        """The others are there."""
        arrive(account.root, name="1.host")
        arrive(account.root, name="2.host").unlink()
        inbox.sync()

        assert inbox.make_sizes([1, 2]) == {1: len(WIRE_TEXT)}

    def test_they_are_kept(self, accounts: Accounts, inbox: Mailbox, account: Account) -> None:
        """Another process does not read the file again."""
        path = arrive(account.root)
        inbox.sync()
        inbox.make_sizes([1])
        accounts.close()
        path.unlink()
        path.symlink_to("nowhere")
        again = Accounts(settings(account.root.parent))

        assert list(again.open("fred", None)._boxes.open("INBOX").index.read(sizes)) == [len(WIRE_TEXT)]
        again.close()

    def test_status_reads_what_is_unknown_only_if_asked(self, inbox: Mailbox, account: Account) -> None:
        """A first STATUS of a large mailbox need not read all its files."""
        arrive(account.root)

        assert account.status("INBOX", size=False).size == 0
        assert account.status("INBOX").size == len(WIRE_TEXT)


class TestFacts:
    """What a protocol wants to know of a message, computed once."""

    def test_made_and_kept(self, inbox: Mailbox) -> None:
        """Those that were not made are not cached."""
        add(inbox, TEXT, b"Subject: two\n\n")
        assert inbox.cached_facts([1, 2]) == {}

        assert inbox.make_facts([1]) == {1: b"25 Subject: hello"}
        assert inbox.cached_facts([1, 2]) == {1: b"25 Subject: hello"}

    def test_facts_of_another_version_are_made_anew(self, inbox: Mailbox, account: Account, tmp_path: Path) -> None:
        """After an upgrade."""
        add(inbox)
        inbox.make_facts([1])
        newer = Accounts(settings(tmp_path, facts=lambda _: b"newer", facts_version=2))
        mailbox = newer.open("fred", None).mailbox("INBOX")

        assert mailbox.cached_facts([1]) == {}
        assert mailbox.make_facts([1]) == {1: b"newer"}
        newer.close()

    def test_sizes_come_along(self, inbox: Mailbox, account: Account) -> None:
        """The file was read anyway."""
        arrive(account.root)
        inbox.sync()
        inbox.make_facts([1])

        assert list(inbox.messages.sizes) == [len(WIRE_TEXT)]

    def test_they_outlive_their_message(self, inbox: Mailbox) -> None:
        """For sessions that have not been told yet. New ones cannot be made."""
        add(inbox, TEXT, TEXT)
        inbox.make_facts([1])
        inbox.remove([1, 2])

        assert inbox.cached_facts([1, 2]) == {1: b"25 Subject: hello"}
        assert inbox.make_facts([1, 2]) == {}

    def test_what_is_gone_is_missing(self, inbox: Mailbox) -> None:
        """The others are made."""
        add(inbox, TEXT, TEXT)
        inbox.remove([1])

        assert list(inbox.make_facts([1, 2])) == [2]

    def test_a_large_message(self, inbox: Mailbox) -> None:
        """Is not held in memory whole."""
        add(inbox, b"Subject: large\n\n" + b"x" * 79 * 20_000 + b"\n")

        assert inbox.make_facts([1])[1].endswith(b"Subject: large")


class TestUidl:
    """POP3's names of messages."""

    def test_dovecots_form(self, inbox: Mailbox) -> None:
        """UID and UIDVALIDITY, eight hex digits each."""
        add(inbox, TEXT, TEXT)

        assert inbox.uidls([1, 2]) == [f"{uid:08x}{inbox.uidvalidity:08x}" for uid in (1, 2)]

    @pytest.mark.parametrize(
        ("pattern", "uidl"),
        [
            ("%08Xu%08Xv", "0000000700003039"),
            ("%v-%u", "12345-7"),
            ("%Xu.%%", "7.%"),
            ("%f", "0000000700003039"),
            ("%v", "0000000700003039"),
        ],
    )
    def test_the_form_another_server_used(self, account: Account, pattern: str, uidl: str) -> None:
        """As the uidlist's header says, unless it is made of what we do not know."""
        arrive(account.root, name="1.host")
        (account.root / "dovecot-uidlist").write_text(f"3 V12345 N8 P{pattern} G{'a' * 32}\n7 :1.host\n")

        assert account.mailbox("INBOX").uidls([7]) == [uidl]

    def test_none(self, inbox: Mailbox) -> None:
        """For nothing."""
        assert inbox.uidls([]) == []


def sizes(connection: object) -> list[int]:
    """All that are known to the index."""
    return [size for (size,) in connection.execute("SELECT size FROM message")]  # type: ignore[attr-defined]
