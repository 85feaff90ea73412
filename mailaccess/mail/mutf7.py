"""Modified UTF-7, the form mailbox names have on the wire and on disk (RFC 3501 5.1.3).

Each name has exactly one form: what is not the canonical encoding of anything is refused, so that no two directories
and no two spellings stand for one mailbox.
"""

import re
from base64 import b64decode, b64encode

_SHIFTED = re.compile(r"&|[^\x20-\x7e]+")
_SECTION = re.compile(r"&([A-Za-z0-9+,]*)-")


def encode(name: str) -> bytes:
    """The name's modified UTF-7 form. ValueError for a lone surrogate."""
    return _SHIFTED.sub(_shift, name).encode("ascii")


def decode(raw: bytes) -> str:
    """The name that `raw` encodes. ValueError if it is not the canonical encoding of a name."""
    name = _SECTION.sub(_unshift, raw.decode("ascii"))
    if encode(name) != raw:
        raise ValueError("not a mailbox name in modified UTF-7")
    return name


def _shift(found: re.Match[str]) -> str:
    if found[0] == "&":
        return "&-"
    return "&" + b64encode(found[0].encode("utf-16-be"), b"+,").rstrip(b"=").decode("ascii") + "-"


def _unshift(found: re.Match[str]) -> str:
    digits = found[1]
    if not digits:
        return "&"
    return b64decode(digits + "=" * (-len(digits) % 4), b"+,").decode("utf-16-be")
