"""The Maildir++ tree. What Dovecot calls its directories was seen in a run of Dovecot 2.3 with listescape."""

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.storage.errors import InvalidName, MailboxExists, NoSuchMailbox
from mailaccess.storage.folders import (
    Folders,
    directory_name,
    mailbox_name,
    normal_name,
)
from mailaccess.storage.maildir import Maildir

AS_DOVECOT = [
    ("a/b", ".a.b"),
    ("x.y/z", r".x\2ey.z"),
    (r"back\slash", r".back\5cslash"),
    ("~tilde", r".\7etilde"),
    ("a~b", ".a~b"),
    ("a/~c", r".a.\7ec"),
    ("Entwürfe", ".Entw&APw-rfe"),
    ("a&b", ".a&-b"),
    (".dot", r".\2edot"),
    ("trail.", r".trail\2e"),
    ("..", r".\2e\2e"),
    ("INBOX/sub", ".INBOX.sub"),
    ("uni/Größe.v", r".uni.Gr&APYA3w-e\2ev"),
]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path / "root")
    Maildir(made.root).create()
    return made


def put(folders: Folders, directory: str) -> Path:
    """A mailbox as another program makes it."""
    Maildir(folders.root / directory).create()
    return folders.root / directory


def names(folders: Folders) -> list[str]:
    return list(folders.mailboxes())


class TestNames:
    """Mailbox names and directories."""

    @pytest.mark.parametrize(("name", "directory"), AS_DOVECOT)
    def test_directories_are_called_as_dovecot_calls_them(self, name: str, directory: str) -> None:
        """Both ways."""
        assert directory_name(name) == directory
        assert mailbox_name(directory) == name

    @given(st.text(min_size=1, max_size=20))
    def test_every_name_has_one_directory_inside_the_root(self, name: str) -> None:
        """And the directory gives the name back."""
        try:
            normal = normal_name(name)
        except InvalidName:
            return
        directory = directory_name(normal)

        assert "/" not in directory
        assert directory not in {".", ".."}
        assert normal == "INBOX" or mailbox_name(directory) == normal

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "a\0b",
            "a\nb",
            "a\x7fb",
            "a\x85b",
            "a\u2028",
            "a\u2029",
            "\ud800",
            "x" * 255,
            "ü" * 120,
        ],
    )
    def test_what_cannot_be_a_name(self, name: str) -> None:
        """Empty parts, control characters, what no file name holds."""
        with pytest.raises(InvalidName):
            normal_name(name)

    @pytest.mark.parametrize(
        ("name", "normal"),
        [
            ("inbox", "INBOX"),
            ("InBox/Sub", "INBOX/Sub"),
            ("a/inbox", "a/inbox"),
            ("\u0131nbox", "\u0131nbox"),
            ("Gru\u0308n", "Gr\u00fcn"),
        ],
    )
    def test_one_spelling(self, name: str, normal: str) -> None:
        """INBOX in capitals, composed characters."""
        assert normal_name(name) == normal

    @pytest.mark.parametrize(
        ("directory", "name"),
        [
            (".Entwürfe", "Entwürfe"),  # Courier with UTF-8
            (os.fsdecode(b".Gr\xfcn"), "Grün"),
            (unicodedata.normalize("NFD", ".Grün"), "Grün"),
            (".a&b", "a&b"),
            (".a..b", "a./b"),
            (".a.", "a."),
            (r".a\2fb", r"a\2fb"),
            (r".a\zz", r"a\zz"),
            (".inbox.sub", "INBOX/sub"),
        ],
    )
    def test_directories_of_other_programs_have_names_too(self, directory: str, name: str) -> None:
        """However they were encoded."""
        assert mailbox_name(directory) == name

    @pytest.mark.parametrize("directory", [".", "..", "..DOVECOT-TRASHED", ".INBOX", ".inbox", "cur", "", ".a\nb"])
    def test_what_is_no_mailbox(self, directory: str) -> None:
        """INBOX is the root only."""
        assert mailbox_name(directory) is None


class TestListing:
    """Which directories are mailboxes."""

    def test_inbox_comes_first(self, folders: Folders) -> None:
        """Then the others, sorted; parents need not exist."""
        put(folders, ".b")
        put(folders, ".a.c")

        assert folders.mailboxes() == {
            "INBOX": folders.root,
            "a/c": folders.root / ".a.c",
            "b": folders.root / ".b",
        }

    def test_other_directories_are_none(self, folders: Folders) -> None:
        """A Maildir may be somebody's home."""
        (folders.root / ".ssh").mkdir()
        (folders.root / ".profile").touch()
        put(folders, "..DOVECOT-TRASHED")

        assert names(folders) == ["INBOX"]

    def test_a_link_out_of_the_root_is_none(self, folders: Folders, tmp_path: Path) -> None:
        """Neither as the mailbox nor inside it."""
        Maildir(tmp_path / "other").create()
        (folders.root / ".stolen").symlink_to(tmp_path / "other")
        inner = put(folders, ".inner")
        (inner / "new").rmdir()
        (inner / "new").symlink_to(tmp_path / "other" / "new")

        assert names(folders) == ["INBOX"]
        assert folders.find("stolen") is None
        assert folders.find("inner") is None

    def test_a_link_within_the_root_is_one(self, folders: Folders) -> None:
        """Another name for the same mail."""
        put(folders, ".a")
        (folders.root / ".b").symlink_to(".a")

        assert names(folders) == ["INBOX", "a", "b"]

    def test_a_linked_root_is_the_operators_choice(self, folders: Folders, tmp_path: Path) -> None:
        """The check begins below it."""
        put(folders, ".a")
        (tmp_path / "link").symlink_to(folders.root)

        assert names(Folders(tmp_path / "link")) == ["INBOX", "a"]

    def test_the_canonical_of_two_directories_counts(self, folders: Folders) -> None:
        """Two encodings of one name."""
        put(folders, ".Entwürfe")
        canonical = put(folders, ".Entw&APw-rfe")

        assert folders.mailboxes()["Entwürfe"] == canonical

    def test_a_mailbox_whose_empty_directories_were_left_out_is_mended(self, folders: Folders) -> None:
        """`maildirfolder` tells that it is one."""
        (folders.root / ".a").mkdir()
        (folders.root / ".a" / "maildirfolder").touch()

        assert names(folders) == ["INBOX", "a"]
        assert folders.find("a") == folders.root / ".a"
        assert Maildir(folders.root / ".a").exists()


class TestFind:
    """From name to directory."""

    def test_a_foreign_spelling_is_found(self, folders: Folders) -> None:
        """By listing."""
        directory = put(folders, ".Entwürfe")

        assert folders.find("Entwürfe") == directory

    @pytest.mark.parametrize("name", ["nothing", "../other", "..", "a\0b"])
    def test_what_is_not_there(self, folders: Folders, tmp_path: Path, name: str) -> None:
        """No name leads out of the root."""
        Maildir(tmp_path / "other").create()

        assert folders.find(name) is None


class TestCreate:
    """New mailboxes."""

    def test_it_is_whole(self, folders: Folders) -> None:
        """With the mark that tells delivery programs of a sub-folder."""
        directory = folders.create("x.y/z")

        assert directory == folders.root / r".x\2ey.z"
        assert sorted(path.name for path in directory.iterdir()) == ["cur", "maildirfolder", "new", "tmp"]
        assert names(folders) == ["INBOX", "x.y/z"]

    @pytest.mark.parametrize("name", ["a", "Entwürfe", "INBOX", "inbox"])
    def test_one_that_exists(self, folders: Folders, name: str) -> None:
        """In whatever encoding."""
        put(folders, ".a")
        put(folders, ".Entwürfe")

        with pytest.raises(MailboxExists):
            folders.create(name)

    def test_a_directory_that_is_no_mailbox_is_left_alone(self, folders: Folders) -> None:
        """Nobody's mail is put among somebody's keys."""
        (folders.root / ".ssh").mkdir()

        with pytest.raises(MailboxExists):
            folders.create("ssh")

        assert list((folders.root / ".ssh").iterdir()) == []
        assert sorted(path.name for path in folders.root.iterdir()) == [".ssh", "cur", "new", "tmp"]

    def test_inbox_where_it_is_missing(self, tmp_path: Path) -> None:
        """A new account."""
        (tmp_path / "new").mkdir()

        assert Folders(tmp_path).create("INBOX") == tmp_path
        assert names(Folders(tmp_path)) == ["INBOX"]

    def test_invalid_names_make_nothing(self, folders: Folders) -> None:
        """They are refused before any path is made."""
        with pytest.raises(InvalidName):
            folders.create("a//b")


class TestDelete:
    """Mailboxes go with their mail."""

    def test_children_stay(self, folders: Folders) -> None:
        """RFC 3501 6.3.4."""
        (put(folders, ".a") / "cur" / "1.host:2,").touch()
        put(folders, ".a.b")

        folders.delete("a")

        assert names(folders) == ["INBOX", "a/b"]
        assert sorted(path.name for path in folders.root.iterdir()) == [".a.b", "cur", "new", "tmp"]

    def test_what_cannot_be_deleted(self, folders: Folders) -> None:
        """INBOX, and what is not there."""
        with pytest.raises(InvalidName):
            folders.delete("INBOX")
        with pytest.raises(NoSuchMailbox):
            folders.delete("a")

    def test_a_link_goes_without_what_it_leads_to(self, folders: Folders) -> None:
        """The mail has another name."""
        put(folders, ".a")
        (folders.root / ".b").symlink_to(".a")

        folders.delete("b")

        assert names(folders) == ["INBOX", "a"]
        assert len(list(folders.root.iterdir())) == 4

    def test_what_a_crash_left_is_purged(self, folders: Folders) -> None:
        """Half deleted and half made mailboxes are invisible meanwhile."""
        put(folders, "mailaccess-trash-1")
        put(folders, "mailaccess-new-2")
        assert names(folders) == ["INBOX"]

        folders.purge()

        assert sorted(path.name for path in folders.root.iterdir()) == ["cur", "new", "tmp"]


class TestRename:
    """Directories and their children."""

    def test_children_follow(self, folders: Folders) -> None:
        """Others whose names only begin alike do not."""
        for directory in (".a", ".a.b", ".a.b.c", ".ab"):
            put(folders, directory)

        folders.rename("a", "x/y")

        assert names(folders) == ["INBOX", "ab", "x/y", "x/y/b", "x/y/b/c"]

    def test_a_parent_that_is_none_itself(self, folders: Folders) -> None:
        """Its children have a new one."""
        put(folders, ".a.b")

        folders.rename("a", "c")

        assert names(folders) == ["INBOX", "c/b"]

    def test_upwards_into_its_own_parents_place(self, folders: Folders) -> None:
        """Each finds its place free when its turn comes."""
        for directory in (".a.a", ".a.a.a", ".a.a.a.b"):
            put(folders, directory)

        folders.rename("a/a", "a")

        assert names(folders) == ["INBOX", "a", "a/a", "a/a/b"]

    @pytest.mark.parametrize("new", ["a/b", "INBOX", "inbox"])
    def test_not_into_itself_nor_over_inbox(self, folders: Folders, new: str) -> None:
        """Nothing moves."""
        put(folders, ".a")

        with pytest.raises((InvalidName, MailboxExists)):
            folders.rename("a", new)

        assert names(folders) == ["INBOX", "a"]

    @pytest.mark.parametrize("taken", [".x", ".x.b"])
    def test_not_over_another_not_even_a_childs(self, folders: Folders, taken: str) -> None:
        """Found out before the first directory moves."""
        for directory in (".a", ".a.b", taken):
            put(folders, directory)
        before = names(folders)

        with pytest.raises(MailboxExists):
            folders.rename("a", "x")

        assert names(folders) == before

    def test_a_child_whose_new_name_would_be_too_long(self, folders: Folders) -> None:
        """The whole rename is refused."""
        put(folders, ".a." + "b" * 200)
        put(folders, ".a")

        with pytest.raises(InvalidName):
            folders.rename("a", "c" * 100)

        assert "a" in names(folders)

    def test_what_is_not_there(self, folders: Folders) -> None:
        """NoSuchMailbox."""
        with pytest.raises(NoSuchMailbox):
            folders.rename("a", "b")

    def test_a_foreign_spelling_becomes_canonical(self, folders: Folders) -> None:
        """The new directory is named our way."""
        put(folders, ".Entwürfe.alt")

        folders.rename("Entwürfe", "Grün")

        assert folders.mailboxes()["Grün/alt"] == folders.root / ".Gr&APw-n.alt"

    def test_a_rename_that_a_crash_interrupted_is_finished(self, folders: Folders) -> None:
        """What was moved already is left alone, and a second finish does nothing."""
        for directory in (".new", ".old.b", ".old.c"):
            put(folders, directory)

        folders.finish_rename("old", "new")
        folders.finish_rename("old", "new")

        assert names(folders) == ["INBOX", "new", "new/b", "new/c"]
