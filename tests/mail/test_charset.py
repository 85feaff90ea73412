from encodings.aliases import aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.charset import to_text

NAMES = sorted({*aliases, *aliases.values(), "idna", "punycode", "unicode_escape", "undefined", "utf_8_sig", "x-y"})


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"plain", None, "plain"),
        (b"gr\xc3\xbcn", "UTF-8", "grün"),
        (b"gr\xfcn", "ISO-8859-1", "grün"),
        (b"don\x92t", "iso-8859-1", "don’t"),  # windows-1252 under latin-1's name
        (b"\x80 5", "windows-1252", "€ 5"),
        (b"\xd0\xd2\xc9", "KOI8-R", "при"),
        (b'\x1b$B$"\x1b(B', "iso-2022-jp", "あ"),
        (b"\x82\xa0", "x-sjis", "あ"),
        (b"\xc4\xe3\x81\x30\x81\x30", "gb2312", "你\x80"),  # GB 18030 under GB 2312's name
        (b"\xb0\xa1\x81\x41", "ks_c_5601-1987", "가갂"),
        (b"Hi Mom -+Jjo--!", "utf-7", "Hi Mom -☺-!"),
    ],
)
def test_charsets(data: bytes, charset: str | None, text: str) -> None:
    """Known charsets, under the names mail gives them."""
    assert to_text(data, charset) == text


@pytest.mark.parametrize(
    "charset", [None, "", "us-ascii", "x-unknown", "hex", "idna", "unicode_escape", "\0", "é" * 99]
)
@pytest.mark.parametrize(("data", "text"), [(b"gr\xc3\xbcn", "grün"), (b"gr\xfcn", "grün")])
def test_without_a_usable_charset_text_is_utf8_or_latin1(charset: str | None, data: bytes, text: str) -> None:
    """The two guesses that are most often right."""
    assert to_text(data, charset) == text


def test_a_wrong_charset_gives_way_to_utf8() -> None:
    """Text that is valid UTF-8 and invalid in its declared charset is UTF-8."""
    assert to_text("grün".encode(), "iso-2022-jp") == "grün"
    assert to_text(b"\xc3\xbc\x81", "windows-1252") == "Ã¼\ufffd"


def test_surrogates_do_not_get_in() -> None:
    """Python's UTF-7 lets them through; nothing that stores or sends text takes them."""
    assert to_text(b"+2AA-", "utf-7") == "\ufffd"


@given(st.binary(max_size=40) | st.text("+-&ABab2 =\x1b$(~{}", max_size=40).map(str.encode), st.sampled_from(NAMES))
def test_anything_becomes_text(data: bytes, charset: str) -> None:
    """Never an error, and always text that can be encoded again."""
    to_text(data, charset).encode("utf-8")
