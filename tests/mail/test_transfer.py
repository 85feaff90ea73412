from base64 import encodebytes
from binascii import b2a_qp, b2a_uu

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.transfer import decode, decode_in_pieces


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
