"""Parts without their transfer encoding: which octets, how many, in pieces of any size."""

from base64 import encodebytes
from binascii import b2a_qp
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailaccess.imap import binary, facts
from mailaccess.imap.binary import BinarySection, Decoded, Encoded, UnknownEncoding, parse_section
from mailaccess.imap.errors import Bad
from mailaccess.imap.facts import Facts
from mailaccess.imap.grammar import Cursor
from mailaccess.mail.lines import to_wire
from mailaccess.storage.content import Content
from mailaccess.storage.errors import ShortRead


def message(body: bytes, encoding: bytes, kind: bytes = b"application/octet-stream") -> bytes:
    """A message of one part, in wire form."""
    return b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s" % (kind, encoding, body)


def fetched(path: Path, text: bytes, section: BinarySection) -> tuple[bytes | None, int]:
    """What is sent of it, and how many octets the whole is said to have."""
    path.write_bytes(text)
    with Content(str(path)) as content:
        encoded = section.find(content, Facts(facts.build(content.as_buffer())))
        if encoded is None:
            return None, 0
        octets = encoded.read(content, section.origin, section.length)
        if isinstance(octets, Decoded):
            step = 50_000
            octets = b"".join(
                octets.piece(content, start, min(step, octets.size - start)) for start in range(0, octets.size, step)
            )
        return octets, encoded.size(content)


DATA = bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        (message(encodebytes(DATA).replace(b"\n", b"\r\n"), b"base64"), DATA),
        (message(b2a_qp(DATA, istext=False).replace(b"\n", b"\r\n"), b"Quoted-Printable"), DATA),
        (message(b"7bit\r\n", b"7bit"), b"7bit\r\n"),
        (message(b"\xe9\r\n", b"8BIT"), b"\xe9\r\n"),
        (message(b"\0\x01\r\n\0", b"binary"), b"\0\x01\r\n\0"),
        (b"Subject: none named\r\n\r\ntext\r\n", b"text\r\n"),
        (message(b"", b"base64"), b""),
        (message(b"####", b"base64"), b""),
        # "textual line-oriented sections are always transmitted using the IMAP CRLF line termination"
        (message(b"YQpiDQpjCg==", b"base64", b"text/plain"), b"a\r\nb\r\nc\r\n"),
        (message(b"a=0Ab", b"quoted-printable", b"text/x-diff"), b"a\r\nb"),
        (message(b"a=0Ab", b"quoted-printable", b"image/png"), b"a\nb"),
    ],
)
def test_what_encodings_stand_for(tmp_path: Path, text: bytes, octets: bytes) -> None:
    """RFC 3516 4.2; BINARY.SIZE "MUST match" (4.3)."""
    assert fetched(tmp_path / "m", text, BinarySection(b"1")) == (octets, len(octets))
    assert fetched(tmp_path / "m", text, BinarySection(b"1", 3, 5)) == (octets[3:8], len(octets))
    assert fetched(tmp_path / "m", text, BinarySection(b"1", 5000, 5)) == (b"", len(octets))


@pytest.mark.parametrize("encoding", [b"x-uuencode", b"base65", b"utf-8"])
def test_an_encoding_that_is_not_known(tmp_path: Path, encoding: bytes) -> None:
    with pytest.raises(UnknownEncoding):
        fetched(tmp_path / "m", message(b"x", encoding), BinarySection(b"1"))


def test_what_holds_others_is_as_it_is(tmp_path: Path) -> None:
    """RFC 2045 6.4: it "is not permitted to have" another encoding. There is no third part."""
    inner = message(b"QUJD\r\n", b"base64")
    parts = b"--b\r\n%s--b\r\nContent-Type: message/rfc822\r\n\r\n%s--b--\r\n" % (inner, inner)
    text = b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + parts
    path = tmp_path / "m"
    assert fetched(path, text, BinarySection()) == (text, len(text))
    assert fetched(path, text, BinarySection(b"1")) == (b"ABC", 3)
    assert fetched(path, text, BinarySection(b"2")) == (inner[:-2], len(inner) - 2)
    assert fetched(path, text, BinarySection(b"2.1")) == (b"ABC", 3)
    assert fetched(path, text, BinarySection(b"3")) == (None, 0)


def test_a_file_with_unix_line_ends(tmp_path: Path) -> None:
    """Identity encodings are in wire form, decoded octets are what they are."""
    assert fetched(tmp_path / "m", b"Subject: x\n\na\nb\n", BinarySection(b"1")) == (b"a\r\nb\r\n", 6)
    text = message(encodebytes(DATA), b"base64").replace(b"\r\n", b"\n")
    assert fetched(tmp_path / "m", text, BinarySection(b"1")) == (DATA, len(DATA))


LARGE = b"".join(b"%07d\n" % number for number in range(300_000))
ENCODED = {
    "base64": message(encodebytes(LARGE).replace(b"\n", b"\r\n"), b"base64"),
    "text": message(encodebytes(LARGE).replace(b"\n", b"\r\n"), b"base64", b"text/plain"),
    "one line": message(encodebytes(LARGE).replace(b"\n", b""), b"base64"),
    "quoted-printable": message(b2a_qp(LARGE, istext=False).replace(b"\n", b"\r\n"), b"quoted-printable"),
    "binary": message(LARGE.replace(b"\n", b"\0"), b"binary"),
}


@pytest.mark.parametrize("kind", ENCODED)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(origin=st.integers(0, 2_500_000), length=st.none() | st.integers(1, 1_000_000))
def test_any_piece_of_a_large_part(tmp_path: Path, kind: str, origin: int, length: int | None) -> None:
    """It is what the whole has there."""
    whole = {"text": to_wire(LARGE), "binary": LARGE.replace(b"\n", b"\0")}.get(kind, LARGE)
    end = None if length is None else origin + length
    octets, size = fetched(tmp_path / kind, ENCODED[kind], BinarySection(b"1", origin, length))
    assert octets == whole[origin:end]
    assert size == len(whole)


def test_a_large_part_is_gone_through_once(tmp_path: Path) -> None:
    """What was found out is kept, for a number of parts."""
    path = tmp_path / "m"
    path.write_bytes(ENCODED["base64"])
    with Content(str(path)) as content:
        start = ENCODED["base64"].index(b"\r\n\r\n") + 4
        encoded = Encoded(start, content.size, b"base64")
        found = encoded.survey(content)
        assert encoded.survey(content) is found
        assert (found.size, found.has_nul) == (len(LARGE), False)
        for end in range(content.size - binary._KEPT, content.size):
            Encoded(start, end, b"base64").survey(content)
        assert encoded.survey(content) is not found


def test_a_part_that_is_no_more_what_it_was(tmp_path: Path) -> None:
    """Written over, with its size and date: never more octets than there are, nor fewer without a word."""
    path = tmp_path / "m"
    path.write_bytes(ENCODED["base64"])
    with Content(str(path)) as content:
        decoded = Encoded(100, content.size, b"base64").read(content, 0, None)
        assert isinstance(decoded, Decoded)
        path.write_bytes(b"-" * content.size)
        with pytest.raises(ShortRead):
            decoded.piece(content, 0, decoded.size)


@pytest.mark.parametrize(
    ("text", "named", "section"),
    [
        (b"[]", b"[]", BinarySection()),
        (b"[1.2]", b"[1.2]", BinarySection(b"1.2")),
        (b"[3]<5.07>", b"[3]<5>", BinarySection(b"3", 5, 7)),
    ],
)
def test_the_grammar(text: bytes, named: bytes, section: BinarySection) -> None:
    """section-binary [partial]"""
    assert parse_section(Cursor(text)) == (named, section)


@pytest.mark.parametrize(
    "text", [b"", b"1", b"[0]", b"[1.]", b"[HEADER]", b"[1.MIME]", b"[1.TEXT]", b"[1", b"[1]<0>", b"[1]<0.0>", b"[ 1]"]
)
def test_bad_grammar(text: bytes) -> None:
    with pytest.raises(Bad):
        parse_section(Cursor(text))


def test_a_size_is_of_the_whole() -> None:
    with pytest.raises(Bad):
        parse_section(Cursor(b"[1]<0.5>"), partial=False)
