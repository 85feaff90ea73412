import unicodedata
from base64 import encodebytes
from binascii import b2a_qp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.lines import to_wire
from mailaccess.mail.mime import parse
from mailaccess.mail.text import decode_part, fold, glance, searchable
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


@given(st.text(st.sampled_from("aBéÉß\u0345\u1fb3\u03b9ﬁ\u0301ſsǆΐ")), st.sampled_from(["", " ascii" * 20]))
def test_folding_in_latin_text(text: str, around: str) -> None:
    """Where letters are replaced one by one, none is folded again for what it has become."""
    assert fold(text + around) == "".join(map(fold, text + around))


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
    """Text is decoded, tags are kept; a message inside is body, its header too; what is neither is not looked into."""
    bodies = list(searchable(MESSAGE, parse(MESSAGE), headers=False))

    assert [body.partition("\r\n")[0] for body in bodies] == ["<b>grün</b>", "grün", "Status: 5.0.0", "Subject: inner"]


def test_searchable_headers() -> None:
    """The headers of all parts are decoded and unfolded, each line with its name."""
    texts = list(searchable(MESSAGE, parse(MESSAGE)))

    assert "Subject: grün\r\nX-Long: one two\r\nContent-Type: multipart/mixed; boundary=x\r\n" in texts
    assert "Content-Type: application/pdf; name=file.pdf\r\n" in texts
    assert any(text.startswith("Subject: inner\r\n") for text in texts[texts.index("grün") :])  # behind all bodies


@given(mutated(MESSAGES) | st.binary())
def test_anything_can_be_searched(data: bytes) -> None:
    """Never an error, and always text that can be stored."""
    for text in searchable(data, parse(data)):
        fold(text).encode("utf-8")


@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp", "utf-16"])
def test_a_large_body_comes_in_pieces(encoding: str, charset: str) -> None:
    """Which overlap, so that no word is lost between them, and hold all of it."""
    lines = [
        f"line {number} ünï 日本" if charset != "iso-2022-jp" else f"line {number} 日本" for number in range(120_000)
    ]
    body = "\n".join(lines).encode(charset)
    coded = {"7bit": lambda: body, "base64": lambda: encodebytes(body), "quoted-printable": lambda: b2a_qp(body)}[
        encoding
    ]()
    message = (
        f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + coded
    )

    texts = list(searchable(message, parse(message), headers=False))

    assert len(texts) > 1 or charset == "utf-16"
    assert all(any(line in text for text in texts) for line in lines[::997])
    assert sum(map(len, texts)) <= len("\n".join(lines)) + len(texts) * 4096


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: =?utf-8?Q?f=6Fund?=",
        b"Content-Transfer-Encoding: quoted-printable\r\nX: f=6Fund",
        b"Content-Transfer-Encoding:\r\n base64",
        b"Content-Transfer-Encoding: 7bit\r\n (or) base64",
        b"Content-Type: text/plain; charset=utf-7",
        b'Content-Type: text/plain; charset="utf-16"',
        b"Content-Type: text/plain; charset*0=utf-; charset*1=7",
        b"Subject: f\xc3\xb6und",
        b"Subject: found",
    ],
)
def test_a_glance_does_not_take_octets_for_the_text_that_are_not(header: bytes) -> None:
    """What is encoded must be decoded before anybody can tell."""
    assert glance(header + b"\r\n\r\nbody\r\n", "FOUND") is None


def test_a_needle_that_is_not_in_plain_octets_is_ruled_out() -> None:
    """So that there is nothing to take apart."""
    message = (
        b"Subject: a\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nbody\r\n"
    )

    assert glance(message, "FOUND") is False
    assert glance(message, "FÖUND") is False
    assert glance(message, "A BODY") is None  # both words are there, though not together
    assert glance(message, "SUBJECT") is None  # not in the body


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"", True),
        (b"Subject: a\r\n", True),
        (b"Content-Type: text/plain; charset=UTF-8\r\n", None),  # not at the beginning of a line for all we look
        (b"Subject: a\r\nContent-Type: text/plain; charset=UTF-8\r\n", True),
        (b"Subject: a\r\nContent-Type: text/html\r\n", True),
        (b"Subject: a\r\nContent-Type: image/png\r\n", None),
        (b"Subject: a\r\nContent-Type: multipart/mixed; boundary=body\r\n", None),
        (b"Subject: Content-Type\r\nContent-Type: text/plain\r\n", None),
        (b"Subject: a\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n", None),
    ],
)
def test_a_needle_in_the_octets_of_a_plain_body_is_found(header: bytes, found: bool | None, ends: bytes) -> None:
    """So that nothing has to be taken apart for that either."""
    message = (header + b"\r\nthe body\r\n").replace(b"\r\n", ends)

    assert glance(message, "BOD") is found
    assert glance(message, "THE BODY") is None  # in a header, that might be folded


@given(mutated(MESSAGES) | st.binary() | st.text(st.characters(max_codepoint=127)).map(str.encode), st.data())
def test_a_glance_is_never_wrong(message: bytes, data: st.DataObject) -> None:
    """Whatever the message, any piece of its texts may be looked for, and any of its octets."""
    message = to_wire(message).replace(b"\0", b"\x80")  # as it is read
    texts = [fold(piece) for piece in searchable(message, parse(message))]
    bodies = [fold(piece) for piece in searchable(message, parse(message), headers=False)]
    for piece in [*texts, fold(message.decode("latin-1"))]:
        start = data.draw(st.integers(0, len(piece)))
        needle = piece[start : start + data.draw(st.integers(1, 12))]
        verdict = glance(message, needle) if needle else None
        assert verdict is not True or any(needle in text for text in bodies)
        assert verdict is not False or not any(needle in text for text in texts)
        if needle and b"\r\r" not in message:
            assert glance(message.replace(b"\r\n", b"\n"), needle) is verdict
