"""The grammar of NOTIFY: what transcripts do not show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.errors import Bad, No
from mailaccess.imap.events import MESSAGES, MOST_GROUPS, MOST_NAMES, NO_EVENT, Event, Group, Wishes, parse_notify
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.items import UID


def _parsed(text: bytes) -> Wishes:
    return parse_notify(Cursor(text))[0]


BOTH = Event.NEW | Event.EXPUNGE


def test_case_does_not_matter() -> None:
    """ "Implementations MUST accept these strings in a case-insensitive fashion" (section 8)"""
    wishes = _parsed(b"sEt sTaTuS (SeLeCtEd-DeLaYeD (mEsSaGeNeW (uId) MESSAGEEXPUNGE)) (INBOXES (mailboxname))")

    assert wishes.status
    assert (wishes.selected.messages, wishes.selected.flags, wishes.selected.delayed) == (True, False, True)
    assert wishes.selected.items == (UID,)
    assert wishes.groups == (Group(b"INBOXES", (), Event.NAME),)


def test_names() -> None:
    """One or several, in modified UTF-7; the separator behind one is no part of it."""
    wishes = _parsed(b'set (subtree a/ NONE) (mailboxes (inbox "b c" &APY-) (FlagChange MessageExpunge MessageNew))')

    assert wishes.groups == (Group(b"SUBTREE", ("a",), NO_EVENT), Group(b"MAILBOXES", ("INBOX", "b c", "ö"), MESSAGES))


@pytest.mark.parametrize(
    ("group", "name", "expected"),
    [
        (Group(b"SUBTREE", ("a",), BOTH), "a", True),
        (Group(b"SUBTREE", ("a",), BOTH), "a/b/c", True),
        (Group(b"SUBTREE", ("a",), BOTH), "ab", False),
        (Group(b"MAILBOXES", ("a*", "%"), BOTH), "a*", True),
        (Group(b"MAILBOXES", ("a*", "%"), BOTH), "ab", False),  # "The server MUST NOT do a wildcard expansion"
        (Group(b"MAILBOXES", ("a",), BOTH), "a/b", False),
        (Group(b"PERSONAL", (), BOTH), "a", True),
        (Group(b"INBOXES", (), BOTH), "a", True),
        (Group(b"SUBSCRIBED", (), BOTH), "a", False),
    ],
)
def test_what_a_group_covers(group: Group, name: str, expected: bool) -> None:
    """Section 6"""
    assert group.covers(name, personal=True, subscribed=False) is expected


def test_groups_add_up_but_for_none() -> None:
    """ "multiple <event-group>s can apply to the same mailbox" (6); "NONE means that the client does not wish to
    receive any events for the specified mailboxes" (8)"""
    wishes = _parsed(
        b"set (personal (mailboxname)) (subtree a (messagenew messageexpunge)) (mailboxes a/b none) (subscribed none)"
    )

    assert wishes.of("a", personal=True, subscribed=False) == BOTH | Event.NAME
    assert wishes.of("a/b", personal=True, subscribed=False) == NO_EVENT
    assert wishes.of("a/c", personal=True, subscribed=True) == NO_EVENT
    assert wishes.of("Users/ann/a", personal=False, subscribed=False) == NO_EVENT


def test_none_asks_for_nothing() -> None:
    """Nor does a list of groups that all say NONE."""
    assert not _parsed(b"NONE").anything
    assert not _parsed(b"SET (selected NONE) (personal NONE)").anything
    assert _parsed(b"SET (subscribed (ServerMetadataChange))").any_of(Event.SERVER_METADATA)


def test_limits() -> None:
    """A command has room for more than is sensible."""
    group = b"(mailboxes a (mailboxname))"
    assert len(_parsed(b"set " + b" ".join([group] * MOST_GROUPS)).groups) == MOST_GROUPS
    with pytest.raises(Bad, match="groups"):
        _parsed(b"set " + b" ".join([group] * (MOST_GROUPS + 1)))
    with pytest.raises(Bad, match="mailboxes can be"):
        _parsed(b"set (mailboxes (" + b" ".join([b"a"] * (MOST_NAMES + 1)) + b") (mailboxname))")


_WORDS = st.sampled_from(
    b"SET|NONE|STATUS|(|)|selected|selected-delayed|personal|subtree|mailboxes|a|INBOX|MessageNew|MessageExpunge|"
    b'FlagChange|MailboxName|Nonesuch|UID|body.peek[header]|"|{1}'.split(b"|")
)


@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(_WORDS, max_size=20).map(b" ".join),
        st.lists(_WORDS, max_size=20).map(lambda words: b" ".join(words).replace(b"( ", b"(").replace(b" )", b")")),
    )
)
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    """Never anything else; and what is read asks for what may be asked for."""
    try:
        wishes = _parsed(data)
    except (Bad, No):
        return
    for group in wishes.groups:
        assert not group.events & MESSAGES or group.events & BOTH == BOTH
