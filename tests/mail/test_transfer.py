import itertools
import time
from base64 import encodebytes
from binascii import b2a_qp, b2a_uu

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.transfer import decode, decode_block, decode_in_pieces


@given(st.binary())
def test_base64_round_trip(data: bytes) -> None:
    """Lines of base64 come back as the octets they were."""
    assert decode(encodebytes(data), b"BASE64") == data


@given(st.binary())
def test_quoted_printable_round_trip(data: bytes) -> None:
    """Quoted-printable comes back as the octets it was."""
    assert decode(b2a_qp(data, istext=False), b"Quoted-Printable ") == data


@given(st.lists(st.binary(min_size=1, max_size=45)))
def test_uuencode_round_trip(lines: list[bytes]) -> None:
    """Uuencoded lines, after any text and under any file name."""
    body = b"hello\r\nbegin 644 a b.txt\r\n" + b"".join(map(b2a_uu, lines)) + b"`\r\nend\r\nbye\r\n"

    assert decode(body, b"x-uuencode") == b"".join(lines)


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (b"aGVsbG8", b"base64", b"hello"),  # no padding
        (b"aGVs*bG8!", b"base64", b"hello"),
        (b"aGVsbG8xx", b"base64", b"hello1"),  # one digit too many
        (b"a=ZZb=\r\nc=", b"quoted-printable", b"a=ZZbc"),
        (b"no begin line", b"uuencode", b"no begin line"),
        (b"begin 644 x\n%:&5L;&\\  \nend\n", b"uuencode", b"hello"),  # trailing characters
        (b"begin 644 x\n#86)\nend\n", b"uuencode", b"ab@"),  # a character lost
        (b"as it is", b"8bit", b"as it is"),
        (b"as it is", b"x-unheard-of", b"as it is"),
    ],
)
def test_broken_encodings_give_what_can_be_had(body: bytes, encoding: bytes, expected: bytes) -> None:
    """A search still finds what can be read."""
    assert decode(body, encoding) == expected


@given(
    st.binary() | st.binary().map(lambda data: b"begin 644 x\n" + data),
    st.sampled_from([b"base64", b"quoted-printable", b"x-uue", b""]),
)
def test_anything_decodes(data: bytes, encoding: bytes) -> None:
    """Never an error."""
    decode(data, encoding)


@given(st.binary(max_size=300), st.integers(1, 40), st.sampled_from([b"base64", b"7bit", b"x-uuencode"]))
def test_pieces_join_to_the_whole(data: bytes, size: int, encoding: bytes) -> None:
    """However large the pieces are, a body well encoded gives the same octets."""
    body = {b"base64": encodebytes(data), b"7bit": data, b"x-uuencode": b"begin 644 a\n" + data}[encoding]

    pieces = decode_in_pieces(b"head" + body + b"tail", 4, 4 + len(body), encoding, size)

    assert b"".join(pieces) == decode(body, encoding)


def test_pieces_end_with_lines() -> None:
    """Quoted-printable may only be cut there; and a line without end is cut all the same."""
    data = b"a=C3=BC\nbb=\ncc\n"
    assert list(decode_in_pieces(data, 0, len(data), b"quoted-printable", 6)) == [b"a\xc3\xbc\n", b"bbcc\n"]
    assert list(decode_in_pieces(b"x" * 10, 0, 10, b"8bit", 3)) == [b"xxxxxx", b"xxxx"]


def in_blocks(data: bytes, encoding: bytes, cuts: list[int]) -> bytes:
    """What `decode_block` makes of data cut at these places."""
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    decoded, carry = b"", b""
    for start, end in itertools.pairwise(edges):
        octets, left = decode_block(carry, data[start:end], encoding, last=end == len(data))
        decoded += octets
        if left is None:
            break
        assert end < len(data) or not left
        assert len(left) < 1000
        carry = left
    return decoded


CUTS = st.lists(st.integers(0, 500), max_size=6)


@given(st.binary(max_size=300), CUTS)
def test_base64_in_blocks(data: bytes, cuts: list[int]) -> None:
    """Wherever it is cut."""
    assert in_blocks(encodebytes(data), b"base64", cuts) == data


@given(st.binary(max_size=300), CUTS)
def test_quoted_printable_in_blocks(data: bytes, cuts: list[int]) -> None:
    """With CRLF as line ends, soft ones too."""
    encoded = b2a_qp(data, istext=False).replace(b"\n", b"\r\n")
    assert in_blocks(encoded, b"quoted-printable", cuts) == data


@given(st.binary(min_size=1000, max_size=2000), st.lists(st.integers(0, 5000), max_size=6))
def test_quoted_printable_in_one_line(data: bytes, cuts: list[int]) -> None:
    """Longer than it may be."""
    assert in_blocks(b"".join(b"=%02X" % octet for octet in data), b"quoted-printable", cuts) == data


@given(st.text("AB=+/ \r\n-", max_size=60), CUTS)
def test_damaged_base64_in_blocks(text: str, cuts: list[int]) -> None:
    """The same wherever it is cut: what does not belong to it is passed over."""
    assert in_blocks(text.encode(), b"base64", cuts) == in_blocks(text.encode(), b"base64", [])


@pytest.mark.parametrize(
    ("data", "decoded"),
    [
        (b"QUJD", b"ABC"),
        (b"QUI=", b"AB"),
        (b"QUI", b"AB"),
        (b"QQ==", b"A"),
        (b"QQ=", b"A"),
        (b"QUJDR", b"ABC"),
        (b"QU*J\r\n D", b"ABC"),
        (b"=QU=JD=", b"ABC"),
        (b"QUI=\r\n-- \r\nfooter of a list", b"AB"),
        (b"QQ==QUJD", b"A"),
        (b"QUJD====", b"ABC"),
        (b"", b""),
    ],
)
def test_base64_and_its_padding(data: bytes, decoded: bytes) -> None:
    """Padding that completes a quantum ends the data; any other is passed over (RFC 2045 6.8)."""
    assert in_blocks(data, b"base64", []) == decoded
    assert in_blocks(data, b"base64", list(range(len(data)))) == decoded


def test_crafted_encodings_take_no_time() -> None:
    """Padding only, escapes only, lines without end."""
    start = time.thread_time()
    for encoding in (b"base64", b"quoted-printable"):
        for data in (
            b"=" * 1_000_000,
            b"A=" * 500_000,
            b"AA=" * 300_000,
            b"=\r" * 500_000,
            b"A" * 1_000_000,
            b"\n" + b"A=41" * 250_000,
        ):
            in_blocks(data, encoding, list(range(0, 1_000_000, 65536)))
    assert time.thread_time() - start < 2
