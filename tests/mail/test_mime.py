import mmap
from email import message_from_string
from email.message import Message
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.mime import Part, parse
from tests.mail.strategies import MESSAGES, mutated

MIXED = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"


def outline(data: bytes, part: Part) -> object:
    """A multipart as [subtype, parts], a message as (its outline,), a leaf as its body."""
    if part.type.lower() == b"multipart":
        return [part.subtype, *(outline(data, child) for child in part.children)]
    if part.children:
        return (outline(data, part.children[0]),)
    return data[part.body_start : part.body_end]


def parsed(data: bytes) -> object:
    return outline(data, parse(data))


STRUCTURES = {
    "parts": (MIXED + b"pre\r\n--x\r\n\r\n1\r\n--x\r\n\r\n2\r\n\r\n--x--\r\nepi", [b"mixed", b"1", b"2\r\n"]),
    "white space behind a delimiter": (MIXED + b"--x \t\r\n\r\n1\r\n--x-- \r\n", [b"mixed", b"1"]),
    "more behind a delimiter": (MIXED + b"--xyz\r\n\r\n1\r\n--x--y\r\n--x\r\n\r\n2", [b"mixed", b"1"]),
    "delimiters in the middle of a line": (
        MIXED + b"--x\r\n\r\n1 --x\r--x\r\n --x\r\n--x--",
        [b"mixed", b"1 --x\r--x\r\n --x"],
    ),
    "no closing delimiter": (MIXED + b"--x\r\n\r\n1\r\n", [b"mixed", b"1\r\n"]),
    "ends in a delimiter": (MIXED + b"--x\r\n\r\n1\r\n--x", [b"mixed", b"1"]),
    "ends in a delimiter line": (MIXED + b"--x\r\n\r\n1\r\n--x\r\n", [b"mixed", b"1", b""]),
    "part without a blank line": (MIXED + b"--x\r\nA: b\r\n--x\r\nc\r\n--x--", [b"mixed", b"", b""]),
    "part without anything": (MIXED + b"--x\r\n--x--\r\n", [b"mixed", b""]),
    "no parts": (MIXED + b"1\r\n", [b"mixed", b""]),
    "only a closing delimiter": (MIXED + b"--x--\r\n", [b"mixed", b""]),
    "no body": (b"Content-Type: multipart/mixed; boundary=x\r\n", [b"mixed", b""]),
    "no boundary": (b"Content-Type: multipart/mixed\r\n\r\n--\r\n\r\n1\r\n", [b"mixed", b""]),
    "boundary in sections": (
        b"Content-Type: multipart/mixed; boundary*1=y; boundary*0=x\r\n\r\n--xy\r\n\r\n1\r\n--xy--",
        [b"mixed", b"1"],
    ),
    "boundary encoded": (
        b"Content-Type: multipart/mixed; boundary*=us-ascii''x%79\r\n\r\n--xy\r\n\r\n1\r\n--xy--",
        [b"mixed", b"1"],
    ),
    "delimiter at once": (MIXED.replace(b"\r\n\r\n", b"\r\n") + b"--x\r\n\r\n1\r\n--x--", [b"mixed", b""]),
    "outer delimiter ends inner multipart": (
        MIXED
        + b"--x\r\nContent-Type: multipart/related; boundary=y\r\n\r\n--y\r\n\r\n1\r\n--x\r\n\r\n2\r\n--y\r\n--x--",
        [b"mixed", [b"related", b"1"], b"2\r\n--y"],
    ),
    "inner boundary as the outer": (
        MIXED + b"--x\r\n" + MIXED + b"--x\r\n\r\n1\r\n--x--\r\n--x\r\n\r\n2\r\n--x--",
        [b"mixed", [b"mixed", b"1"], b"2"],
    ),
    "inner boundary as the outer, at once": (
        MIXED + b"--x\r\n" + MIXED.replace(b"\r\n\r\n", b"\r\n") + b"--x\r\n\r\n2\r\n--x--",
        [b"mixed", [b"mixed", b""], b"2"],
    ),
    "inner boundary begins as the outer": (
        MIXED + b"--x\r\nContent-Type: multipart/related; boundary=xx\r\n\r\n--xx\r\n\r\n1\r\n--xx--\r\n--x\r\n\r\n2",
        [b"mixed", [b"related", b"1"], b"2"],
    ),
    "digest": (
        MIXED.replace(b"mixed", b"digest") + b"--x\r\n\r\nA: b\r\n\r\n1\r\n--x\r\nContent-Type: a/b\r\n\r\n2\r\n--x--",
        [b"digest", (b"1",), b"2"],
    ),
    "message": (b"Content-Type: MESSAGE/RFC822\r\n\r\n" + MIXED + b"--x\r\n\r\n1\r\n--x--", ([b"mixed", b"1"],)),
    "message cut off in its header": (
        MIXED + b"--x\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n--x\r\n\r\n2\r\n--x--",
        [b"mixed", (b"",), b"2"],
    ),
    "message without anything": (
        MIXED + b"--x\r\nContent-Type: message/rfc822\r\n\r\n--x\r\n\r\n2\r\n--x--",
        [b"mixed", (b"",), b"2"],
    ),
    "message/global": (b"Content-Type: Message/Global\r\n\r\nA: b\r\n\r\n1", (b"1",)),
    "nothing": (b"", b""),
    "only a blank line": (b"\r\n", b""),
    "only a header": (b"Subject: x", b""),
    "only a body": (b"\r\nbody", b"body"),
}


@pytest.mark.parametrize(("data", "expected"), STRUCTURES.values(), ids=STRUCTURES)
def test_structure(data: bytes, expected: object) -> None:
    """What the parts are, and where their bodies begin and end: the line end before a delimiter belongs to it."""
    assert parsed(data) == expected


def test_headers_end_behind_their_blank_line() -> None:
    """RFC 3501 7.4.2: the blank line is part of the header."""
    data = MIXED + b"--x\r\nA: b\r\n\r\n1\r\n--x\r\n\r\n2\r\n--x\r\nC: d\r\n--x--\r\n"
    root = parse(data)

    headers = [data[part.header_start : part.header_end] for part in [root, *root.children]]
    assert headers == [MIXED, b"A: b\r\n\r\n", b"\r\n", b"C: d"]
    assert (root.body_start, root.body_end) == (len(MIXED), len(data))


def test_the_line_end_between_two_delimiters_belongs_to_the_second() -> None:
    """RFC 2046 5.1.1, also where the first closes an inner multipart."""
    inner = b"--y\r\n\r\n1\r\n--y--"
    data = MIXED + b"--x\r\n" + MIXED.replace(b"=x", b"=y") + inner + b"\r\n--x--\r\n"

    part = parse(data).children[0]
    assert data[part.body_start : part.body_end] == inner


def test_a_part_keeps_its_fields_as_written() -> None:
    """Unfolded, not decoded, in the case they have."""
    part = parse(
        b"CONTENT-Type: Application/PDF; Name=x\r\nContent-Transfer-Encoding: BASE64 (c)\r\nContent-ID: <a@b> c\r\n"
        b'Content-Description: =?utf-8?q?a?=\r\n\tb\r\nContent-Disposition: attachment; filename="y z"\r\n'
        b"Content-Language: en, de (German)\r\nContent-Location: http://x/ y\r\nContent-MD5: Q2hl==\r\n"
        b"Content-ID: second\r\n\r\nbody\r\n"
    )

    assert (part.type, part.subtype, part.params) == (b"Application", b"PDF", [(b"Name", b"x")])
    assert (part.encoding, part.id, part.description) == (b"BASE64", b"<a@b> c", b"=?utf-8?q?a?=\tb")
    assert part.disposition == (b"attachment", [(b"filename", b"y z")])
    assert (part.languages, part.location, part.md5) == ([b"en", b"de"], b"http://x/ y", b"Q2hl==")
    assert (part.size, part.lines) == (6, 0)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Content-Type:\r\n",
        b"Content-Type: text\r\n",
        b"Content-Type: text/\r\n",
        b"Content-Type: /plain\r\n",
        b'Content-Type: "text"/"plain"\r\n',
        b"Content-Type: plain\r\n",
        b"Content-Type: \xff/\xfe\r\n",
        b"Content-Type: te\0xt/plain\r\n",
        b"Content-Type\r\n : image/png\r\n",
        b"X-Content-Type: image/png\r\n",
        b"X: y\r\n Content-Type: image/png\r\n",
    ],
)
def test_without_a_valid_type_a_part_is_plain_text(header: bytes) -> None:
    """RFC 2045 5.2: text/plain in US-ASCII."""
    part = parse(header + b"\r\na\r\nb")

    assert (part.kind, part.params, part.encoding, part.lines) == (
        b"text/plain",
        [(b"charset", b"us-ascii")],
        b"7bit",
        1,
    )


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        (b"", b"7bit"),
        (b'"base64"', b"base64"),
        (b"7bit;", b"7bit"),
        (b"8 bit", b"7bit"),
        (b"quoted-printable", b"quoted-printable"),
    ],
)
def test_encoding_is_one_word(value: bytes, encoding: bytes) -> None:
    """What is none counts as not written."""
    assert parse(b"Content-Transfer-Encoding: " + value + b"\r\n\r\n").encoding == encoding


@pytest.mark.parametrize(
    ("value", "disposition"),
    [
        (b"INLINE", (b"INLINE", [])),
        (b"", None),
        (b"; filename=x", (b"attachment", [(b"filename", b"x")])),
        (b"attachment filename=x", (b"attachment", [(b"filename", b"x")])),
    ],
)
def test_disposition(value: bytes, disposition: object) -> None:
    """A file name is not lost for want of a type or a semicolon."""
    assert parse(b"Content-Disposition: " + value + b"\r\n\r\n").disposition == disposition


RFC_3501_6_4_5 = (
    MIXED
    + b"--x\r\nContent-Type: text/plain\r\n\r\n1\r\n--x\r\nContent-Type: application/octet-stream\r\n\r\n2\r\n"
    + b"--x\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n"
    + b"--y\r\n\r\n3.1\r\n--y\r\nContent-Type: application/octet-stream\r\n\r\n3.2\r\n--y--\r\n"
    + b"--x\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\nContent-Type: image/gif\r\n\r\n4.1\r\n"
    + b"--z\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=v\r\n\r\n"
    + b"--v\r\n\r\n4.2.1\r\n--v\r\nContent-Type: multipart/alternative; boundary=w\r\n\r\n"
    + b"--w\r\n\r\n4.2.2.1\r\n--w\r\nContent-Type: text/richtext\r\n\r\n4.2.2.2\r\n--w--\r\n--v--\r\n--z--\r\n--x--\r\n"
)


def test_the_tree_of_rfc_3501() -> None:
    """The example of RFC 3501 6.4.5; each leaf's body is its number."""
    root = parse(RFC_3501_6_4_5)
    numbers = [RFC_3501_6_4_5[part.body_start : part.body_end] for part in leaves(root)]

    assert numbers == b"1 2 3.1 3.2 4.1 4.2.1 4.2.2.1 4.2.2.2".split()
    assert [part.kind for part in root.children[2:]] == [b"message/rfc822", b"multipart/mixed"]
    assert root.children[3].children[1].children[0].children[1].kind == b"multipart/alternative"


def test_a_message_in_a_message_is_its_child() -> None:
    root = parse(b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nbody")

    assert [child.kind for child in root.children] == [b"text/plain"]
    assert root.children[0].children == []


def nested(depth: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=%db\r\n\r\n--%db\r\n" % (n, n) for n in range(depth))


def test_depth_is_bounded() -> None:
    """Beyond it, a container is a leaf."""
    part, depth = parse(nested(10_000), max_depth=20), 1
    while part.children:
        part, depth = part.children[0], depth + 1

    assert (depth, part.kind) == (20, b"application/octet-stream")


def test_messages_in_messages_are_bounded() -> None:
    """The same with message/rfc822."""
    part, depth = parse(b"Content-Type: message/rfc822\r\n\r\n" * 10_000), 1
    while part.children:
        part, depth = part.children[0], depth + 1

    assert (depth, part.kind) == (50, b"application/octet-stream")


def test_the_number_of_parts_is_bounded() -> None:
    """The last one holds the rest."""
    data = MIXED + b"--x\r\n\r\n1\r\n" * 5000
    root = parse(data, max_parts=11)

    assert len(root.children) == 10
    assert data[root.children[-1].body_start : root.children[-1].body_end] == (b"1\r\n" + b"--x\r\n\r\n1\r\n" * 4990)


def test_a_mapped_file_parses_as_bytes_do(tmp_path: Path) -> None:
    """Large messages are mapped, not read."""
    data = RFC_3501_6_4_5.replace(b"\r\n4.1\r\n", b"\r\n" + b"line\r\n" * 300_000)
    path = tmp_path / "message"
    path.write_bytes(data)

    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert parse(mapped) == parse(data)


@pytest.mark.parametrize(
    "line", [b"--x\r\n", b"--\r\n", b"--xy", b"--x\r\n\r\n", b"--x--\r\n", b"\r\n", b"--x\r\nContent-Type: a/b; "]
)
def test_hostile_structures_take_linear_time(line: bytes) -> None:
    """2 MB of lines that look like delimiters, or parts without blank lines, are read at once."""
    data = MIXED + b"--x\r\n" + MIXED.replace(b"=x", b"=xy") + line * (2_000_000 // len(line))

    assert parse(data).body_end == len(data)


def leaves(part: Part) -> list[Part]:
    return [leaf for child in part.children for leaf in leaves(child)] if part.children else [part]


def stdlib_leaves(message: Message) -> list[bytes]:
    if message.is_multipart():
        return [leaf for child in cast(list[Message], message.get_payload()) for leaf in stdlib_leaves(child)]
    return [cast(str, message.get_payload()).encode("latin-1")]


@given(MESSAGES)
def test_offsets_agree_with_the_standard_library(data: bytes) -> None:
    """The bodies of the leaves of well-formed mail."""
    bodies = [data[leaf.body_start : leaf.body_end] for leaf in leaves(parse(data))]

    assert bodies == stdlib_leaves(message_from_string(data.decode("latin-1")))


def check(part: Part, start: int, end: int, depth: int) -> None:
    """The part lies in [start, end), its children in its body, one after the other."""
    assert start <= part.header_start <= part.header_end == part.body_start <= part.body_end <= end
    assert depth <= 50
    if part.type.lower() == b"multipart" or part.kind == b"message/rfc822":
        assert part.children
    at = part.body_start
    for child in part.children:
        check(child, at, part.body_end, depth + 1)
        at = child.body_end


@given(mutated(MESSAGES) | st.binary() | st.binary().map(lambda data: MIXED + data))
def test_anything_has_a_structure(data: bytes) -> None:
    """Never an error; parts are ordered and lie in what they are parts of."""
    root = parse(data)

    check(root, 0, len(data), 1)
    assert (root.header_start, root.body_end) == (0, len(data))


def test_headers_are_read_up_to_a_limit() -> None:
    """The part in whose header it is reached holds the rest."""
    part = b"--b\r\nX: " + b"x" * 1000 + b"\r\n\r\n"
    data = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 100 + b"--b--\r\n"
    root = parse(data, max_headers=10_000)

    assert len(root.children) == 10
    assert root.children[-1].body_end == len(data)
