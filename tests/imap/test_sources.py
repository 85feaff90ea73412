"""Which mailboxes are meant: the grammar, and the names."""

import pytest

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.sources import SELECTED, Source, mailboxes, parse_sources
from tests.world import USER, World


def test_parse_sources() -> None:
    """Words in any case; one name, or a list of them."""
    assert parse_sources(Cursor(b"(selected)")) == [SELECTED]
    assert parse_sources(Cursor(b'(Personal mailboxes "a b" subtree-one (inbox c))')) == [
        Source(b"PERSONAL"),
        Source(b"MAILBOXES", ("a b",)),
        Source(b"SUBTREE-ONE", ("INBOX", "c")),
    ]


@pytest.mark.parametrize(
    "text",
    [b"", b"()", b"selected", b"(selected", b"(selected-delayed)", b"(subtree)", b"(mailboxes ())", b"(personal a)"],
)
def test_bad_sources(text: bytes) -> None:
    """Missing and invented words."""
    with pytest.raises(Bad):
        parse_sources(Cursor(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"(personal)", ["INBOX", "a", "a/b", "a/b/c", "aa"]),
        (b"(inboxes)", ["INBOX", "a", "a/b", "a/b/c", "aa"]),
        (b"(subtree a)", ["a", "a/b", "a/b/c"]),
        (b"(subtree-one a)", ["a", "a/b"]),
        (b"(subtree-one a/b mailboxes (a/b aa nowhere))", ["a/b", "a/b/c", "aa", "nowhere"]),
        (b"(subscribed)", ["INBOX", "aa"]),
        (b"(selected)", []),
        (b"(mailboxes (* a/%))", ["*", "a/%"]),
        (b"(subtree Users)", ["Users", "Users/ann/hers"]),
        (b"(mailboxes Users/ann/hers personal)", ["Users/ann/hers", "INBOX", "a", "a/b", "a/b/c", "aa"]),
    ],
)
def test_mailboxes(world: World, text: bytes, names: list[str]) -> None:
    """Each once; a tree's root whether or not it exists; of others' only what was asked for."""
    account = world.accounts.access(USER, None)
    for name in ("a", "a/b/c", "a/b", "aa"):
        account.create(name)
    account.subscribe("aa")
    world.hooks["share"](f"ann hers {USER} lr")
    sources = parse_sources(Cursor(text.replace(b"(* a/%)", b'("*" "a/%")')))

    assert mailboxes(account, sources) == names
