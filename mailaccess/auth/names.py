"""User names: the one form in which they are compared, and what is refused before any path is made from them."""

import unicodedata

MAX_OCTETS = 255
"""What RFC 4616 section 2 asks to be accepted, and the longest name a directory may have."""

_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def normal_user(name: str, fold_case: bool) -> str:
    """`name` in Unicode NFC, case folded if asked for. ValueError if it is no user name."""
    normal = unicodedata.normalize("NFC", name)
    if fold_case:
        normal = unicodedata.normalize("NFC", normal.casefold())
    if not normal.isprintable() and any(unicodedata.category(char) in _REFUSED_CATEGORIES for char in normal):
        raise ValueError("a user name has no control characters")
    if len(normal.encode()) > MAX_OCTETS:
        raise ValueError(f"a user name has at most {MAX_OCTETS} octets")
    if "/" in normal or ".." in normal:
        raise ValueError("a user name contains neither / nor ..")
    # {local} and {domain} become directories of their own, which must be neither the parent nor the parent's self.
    if any(part in {"", "."} for part in normal.split("@")):
        raise ValueError("a user name, its local part and its domain are neither empty nor a single dot")
    return normal
