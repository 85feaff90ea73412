from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.headers import Field, Parameter, decode, fields, parameter, parameters, unfold


def test_fields_are_found_with_their_offsets() -> None:
    """A field ends after the line end of its last continuation line."""
    block = b"Subject: a\r\n b\r\nX-Empty:\r\nTo : c\r\n\r\nBody: no\r\n"

    found = fields(block)

    assert found == [
        Field(b"Subject", b"a\r\n b", 0, 16),
        Field(b"X-Empty", b"", 16, 26),
        Field(b"To", b"c", 26, 34),
    ]
    assert block[16:26] == b"X-Empty:\r\n"


@pytest.mark.parametrize(
    "junk", [b"From a@b Thu Jan  1 00:00:00 1970\r\n", b"garbage\r\n", b" continues nothing\r\n", b": x\r\n"]
)
def test_lines_that_are_no_fields_are_passed_over(junk: bytes) -> None:
    """What stands after them is still found."""
    assert [field.name for field in fields(junk + b"A: 1\r\n" + junk + b"B: 2")] == [b"A", b"B"]


def test_bare_line_feeds_end_fields_too() -> None:
    """Headers in their stored form are read as well."""
    assert [(f.name, f.value) for f in fields(b"A: 1\n 2\nB: 3\n\nC: 4\n")] == [(b"A", b"1\n 2"), (b"B", b"3")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a\r\n\tb\r\n  c", b"a\tb  c"),
        (b"a\n b", b"a b"),
        (b"a\rb\0c", b"a b\xef\xbf\xbdc"),
    ],
)
def test_unfold(value: bytes, expected: bytes) -> None:
    """RFC 5322 2.2.3: only the line ends go; what cannot be shown is replaced."""
    assert unfold(value) == expected


RFC_2047_8 = [
    (b"(=?ISO-8859-1?Q?a?=)", "(a)"),
    (b"(=?ISO-8859-1?Q?a?= b)", "(a b)"),
    (b"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
    (b"(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"),
    (b"(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"),
    (b"(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
    (b"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
    (b"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"),
    (b"=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>", "Keld Jørn Simonsen <keld@dkuug.dk>"),
    (
        b"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n  =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
        "If you can read this you understand the example.",
    ),
    (b"=?iso-8859-8?b?7eXs+SDv4SDs6Oj08A==?=", "םולש ןב לטטפנ"),
]


@pytest.mark.parametrize(("value", "text"), RFC_2047_8)
def test_encoded_words_of_rfc_2047(value: bytes, text: str) -> None:
    """The examples of RFC 2047 8."""
    assert decode(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"caf\xc3\xa9", "café"),
        (b"caf\xe9", "café"),
        (b"a=?utf-8?q?b?=c", "abc"),
        (b'"=?utf-8?q?b?="', '"b"'),
        (b"=?utf-8?B?w4Q=?==?utf-8?B?w5w=?=", "ÄÜ"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),  # a character cut in two
        (b"=?UTF-8?B?8J+Y?= =?utf-8?Q?=80?=", "😀"),
        (b"=?utf-8*en?q?hi?=", "hi"),
        (b"=?utf-8?q?a b?=", "a b"),
        (b"=?utf-8?q?What??=", "What?"),
        (b"=?utf-8?q?Why? So? what?= x", "Why? So? what x"),
        (b"=?utf-8?b?YQ?=", "a"),  # no padding
        (b"=?x-what?q?=C3=A4?=", "ä"),
        (b"=?iso-2022-jp?B?GyRCJCIbKEI=?= =?iso-2022-jp?B?GyRCJCIbKEI=?=", "ああ"),
        (b"=?utf-8?x?a?= =?utf-8?q?", "=?utf-8?x?a?= =?utf-8?q?"),
        (b"=?utf-8?q??=", ""),
        (b"=?utf-8?q?a?= b =?utf-8?q?c?= ", "a b c "),
    ],
)
def test_what_mail_makes_of_encoded_words(value: bytes, text: str) -> None:
    """Everything that is written is read, as far as it has a meaning."""
    assert decode(value) == text


@pytest.mark.parametrize(
    ("value", "main", "found"),
    [
        (b"text/plain", b"text/plain", []),
        (b"", b"", []),
        (b"text/plain; charset=us-ascii (Plain text)", b"text/plain", [(b"charset", b"us-ascii")]),  # RFC 2045 5.1
        (b'text/plain; charset="us-ascii"', b"text/plain", [(b"charset", b"us-ascii")]),
        (b"(c (d) e) text/x ; A = b ;;c=d", b"text/x", [(b"A", b"b"), (b"c", b"d")]),
        (b'x/y; name="a \\"b\\" ;c"; d=e', b"x/y", [(b"name", b'a "b" ;c'), (b"d", b"e")]),
        (b'x/y; name="a\r\n  b"', b"x/y", [(b"name", b"a  b")]),
        (b'x/y; name="a (1).txt"', b"x/y", [(b"name", b"a (1).txt")]),
        (b"x/y; name=a(1).txt", b"x/y", [(b"name", b"a(1).txt")]),
        (b"x/y; name=a b c.txt; d=e", b"x/y", [(b"name", b"a"), (b"d", b"e")]),
        (b'x/y; charset=""; d=', b"x/y", [(b"charset", b""), (b"d", b"")]),
        (b'x/y; name="unterminated; d=e', b"x/y", [(b"name", b"unterminated; d=e")]),
        (b'x/y; name="a\\', b"x/y", [(b"name", b"a")]),
        (b"x/y; flag; =b; c:d; e=f", b"x/y", [(b"e", b"f")]),
        (b"x/y; a=1; a=2", b"x/y", [(b"a", b"1"), (b"a", b"2")]),
        (b"x/y; boundary=----=_a/b?c=", b"x/y", [(b"boundary", b"----=_a/b?c=")]),
        (b"x/y charset=utf-8; a=b", b"x/y", [(b"charset", b"utf-8"), (b"a", b"b")]),  # no semicolon
        (b'filename="a b"', b"", [(b"filename", b"a b")]),
        (b"=?utf-8?q?x/y=3B_name=3D=22=C3=A4=22?=", b"x/y", [(b"name", "ä".encode())]),  # macOS
        (b"x/y; name=\xe4; b=c (comment", b"x/y", [(b"name", b"\xe4"), (b"b", b"c")]),
    ],
)
def test_parameters(value: bytes, main: bytes, found: list[Parameter]) -> None:
    """Quotes and comments are gone, and what is broken costs no more than itself."""
    assert parameters(value) == (main, found)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"x; URL*0=ftp://; URL*1=a/b", [(b"URL", b"ftp://a/b")]),  # RFC 2231 3
        (b"x; n*1=b; n*0=a; c=d", [(b"c", b"d"), (b"n", b"ab")]),
        (b"x; t*=us-ascii'en'a%20b", [(b"t*", b"us-ascii'en'a%20b")]),
        (b"x; n*0*=utf-8''a%20; N*1=\"b c\"; n*2*=%41", [(b"n*", b"utf-8''a%20b%20c%41")]),
        (b"x; n*0=50%; n*1*=%41", [(b"n*", b"''50%25%41")]),
        (b"x; n*0=a; n*2=c", [(b"n", b"a"), (b"n*2", b"c")]),
        (b"x; n*1=b", [(b"n*1", b"b")]),
        (b"x; n*=''a; m*0=b; c=d", [(b"c", b"d"), (b"m", b"b"), (b"n*", b"''a")]),
    ],
)
def test_sections_of_a_parameter_are_joined(value: bytes, found: list[Parameter]) -> None:
    """RFC 2231 3 and 4.1: the order of the sections is that of their numbers."""
    assert parameters(value)[1] == found


@pytest.mark.parametrize(
    ("value", "charset"),
    [
        (b"x; Charset=a; charset=b", b"a"),
        (b"x; charset*=us-ascii'en'a%2Db", b"a-b"),
        (b"x; charset*=''a; charset=b", b"b"),
        (b"x; charset*0=a; charset*1=b", b"ab"),
        (b"x; c=a", None),
    ],
)
def test_one_parameter(value: bytes, charset: bytes | None) -> None:
    """Looked up by name, however it is written; as plain text if it is written twice."""
    assert parameter(parameters(value)[1], b"charset") == charset


PIECES = rb"""=?utf-8?q? =?x?b? ?= a " \ ( ) ; = *0 *1* ' %41 : name= name*0*=""".split(b" ")
HEADERISH = st.lists(st.sampled_from([*PIECES, b" ", b"\r\n ", b"\xff", b"\0", b"\r", b"\n"])).map(b"".join)


@given(st.binary() | HEADERISH)
def test_anything_can_be_read(data: bytes) -> None:
    """Never an error, text that can be encoded, lines that are lines, fields that follow each other."""
    found = fields(data)
    decode(data).encode()
    parameters(data)

    assert not set(unfold(data)) & set(b"\r\n\0")
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(data[field.start : field.end].startswith(field.name) for field in found)


@pytest.mark.parametrize("piece", [b"=?a?q?", b"=?a?q??", b" ", b"(", b'"', b"\\", b";", b"; a", b"a*0=", b"=", b"a="])
def test_hostile_values_take_linear_time(piece: bytes) -> None:
    """A value of 200 KB that leads every expression astray is read at once."""
    value = piece * (200_000 // len(piece))

    decode(value)
    parameters(value)
    fields(value)
