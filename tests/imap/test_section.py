"""`BODY[section]<partial>`: grammar, echo and octets."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap import facts
from mailaccess.imap.errors import Bad
from mailaccess.imap.facts import Facts
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.section import STREAMED, Span, parse_section
from mailaccess.storage.content import Content

Fetch = Callable[..., bytes | Span]

MESSAGE = b"""From: Joe <joe@example.org>\r
subject: outer\r
 folded\r
X-Note: one\r
\r
"""
NESTED = (
    b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=xx\r\n\r\npreamble\r\n"
    b"--xx\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ntext one\r\n"
    b"--xx\r\nContent-Type: message/rfc822\r\n\r\nFrom: in@example.org\r\nSubject: in\r\n\r\nhello\r\n"
    b"--xx\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: deep\r\nContent-Type: multipart/alternative; boundary=yy\r\n\r\n"
    b"--yy\r\n\r\nA\r\n--yy\r\nContent-Type: text/html\r\n\r\nB\r\n--yy--\r\n"
    b"--xx\r\nContent-Type: image/gif\r\n\r\nGIF\r\n--xx--\r\nepilogue\r\n"
)
DEEP = NESTED[NESTED.index(b"Subject: deep") : NESTED.index(b"\r\n--xx\r\nContent-Type: image/gif")]


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    """What a section of a message holds, read from its file."""

    def read(message: bytes, text: str, *, known: bool = True) -> bytes | Span:
        path = tmp_path / "message"
        path.write_bytes(message)
        section = parse_section(Cursor(f"[{text}".encode()))[1]
        content = Content(str(path))
        try:
            return section.read(content, Facts(facts.build(message)) if known else None)
        finally:
            content.close()

    return read


def echo(text: str) -> bytes:
    cursor = Cursor(text.encode())
    named = parse_section(cursor)[0]
    cursor.end()
    return named


@pytest.mark.parametrize("names", [b"X-" + b"y" * 5000, b" ".join(b"X-%090d" % number for number in range(50))])
def test_names_of_fields_have_a_limit(names: bytes) -> None:
    """What finds them is made on the reactor: of 64 KB that took 300 ms."""
    with pytest.raises(Bad):
        parse_section(Cursor(b"[HEADER.FIELDS (%s)]" % names))


@pytest.mark.parametrize(
    "text",
    ["[]", "[HEADER]", "[TEXT]", "[1]", "[1.2.3]", "[1.MIME]", "[4.2.HEADER]", "[3.TEXT]",
     "[HEADER.FIELDS (DATE FROM)]", "[1.HEADER.FIELDS.NOT (X-NOTE)]"],
)  # fmt: skip
def test_a_section_is_echoed(text: str) -> None:
    """The response names it as the client does."""
    assert echo(text) == text.encode()


def test_a_partial_is_echoed_by_its_origin() -> None:
    """RFC 3501 7.4.2: BODY[<section>]<<origin octet>>"""
    assert echo("[TEXT]<10.2048>") == b"[TEXT]<10>"


def test_field_names_are_echoed_in_upper_case() -> None:
    """In the form they came in: an atom stays an atom, a string a string."""
    assert echo('[header.fields (Subject "Date" {2}\r\nTo)]') == b'[HEADER.FIELDS (SUBJECT "DATE" "TO")]'


@pytest.mark.parametrize(
    "text",
    ["[", "[0]", "[1.0]", "[1.]", "[.1]", "[MIME]", "[BODY]", "[HEADER.FIELDS]", "[HEADER.FIELDS ()]", "[1.2.HEAD]",
     "[]<1>", "[]<1.0>", "[]<a.b>", "[]<1.2", "[HEADER.FIELDS (A B]", "[1 ]", "[01]"],
)  # fmt: skip
def test_what_is_no_section_is_bad(text: str) -> None:
    """The error says what was expected."""
    with pytest.raises(Bad, match="Expected"):
        echo(text)


def test_a_list_of_field_names_has_a_limit() -> None:
    """Each name costs time for each field of each message."""
    with pytest.raises(Bad, match="At most 100"):
        echo("[HEADER.FIELDS (" + " ".join(f"X-{i}" for i in range(101)) + ")]")


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("]", NESTED),
        ("HEADER]", NESTED[: NESTED.index(b"preamble")]),
        ("TEXT]", NESTED[NESTED.index(b"preamble") :]),
        ("1]", b"text one"),
        ("1.MIME]", b"Content-Type: text/plain; charset=utf-8\r\n\r\n"),
        ("2]", b"From: in@example.org\r\nSubject: in\r\n\r\nhello"),
        ("2.MIME]", b"Content-Type: message/rfc822\r\n\r\n"),
        ("2.HEADER]", b"From: in@example.org\r\nSubject: in\r\n\r\n"),
        ("2.HEADER.FIELDS (SUBJECT)]", b"Subject: in\r\n\r\n"),
        ("2.HEADER.FIELDS.NOT (SUBJECT)]", b"From: in@example.org\r\n\r\n"),
        ("2.TEXT]", b"hello"),
        ("2.1]", b"hello"),
        ("2.1.MIME]", b"From: in@example.org\r\nSubject: in\r\n\r\n"),
        ("3]", DEEP),
        ("3.TEXT]", DEEP[DEEP.index(b"--yy") :]),
        ("3.1]", b"A"),
        ("3.1.MIME]", b"\r\n"),
        ("3.2]", b"B"),
        ("3.2.MIME]", b"Content-Type: text/html\r\n\r\n"),
        ("4]", b"GIF"),
        ("]<3.7>", NESTED[3:10]),
        ("1]<5.100>", b"one"),
        ("HEADER]<0.7>", b"Subject"),
        ("HEADER.FIELDS (SUBJECT)]<9.5>", b"outer"),
    ],
)
def test_sections_of_a_nested_message(fetch: Fetch, section: str, expected: bytes) -> None:
    """RFC 3501 6.4.5: part numbers pass through message/rfc822; MIME is a part's own header."""
    assert fetch(NESTED, section) == expected


@pytest.mark.parametrize(
    "section", ["5]", "1.1]", "2.2]", "2.1.1]", "1.HEADER]", "1.TEXT]", "9.MIME]", "9.HEADER.FIELDS (A)]", "]<9999.1>"]
)
def test_what_does_not_exist_is_empty(fetch: Fetch, section: str) -> None:
    """A client that asks for a part too much is not told that the message is broken."""
    assert fetch(NESTED, section) == b""


def test_the_parts_of_a_message_that_is_no_multipart(fetch: Fetch) -> None:
    """RFC 3501 6.4.5: "Every message has at least one part number"."""
    message = b"Subject: s\r\n\r\nbody\r\n"

    assert fetch(message, "1]") == b"body\r\n"
    assert fetch(message, "1.MIME]") == b"Subject: s\r\n\r\n"
    assert fetch(message, "2]") == b""


def test_the_parts_of_a_message_in_a_message(fetch: Fetch) -> None:
    """A message/rfc822 at the top is part 1, and what it holds 1.1."""
    message = b"Subject: out\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhello\r\n"

    assert fetch(message, "1.HEADER]") == b"Subject: in\r\n\r\n"
    assert fetch(message, "1.1]") == b"hello\r\n"


def test_fields_are_found_in_any_case_with_their_folds(fetch: Fetch) -> None:
    """And in the order of the message, whatever the order of asking."""
    found = fetch(MESSAGE, "HEADER.FIELDS (X-Note SUBJECT Missing)]")

    assert found == b"subject: outer\r\n folded\r\nX-Note: one\r\n\r\n"


def test_fields_not_leaves_the_others(fetch: Fetch) -> None:
    assert fetch(MESSAGE, "HEADER.FIELDS.NOT (subject)]") == b"From: Joe <joe@example.org>\r\nX-Note: one\r\n\r\n"
    assert fetch(MESSAGE, "HEADER.FIELDS.NOT (subject from x-note)]") == b"\r\n"


def test_no_field_found_leaves_the_blank_line(fetch: Fetch) -> None:
    assert fetch(MESSAGE, "HEADER.FIELDS (Date)]") == b"\r\n"


def test_a_name_matches_exactly(fetch: Fetch) -> None:
    """Not as the beginning of another, nor as a pattern."""
    assert fetch(MESSAGE, "HEADER.FIELDS (X X-N.te X-Not)]") == b"\r\n"


@pytest.mark.parametrize("name", ['""', '" "', '"a b"', '"Subject:"'])
def test_a_name_that_no_field_can_have_matches_none(fetch: Fetch, name: str) -> None:
    assert fetch(MESSAGE, f"HEADER.FIELDS ({name})]") == b"\r\n"


def test_a_header_without_its_blank_line(fetch: Fetch) -> None:
    """A message cut off within its header."""
    message = b"Subject: a\r\nTo: b"

    assert fetch(message, "HEADER]") == message
    assert fetch(message, "HEADER.FIELDS (TO)]") == b"To: b\r\n\r\n"
    assert fetch(message, "HEADER.FIELDS.NOT (TO)]") == b"Subject: a\r\n"
    assert fetch(message, "TEXT]") == b""


def test_an_empty_message(fetch: Fetch) -> None:
    for section in ("]", "HEADER]", "TEXT]", "1]", "1.MIME]", "HEADER.FIELDS (A)]"):
        assert fetch(b"", section) == b""


def test_the_whole_message_needs_no_facts(fetch: Fetch) -> None:
    """So that the first BODY[] of a message does not wait for its structure."""
    assert not parse_section(Cursor(b"[]<0.10>"))[1].needs_facts
    assert fetch(NESTED, "]", known=False) == NESTED


def test_a_long_text_is_left_in_the_file(fetch: Fetch) -> None:
    """Only its place is given, for it to be streamed; a short stretch of it is read."""
    message = b"Subject: long\r\n\r\n" + b"x" * (STREAMED + 1)

    assert fetch(message, "TEXT]") == Span(17, 17 + STREAMED + 1)
    assert fetch(message, "]<10.5>") == b"ong\r\n"


@pytest.mark.parametrize("text", [b"[HEADER]", b"[HEADER.FIELDS (SUBJECT)]<2.20>", b"[HEADER.FIELDS.NOT (SUBJECT)]"])
def test_a_header_of_moderate_size_opens_no_file(tmp_path: Path, text: bytes) -> None:
    """What the facts hold is what the file would give; a large header is not among them."""
    section = parse_section(Cursor(text))[1]
    path = tmp_path / "message"
    path.write_bytes(NESTED)
    content = Content(str(path))
    known = Facts(facts.build(NESTED))

    assert section.from_facts(known) == section.read(content, known)
    assert section.from_facts(Facts(facts.build(b"X: " + b"x" * facts.HEADER_KEPT + b"\r\n" + NESTED))) is None
    content.close()


@given(st.integers(1, 60), st.sampled_from(["", "1", "3", "HEADER", "TEXT", "3.2.MIME", "HEADER.FIELDS (SUBJECT)"]))
def test_partials_put_together_are_the_whole(tmp_path_factory: pytest.TempPathFactory, step: int, name: str) -> None:
    """However a client cuts a text, it gets every octet once."""
    path = tmp_path_factory.getbasetemp() / "partials"
    path.write_bytes(NESTED)
    known = Facts(facts.build(NESTED))
    content = Content(str(path))

    def read(partial: str) -> bytes:
        text = parse_section(Cursor(f"[{name}]{partial}".encode()))[1].read(content, known)
        assert isinstance(text, bytes)
        return text

    whole = read("")
    pieces = [read(f"<{start}.{step}>") for start in range(0, len(whole) + step, step)]
    content.close()

    assert b"".join(pieces) == whole
    assert pieces[-1] == b""
