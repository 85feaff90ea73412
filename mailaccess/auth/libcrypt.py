"""The system's crypt(3), for hashes that passlib does not know: yescrypt, as Debian and Fedora write to /etc/shadow.

Python itself has had no module for it since 3.13. The library is libxcrypt; others lack the functions asked for here,
which may run in several threads and leave the interpreter free.
"""

import ctypes
import functools
import hmac
import re

NAMES = ("libcrypt.so.1", "libcrypt.so.2")
PREFIXES = ("$y$", "$gy$", "$7$")
"""yescrypt, gost-yescrypt, scrypt."""
_SHAPE = re.compile(r"\$(y|gy|7)\$[!-~]+\$[./0-9A-Za-z]{43}")  # the last part is the hash of 32 octets
INVALID, DISABLED = 1, 2
"""Answers of crypt_checksalt(3)."""
ROOM = 32768
"""Octets of crypt(5)'s `struct crypt_data`."""


def knows(text: str) -> bool:
    """Is `text` a hash for this module, and can the system's library check it?"""
    library = _load()
    if library is None or not _SHAPE.fullmatch(text):
        return False
    return library.crypt_checksalt(text.encode()) not in {INVALID, DISABLED}


def matches(password: bytes, text: str) -> bool:
    """Was `text`, which `knows` knows, made from `password`? ValueError if `password` cannot be hashed."""
    library = _load()
    if library is None or b"\0" in password:
        raise ValueError("the system cannot hash this")
    stored = text.encode()
    made: bytes | None = library.crypt_rn(password, stored, ctypes.create_string_buffer(ROOM), ROOM)
    return made is not None and hmac.compare_digest(made, stored)


@functools.cache
def _load() -> ctypes.CDLL | None:
    for name in NAMES:
        try:
            library = ctypes.CDLL(name)
            library.crypt_rn.restype = ctypes.c_char_p
            library.crypt_rn.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int]
            library.crypt_checksalt.argtypes = [ctypes.c_char_p]
        except (OSError, AttributeError):
            continue
        return library
    return None
