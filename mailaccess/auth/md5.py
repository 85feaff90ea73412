"""MD5's inner state after one block, which `{CRAM-MD5}` stores and hashlib does not give away (RFC 1321, RFC 2104)."""

import hashlib
import math
import struct

BLOCK = 64

_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
_SINES = [int(abs(math.sin(step + 1)) * 2**32) for step in range(64)]
_SHIFTS = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
_WORDS = ((1, 0), (5, 1), (3, 5), (7, 0))  # round r's step i takes word (factor * i + offset) % 16


def hmac_state(key: bytes) -> bytes:
    """The 32 octets from which HMAC-MD5 with `key` goes on: the state of the outer digest, then of the inner one."""
    if len(key) > BLOCK:
        key = hashlib.md5(key, usedforsecurity=False).digest()
    key = key.ljust(BLOCK, b"\0")
    return b"".join(_state_after(bytes(octet ^ pad for octet in key)) for pad in (0x5C, 0x36))


def _state_after(block: bytes) -> bytes:
    """RFC 1321 section 3.4, for a first block of 64 octets."""
    words = struct.unpack("<16I", block)
    a, b, c, d = _START
    for step, sine in enumerate(_SINES):
        turn = step // 16
        mixed = (b & c | ~b & d, b & d | c & ~d, b ^ c ^ d, c ^ (b | ~d & 0xFFFFFFFF))[turn]
        factor, offset = _WORDS[turn]
        total = (a + mixed + words[(factor * step + offset) % 16] + sine) & 0xFFFFFFFF
        shift = _SHIFTS[turn][step % 4]
        a, d, c, b = d, c, b, (b + (total << shift | total >> (32 - shift))) & 0xFFFFFFFF
    return struct.pack("<4I", *((old + new) & 0xFFFFFFFF for old, new in zip(_START, (a, b, c, d), strict=True)))
