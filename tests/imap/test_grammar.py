"""The words of IMAP."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap import render
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor, Respelled
from mailaccess.imap.numset import SAVED, STAR
from mailaccess.imap.registry import COMMANDS


def test_a_command_is_read_word_by_word() -> None:
    """Atoms, quoted strings and literals stand for each other where the grammar says so."""
    cursor = Cursor(b'fred "a \\"b\\\\" {5}\r\nx\r\nyz end')

    assert cursor.astring() == b"fred"
    cursor.sp()
    assert cursor.astring() == b'a "b\\'
    cursor.sp()
    assert cursor.astring() == b"x\r\nyz"
    cursor.sp()
    assert cursor.word() == b"END"
    cursor.end()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"1", ((1, 1),)),
        (b"2,4:7,9,12:*", ((2, 2), (4, 7), (9, 9), (12, STAR))),
        (b"*:4,5:7", ((STAR, 4), (5, 7))),
        (b"4294967295", ((4294967295, 4294967295),)),
        (b"$", SAVED),
    ],
)
def test_numset(text: bytes, expected: object) -> None:
    """Sequence sets of RFC 3501 section 9, and `$`."""
    assert Cursor(text).numset() == expected


@pytest.mark.parametrize(
    "text", [b"0", b"1:0", b"4294967296", b"1:4294967296", b"4294967296:*", b"a", b"", b",1", b"99999999999"]
)
def test_bad_numset(text: bytes) -> None:
    """Zero and numbers above 32 bits are no message numbers."""
    with pytest.raises(Bad):
        Cursor(text).numset()


@pytest.mark.parametrize("text", [b"1:", b"1,", b"1:2:3"])
def test_trailing_rubbish_is_found(text: bytes) -> None:
    """A set that breaks off leaves something behind that no command takes."""
    cursor = Cursor(text)
    cursor.numset()
    with pytest.raises(Bad):
        cursor.end()


def test_dates() -> None:
    """date and date-time, with one-digit days, names in any case, and zones."""
    assert Cursor(b"1-Feb-1994").date() == date(1994, 2, 1)
    assert Cursor(b'"01-FEB-1994"').date() == date(1994, 2, 1)
    assert Cursor(b'"17-Jul-1996 02:44:25 -0700"').date_time() == 837596665
    assert Cursor(b'" 7-Jul-1996 02:44:25 +0000"').date_time() == 836707465
    assert Cursor(b'"7-Jul-1996 02:44:25 +0000"').date_time() == 836707465  # not quite, but it is clear what it means


@pytest.mark.parametrize("text", [b"31-Feb-1994", b"1-Foo-1994", b"1-Feb-94", b'"1-Feb-1994', b"0-Feb-1994"])
def test_bad_dates(text: bytes) -> None:
    """No such day, no such month, no two-digit years."""
    with pytest.raises(Bad):
        Cursor(text).date()


@pytest.mark.parametrize("text", [b'"30-Feb-1994 02:44:25 -0700"', b'"01-Feb-1994 25:44:25 -0700"', b"01-Feb-1994"])
def test_bad_date_times(text: bytes) -> None:
    """No such day, no such hour, no missing quotes."""
    with pytest.raises(Bad):
        Cursor(text).date_time()


def test_flags() -> None:
    """System flags get their one spelling, keywords keep theirs, \\Recent is nobody's to set."""
    flags = Cursor(b"(\\SEEN $Forwarded \\recent NonJunk)").flag_list()

    assert flags == {"\\Seen", "$Forwarded", "NonJunk"}
    assert Cursor(b"()").flag_list() == frozenset()


@pytest.mark.parametrize("text", [b"(\\Foo)", b"(\\*)", b"(a", b"a", b"(a%b)", b"(\xe9t\xe9)"])
def test_bad_flags(text: bytes) -> None:
    """An invented system flag, an unclosed list, characters no atom has."""
    with pytest.raises(Bad):
        Cursor(text).flag_list()


def test_mailbox_names() -> None:
    """Modified UTF-7, raw UTF-8 from clients that do not care, and INBOX in any case."""
    assert Cursor(b"&ZeVnLIqe-").mailbox() == "日本語"
    assert Cursor('"Entwürfe"'.encode()).mailbox() == "Entwürfe"
    assert Cursor(b"a&b", utf8=True).mailbox() == "a&b"
    assert Cursor(b"iNbOx").mailbox() == "INBOX"
    with pytest.raises(Bad):
        Cursor(b"a&b").mailbox()


def test_nul_and_literal8_are_refused_in_strings() -> None:
    """A literal holds CHAR8, which has no NUL; `~{}` is for BINARY only."""
    with pytest.raises(Bad):
        Cursor(b"{1}\r\n\0").string()
    with pytest.raises(Bad):
        Cursor(b"~{1}\r\nx").string()
    assert Cursor(b"~{1}\r\n\0").string(binary=True) == b"\0"


@given(st.binary(max_size=60), st.integers(0, 60))
def test_nothing_but_bad_is_raised(data: bytes, pos: int) -> None:
    """Whatever stands there, each rule reads it or says what it expected."""
    for name in ("astring", "numset", "flag_list", "date", "date_time", "mailbox", "list_mailbox", "number64", "flag"):
        try:
            getattr(Cursor(data, min(pos, len(data))), name)()
        except Bad:
            pass


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (b"inBox", "INBOX"),
        (b"inbox/Sub", "INBOX/Sub"),
        (b"inboxes/inbox", "inboxes/inbox"),
        ("\u0131nbox".encode(), "\u0131nbox"),
        (b'"Cafe\xcc\x81"', "Caf\xe9"),
        (b"Caf\xc3\xa9", "Caf\xe9"),
        (b'"&AOQ-&-"', "&AOQ-&-"),
    ],
)
def test_a_mailbox_has_one_spelling(said: bytes, name: str) -> None:
    """What the client wrote is remembered where it was another (RFC 9051 6.3.9.7)."""
    read = Cursor(said, utf8=True).mailbox()
    supplied = said.strip(b'"').decode()

    assert read == name
    assert isinstance(read, Respelled) == (supplied != name)
    assert (read.supplied if isinstance(read, Respelled) else read) == supplied


def test_a_decomposed_name_in_modified_utf7_is_respelled_too() -> None:
    read = Cursor(b"Cafe&AwE-").mailbox()

    assert read == "Caf\xe9"
    assert isinstance(read, Respelled)
    assert read.supplied == "Cafe\u0301"


@pytest.mark.parametrize("text", [b'"\xff"', b'"a\xc3"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b'"\xf4\x90\x80\x80"'])
def test_quoted_strings_are_utf8_once_that_is_enabled(text: bytes) -> None:
    """ "The server MUST reject, with a "BAD" response" (RFC 6855 3); literals may hold anything."""
    assert Cursor(text).quoted() == text.strip(b'"')
    with pytest.raises(Bad):
        Cursor(text, utf8=True).quoted()
    value = text.strip(b'"')
    assert Cursor(b"{%d}\r\n%s" % (len(value), value), utf8=True).string() == value


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n\0")))
def test_any_text_can_be_quoted_in_utf8(text: str) -> None:
    """All but line ends and NUL."""
    assert Cursor(render.quoted(text.encode()), utf8=True).quoted().decode() == text


def test_lists_are_bounded_while_they_are_read() -> None:
    """A line of 64 KiB is made of one letter and a space, again and again: nothing of it is kept."""
    cursor = Cursor(b"a a a) x")
    assert [cursor.atom() for _ in cursor.members(3, "letters")] == [b"a"] * 3
    assert cursor.data[cursor.pos :] == b" x"
    for spaces in (b"", b" "):
        assert [cursor.atom() for cursor in [Cursor(b"a a" + spaces)] for _ in cursor.words(2, "letters")] == [b"a"] * 2
    long = Cursor(b"a " * 30_000)
    for read in (long.members, long.words):
        long.pos = 0
        with pytest.raises(Bad, match="At most 100 letters"):
            _ = [long.atom() for _ in read(100, "letters")]
        assert long.pos == 200


HOSTILE = {
    "NOTIFY": (b"SET (mailboxes (", b"a ", b") (MessageNew MessageExpunge))"),
    "NOTIFY events": (b"SET (personal (", b"MailboxName ", b"))"),
    "NOTIFY items": (b"SET (selected (MessageNew (", b"UID ", b") MessageExpunge))"),
    "ESEARCH": (b"IN (mailboxes (", b"a ", b")) ALL"),
    "ESEARCH sources": (b"IN (", b"personal ", b") ALL"),
    "SEARCH": (b"RETURN (", b"MIN ", b") ALL"),
    "SORT": (b"(", b"DATE ", b") UTF-8 ALL"),
    "STORE": (b"1 FLAGS (", b"a ", b")"),
    "STORE flags": (b"1 FLAGS ", b"a ", b""),
    "FETCH": (b"1 (", b"FLAGS ", b")"),
    "FETCH fields": (b"1 BODY[HEADER.FIELDS (", b"a ", b")]"),
    "SETMETADATA": (b"a (", b"/shared/a NIL ", b")"),
    "SETQUOTA": (b'"" (', b"STORAGE 1 ", b")"),
    "ENABLE": (b"", b"x ", b""),
    "CREATE": (b"a (USE (", b"\\Sent ", b"))"),
    "CANCELUPDATE": (b"", b'"a" ', b""),
    "RESETKEY": (b"a ", b"INTERNAL ", b""),
    "SELECT": (b"", b"&AOQ-", b""),
}


@pytest.mark.parametrize("command", HOSTILE)
def test_what_a_hostile_line_is_made_of_is_refused(command: str) -> None:
    """Each command that takes a list knows how much of it."""
    first, again, last = HOSTILE[command]
    spec = COMMANDS.get(command.split()[0].encode())
    assert spec is not None
    with pytest.raises(Bad):
        spec.parse(Cursor(first + again * 10_000 + last))
