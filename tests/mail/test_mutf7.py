import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.mutf7 import decode, encode

NAMES = [
    ("INBOX", b"INBOX"),
    ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 5.1.3
    ("Entwürfe", b"Entw&APw-rfe"),
    ("R&D", b"R&-D"),
    ("&-", b"&--"),
    ("😀", b"&2D3eAA-"),
    ("tab\there", b"tab&AAk-here"),
    ("", b""),
]


@pytest.mark.parametrize(("name", "raw"), NAMES)
def test_encode(name: str, raw: bytes) -> None:
    """Printable ASCII stands for itself, "&" is "&-", the rest is UTF-16 in base64 with "," for "/"."""
    assert encode(name) == raw


@pytest.mark.parametrize(("name", "raw"), NAMES)
def test_decode(name: str, raw: bytes) -> None:
    """The same way back."""
    assert decode(raw) == name


@pytest.mark.parametrize(
    "raw",
    [
        b"Entw\xc3\xbcrfe",  # raw UTF-8
        b"&",
        b"&APw",  # unterminated
        b"&U,BTFw-&ZeVnLIqe-",  # superfluous shift (RFC 3501 5.1.3)
        b"&AGE-",  # an encoded "a"
        b"&A-",
        b"&APx-",  # stray bits
        b"&2D0-",  # half a surrogate pair
        b"&//8-",  # "/" instead of ","
        b"&APw=-",
        b"a\tb",
        b"a\x7f",
    ],
)
def test_what_is_not_canonical_is_refused(raw: bytes) -> None:
    """One name has one encoding."""
    with pytest.raises(ValueError):
        decode(raw)


def test_a_lone_surrogate_has_no_encoding() -> None:
    """Such a string is no Unicode text."""
    with pytest.raises(ValueError):
        encode("\ud800")


@given(st.text())
def test_round_trip(name: str) -> None:
    """Every name comes back."""
    raw = encode(name)

    assert raw.isascii()
    assert decode(raw) == name


@given(st.binary() | st.text("&-AbZ09+,/=").map(str.encode))
def test_decode_is_injective(raw: bytes) -> None:
    """What can be decoded encodes to the same octets again; nothing but ValueError is ever raised."""
    try:
        name = decode(raw)
    except ValueError:
        return
    assert encode(name) == raw
