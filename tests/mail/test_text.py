import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.mime import parse
from mailaccess.mail.text import decode_part, fold, searchable
from tests.mail.strategies import MESSAGES, mutated


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("Hello, World", "HELLO, WORLD"),
        ("\u01c4", "Dz\u030c"),  # RFC 5051 2
        ("é", "E\u0301"),
        ("ß", "ß"),  # has no title case of its own in UnicodeData.txt
        ("ﬁ", "fi"),  # a compatibility decomposition; what it gives is not title-cased again
        ("ς σ Σ", "Σ Σ Σ"),
        ("Ångström Å", "A\u030aNGSTRO\u0308M A\u030a"),
        ("ｈｉ ①", "HI 1"),
        ("日本語 がも", "日本語 か\u3099も"),
        ("\ud800a", "\ud800A"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    """RFC 5051: simple title case, then all decompositions."""
    assert fold(text) == folded


@given(st.text(), st.text())
def test_folding_keeps_substrings(one: str, two: str) -> None:
    """Text is folded character by character, so that a search in the folded text finds all."""
    assert fold(one + two) == fold(one) + fold(two)


@given(st.text())
def test_folding_leaves_nothing_to_decompose(text: str) -> None:
    """The outcome is in normalisation form KD, but for the order of marks that RFC 5051 leaves open."""
    assert all(unicodedata.normalize("NFKD", character) == character for character in fold(text))


@pytest.mark.parametrize(
    ("data", "encoding", "charset", "text"),
    [
        (b"Z3LDvG4=\r\n", b"BASE64", "utf-8", "grün"),
        (b"gr=FCn so=\r\nft", b"quoted-printable", "iso-8859-1", "grün soft"),
        (b"gr\xfcn", b"8bit", "x-none", "grün"),
        (b"gr\xc3\xbcn", b"7bit", None, "grün"),
        (b"begin 644 a\n#86)C\n`\nend\n", b"x-uuencode", "us-ascii", "abc"),
        (b"\xff\xfea\x00", b"binary", "utf-16", "a"),
    ],
)
def test_decode_part(data: bytes, encoding: bytes, charset: str | None, text: str) -> None:
    """Transfer encoding first, then charset."""
    assert decode_part(data, encoding, charset) == text


MESSAGE = b"""\
Subject: =?utf-8?q?gr=C3=BCn?=
X-Long: one
 two
Content-Type: multipart/mixed; boundary=x

preamble
--x
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<b>gr=FCn</b>
--x
Content-Type: application/pdf; name=file.pdf

pdf
--x
Content-Type: message/rfc822

Subject: inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

Z3LDvG4=
--x
Content-Type: message/delivery-status

Status: 5.0.0
--x--
epilogue
""".replace(b"\n", b"\r\n")


def test_searchable_bodies() -> None:
    """Text and messages are decoded, tags are kept; other parts, preambles and epilogues are not looked into."""
    bodies = list(searchable(MESSAGE, parse(MESSAGE), headers=False))

    assert bodies == ["<b>grün</b>", "grün", "Status: 5.0.0"]


def test_searchable_headers() -> None:
    """The headers of all parts are decoded and unfolded, each line with its name."""
    texts = list(searchable(MESSAGE, parse(MESSAGE)))

    assert texts[0] == "Subject: grün\r\nX-Long: one two\r\nContent-Type: multipart/mixed; boundary=x\r\n"
    assert "Content-Type: application/pdf; name=file.pdf\r\n" in texts
    assert texts[texts.index("grün") - 1].startswith("Subject: inner\r\n")


@given(mutated(MESSAGES) | st.binary())
def test_anything_can_be_searched(data: bytes) -> None:
    """Never an error, and always text that can be stored."""
    for text in searchable(data, parse(data)):
        fold(text).encode("utf-8")
