"""Hashes that the system's libcrypt made."""

import pytest

from mailaccess.auth import libcrypt

PASSWORD = "tânstaaf 1".encode()
YESCRYPT = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$sYxAZph30f8pxp0BnAwGRu7S8595ypi6gH72XmHzO03"
SCRYPT = "$7$CU..../....abcdefghijklmno$ckG.ceads7o7y1l4azJGh7TgPQtlJ6.j/JhkS4IDEk3"
SHA512 = "$6$I922mkbGPIfwq9QL$Ev/aWZx3cjqt.6LRGWfFC3uBSxhmdiANjY.30kJXkukZXdgwhlIlSdMDkgvfZq6.yi31t5AwYXcElDkXi.pOa."

pytestmark = pytest.mark.skipif(not libcrypt.knows(YESCRYPT), reason="this system has no libxcrypt")


@pytest.mark.parametrize("stored", [YESCRYPT, SCRYPT])
def test_hash_matches_its_password_only(stored: str) -> None:
    """As in a shadow file of today."""
    assert libcrypt.knows(stored)
    assert libcrypt.matches(PASSWORD, stored)
    assert not libcrypt.matches(PASSWORD + b" ", stored)
    assert not libcrypt.matches(b"", stored)


@pytest.mark.parametrize("text", ["", "$y$", "$y$not one", YESCRYPT[:-1], YESCRYPT + "x", SHA512, "*0"])
def test_other_texts_are_not_for_it(text: str) -> None:
    """What passlib knows, what is cut off, and what is no hash."""
    assert not libcrypt.knows(text)


def test_password_with_nul_cannot_be_hashed() -> None:
    """C would take what stands before it."""
    with pytest.raises(ValueError, match="cannot"):
        libcrypt.matches(PASSWORD + b"\0x", YESCRYPT)
