"""Content-Transfer-Encodings undone (RFC 2045 6), leniently: what is broken gives as much as can be had."""

import re
from binascii import Error, a2b_base64, a2b_qp, a2b_uu
from collections.abc import Iterator

from mailaccess.mail.lines import Buffer

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_DIGITS = bytes(set(range(256)) - set(_DIGITS))
_NOT_MARKS = bytes(set(range(256)) - set(_DIGITS + b"="))
_QUANTA = re.compile(rb"(?:=*[A-Za-z0-9+/]=*[A-Za-z0-9+/]=?[A-Za-z0-9+/]{2})*+")  # no padding ends these
_PADDED = re.compile(rb"=*([A-Za-z0-9+/])=*([A-Za-z0-9+/])(?:==|=?([A-Za-z0-9+/])=)")
_LONGEST_LINE = 998  # octets (RFC 5322 2.1.1) that are kept for the next stretch; quoted-printable allows 76
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\n]*\n", re.MULTILINE)
_UU_NAMES = frozenset({b"x-uuencode", b"x-uue", b"uuencode", b"uue"})


KNOWN = frozenset({b"7bit", b"8bit", b"binary", b"base64", b"quoted-printable"})
"""The encodings of RFC 2045 6.1, in lower case."""


def decode(data: bytes, encoding: bytes) -> bytes:
    """The octets that `data` stands for; `data` itself under 7bit, 8bit, binary and unknown encodings."""
    name = encoding.strip().lower()
    if name == b"quoted-printable":
        return quoted_printable(data)
    if name == b"base64":
        return base64(data)
    if name in _UU_NAMES:
        return uuencoded(data)
    return data


def decode_in_pieces(data: Buffer, start: int, end: int, encoding: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    """As `decode`, of the octets from `start` to `end`, cut at line ends into pieces of `size` to twice as many."""
    name = encoding.strip().lower()
    if name in _UU_NAMES:
        yield uuencoded(data[start:end])
        return
    digits = b""
    while start < end:
        most = min(end, start + 2 * size)
        line_end = data.find(b"\n", min(start + size, end), most)
        stop = line_end + 1 if line_end >= 0 else most
        piece, start = data[start:stop], stop
        if name == b"base64":
            digits += piece.translate(None, _NOT_DIGITS)
            whole = len(digits) // 4 * 4 if start < end else len(digits)
            piece, digits = digits[:whole], digits[whole:]
        yield decode(piece, name)


def decode_block(carry: bytes, data: bytes, encoding: bytes, *, last: bool) -> tuple[bytes, bytes | None]:
    """Decodes one stretch of a body: the octets, and what of it belongs to the next one. None: the encoding ends here.

    `carry` is that of the stretch before, empty at first. `encoding` is in lower case, and one of KNOWN.
    """
    if encoding == b"base64":
        return _base64_block(carry, data, last=last)
    if encoding == b"quoted-printable":
        return _quoted_printable_block(carry + data, last=last)
    return data, b""


def _base64_block(carry: bytes, data: bytes, *, last: bool) -> tuple[bytes, bytes | None]:
    """Padding "may be taken as evidence that the end of the data has been reached" (RFC 2045 6.8), other "=" not."""
    if b"=" not in data and b"=" not in carry:
        digits = carry + data.translate(None, _NOT_DIGITS)
        whole = len(digits) if last else len(digits) // 4 * 4
        return base64(digits[:whole]), digits[whole:]
    marks = carry + data.translate(None, _NOT_MARKS)
    quanta = _QUANTA.match(marks)
    end = quanta.end() if quanta else 0
    digits = marks[:end].replace(b"=", b"")
    padded = _PADDED.match(marks, end)
    if padded:
        return base64(digits + b"".join(digit for digit in padded.groups() if digit)), None
    rest = marks[end:].replace(b"=", b"")
    if last:
        return base64(digits + rest), b""
    return base64(digits), rest + b"=" if len(rest) == 2 and marks.endswith(b"=") else rest


def _quoted_printable_block(data: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """Cut behind a line's end; in a line that is too long, where no escape is."""
    if last:
        return quoted_printable(data), b""
    cut = data.rfind(b"\n") + 1
    if len(data) - cut > _LONGEST_LINE:
        soft = data.find(b"=\r", cut)
        if soft >= 0:  # all up to the LF that is to come is passed over
            return quoted_printable(data[:soft]), b"=\r"
        escape = data.find(b"=", len(data) - 2)
        cut = escape if escape >= 0 else len(data)
    return quoted_printable(data[:cut]), data[cut:]


def base64(data: bytes) -> bytes:
    """RFC 2045 6.8; wrong padding and stray characters are passed over."""
    try:
        return a2b_base64(data)
    except Error:
        digits = data.translate(None, _NOT_DIGITS)
        whole = len(digits) - (len(digits) % 4 == 1)
        return a2b_base64(digits[:whole] + b"=" * (-whole % 4))


def quoted_printable(data: bytes) -> bytes:
    """RFC 2045 6.7; what is no valid escape stands for itself."""
    return a2b_qp(data)


def uuencoded(data: bytes) -> bytes:
    """The first file of uuencoded text; `data` itself where none begins."""
    begin = _UU_BEGIN.search(data)
    if not begin:
        return data
    decoded = []
    for line in data[begin.end() :].splitlines():
        if line.rstrip() in (b"", b"`", b"end"):
            break
        try:
            decoded.append(a2b_uu(line))
        except Error:
            decoded.append(_uu_line(line))
    return b"".join(decoded)


def _uu_line(line: bytes) -> bytes:
    """A line with more or other characters than its length promises, as some encoders write them."""
    count = (line[0] - 32) & 63
    wanted = (count + 2) // 3 * 4
    digits = bytes((octet - 32) & 63 for octet in line[1 : 1 + wanted]).ljust(wanted, b"\0")
    octets = bytearray()
    for a, b, c, d in zip(*[iter(digits)] * 4, strict=True):
        octets += bytes(((a << 2 | b >> 4) & 255, (b << 4 | c >> 2) & 255, (c << 6 | d) & 255))
    return bytes(octets[:count])
