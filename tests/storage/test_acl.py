"""Access control lists and Dovecot's file of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.storage import acl
from mailaccess.storage.acl import Acl, Entry, Who, from_identifier, read_acl, to_identifier, write_acl
from mailaccess.storage.rights import ALL, LETTERS, NONE, UnknownRight

DOVECOT = 'anyone l\ngroup=team i\nuser=bob lrs\n"user=john doe" lr\nuser=we"ird\\u lr\n-user=bob a\n'
"""As `doveadm acl set` of Dovecot 2.3 writes it."""

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    lambda name: name == name.strip() and name not in ("anyone", "authenticated", "owner") and name[0] not in "-$!#"
)
ENTRIES = st.builds(
    Entry,
    st.builds(Who, st.sampled_from(["user", "group", "group-override"]), NAMES)
    | st.builds(Who, st.sampled_from(["anyone", "authenticated", "owner"])),
    st.frozensets(st.sampled_from(LETTERS)),
    st.booleans(),
)


def a_list(text: str, tmp_path: Path) -> Acl:
    (tmp_path / "dovecot-acl").write_text(text)
    return read_acl(tmp_path)


@given(st.lists(ENTRIES, unique_by=lambda entry: (entry.who, entry.negative)))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]) -> None:
    """Whatever names people have."""
    directory = tmp_path_factory.mktemp("list")

    write_acl(directory, Acl(tuple(entries)))

    found = read_acl(directory)
    assert found.readable
    assert set(found.entries) == set(entries)


def test_dovecots_file_is_read_and_written_as_it_does(tmp_path: Path) -> None:
    """Kinds of identifiers, quoting, order."""
    found = a_list(DOVECOT, tmp_path)

    assert found.entry(Who("user", "john doe")) == Entry(Who("user", "john doe"), frozenset("lr"))
    assert found.entry(Who("user", "bob"), negative=True) == Entry(Who("user", "bob"), frozenset("a"), negative=True)
    write_acl(tmp_path, found)
    assert sorted((tmp_path / "dovecot-acl").read_text().splitlines()) == sorted(DOVECOT.splitlines())


def test_names_of_rights_and_comments_are_read(tmp_path: Path) -> None:
    """What people write by hand."""
    found = a_list("# who may\n\nuser=bob lr :write-seen post\nanonymous l\n", tmp_path)

    assert found.of("bob", owner=False) == frozenset("lrsp")
    assert found.of("carol", owner=False) == frozenset("l")


def test_the_most_specific_entry_decides() -> None:
    """Not the sum: what is said of a user is all that he has."""
    everyone, known = Entry(Who("anyone"), frozenset("lr")), Entry(Who("authenticated"), frozenset("lrs"))
    bob = Entry(Who("user", "bob"), frozenset("l"))

    assert Acl((bob, everyone)).of("bob", owner=False) == frozenset("l")
    assert Acl((bob, everyone)).of("carol", owner=False) == frozenset("lr")
    assert Acl((known, everyone)).of("carol", owner=False) == frozenset("lrs")
    assert Acl((Entry(Who("group", "bob"), ALL),)).of("bob", owner=False) == NONE


def test_negative_entries_take_rights_away() -> None:
    """ "the "w" right is to be removed from users matching the identifier "fred" " (RFC 4314 2)"""
    entries = Entry(Who("anyone"), frozenset("lrw")), Entry(Who("user", "fred"), frozenset("w"), negative=True)

    assert Acl(entries).of("fred", owner=False) == frozenset("lr")
    assert Acl(entries).of("bob", owner=False) == frozenset("lrw")


def test_the_owner_may_do_what_no_entry_says() -> None:
    """And sees his own mailboxes whatever one says."""
    assert Acl().of("fred", owner=True) == ALL
    assert Acl((Entry(Who("anyone"), frozenset("l")),)).of("fred", owner=True) == ALL
    assert Acl((Entry(Who("owner"), frozenset("r")),)).of("fred", owner=True) == frozenset("lr")
    assert Acl((Entry(Who("user", "fred"), frozenset("r")),)).of("fred", owner=True) == frozenset("lr")
    assert Acl().of("fred", owner=False) == NONE


@pytest.mark.parametrize(
    "line", ["user=bob lrQ", "nobody lr", "user lr", "anyone=x l", "user= l", '"user=x lr', "a :b"]
)
def test_a_list_that_cannot_be_understood_gives_nothing(tmp_path: Path, line: str) -> None:
    """What was meant might have taken rights away."""
    found = a_list(f"anyone lr\n{line}\n", tmp_path)

    assert not found.readable
    assert found.of("bob", owner=False) == NONE
    assert found.of("fred", owner=True) == ALL


def test_an_empty_list_is_no_file(tmp_path: Path) -> None:
    """As Dovecot has it for what was never shared."""
    write_acl(tmp_path, Acl((Entry(Who("anyone"), ALL),)))
    assert acl.stamp(tmp_path)

    write_acl(tmp_path, Acl())

    assert acl.stamp(tmp_path) is None
    assert read_acl(tmp_path) == Acl()


@pytest.mark.parametrize(
    ("identifier", "who", "negative"),
    [
        ("bob", Who("user", "bob"), False),
        ("-bob", Who("user", "bob"), True),
        ("anyone", Who("anyone"), False),
        ("-anyone", Who("anyone"), True),
        ("owner", Who("owner"), False),
        ("authenticated", Who("authenticated"), False),
        ("$team", Who("group", "team"), False),
        ("!$team", Who("group-override", "team"), False),
        ("-$team", Who("group", "team"), True),
    ],
)
def test_identifiers_of_clients(identifier: str, who: Who, negative: bool) -> None:
    """RFC 4314 section 2; groups as Dovecot writes them."""
    assert from_identifier(identifier) == (who, negative)
    assert to_identifier(who, negative=negative) == identifier


@pytest.mark.parametrize("identifier", ["", "-", "$", "!$", "a\nb"])
def test_what_is_no_identifier(identifier: str) -> None:
    """It would be a line of the file that says something else."""
    with pytest.raises(ValueError, match="identifier"):
        from_identifier(identifier)


def test_a_change_begins_with_what_the_owner_has_anyway() -> None:
    """And what he needs to undo it is not taken from him."""
    fred = Who("user", "fred")

    assert acl.changed(Acl(), fred, "-w", "fred").of("fred", owner=True) == ALL - {"w"}
    assert acl.changed(Acl(), fred, "", "fred").of("fred", owner=True) == frozenset("la")
    assert acl.changed(Acl(), fred, "law", "fred", negative=True).of("fred", owner=True) == ALL - {"w"}
    assert acl.changed(Acl(), fred, "", "carol").of("fred", owner=False) == NONE
    with pytest.raises(UnknownRight):
        acl.changed(Acl(), fred, "z", "fred")


def test_the_list_for_clients_names_the_owner() -> None:
    """Though no line of the file does; one that does is not doubled."""
    bob = Entry(Who("user", "bob"), frozenset("lr"))
    fred = Entry(Who("user", "fred"), frozenset("la"))

    assert acl.listed(Acl((bob,)), "fred") == [("fred", ALL), ("bob", frozenset("lr"))]
    assert acl.listed(Acl((bob, fred)), "fred") == [("bob", frozenset("lr")), ("fred", frozenset("la"))]
    assert acl.listed(Acl((bob,)), None) == [("bob", frozenset("lr"))]


def test_who_is_concerned() -> None:
    """Those who get to see the mailbox."""
    entries = (
        Entry(Who("user", "bob"), frozenset("lr")),
        Entry(Who("user", "carol"), frozenset("r")),
        Entry(Who("anyone"), frozenset("l"), negative=True),
        Entry(Who("owner"), ALL),
    )

    assert Acl(entries).concerned() == {Who("user", "bob")}
