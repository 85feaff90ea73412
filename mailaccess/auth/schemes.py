"""Password hashes: making them, and checking every `{SCHEME}` that an old password file may hold.

A stored password is `{SCHEME}text`; without a scheme it is a crypt(3) hash, as in Dovecot's passwd-file. `.HEX`,
`.B64` or `.BASE64` behind the scheme's name says how the text is encoded.
"""

import binascii
import functools
import hashlib
import hmac
import math
import re
import secrets
from collections.abc import Callable

from passlib.context import CryptContext

from mailaccess.auth import libcrypt, md5
from mailaccess.auth.saslprep import saslprep

MEMORY_KIB, PASSES = 19456, 2  # argon2id at 20 ms a check; OWASP's first choice
MAX_OCTETS = 4096  # passlib hashes nothing longer

_crypt = CryptContext(
    schemes=["argon2", "bcrypt", "sha512_crypt", "sha256_crypt", "md5_crypt", "des_crypt"],
    argon2__type="ID",
    argon2__memory_cost=MEMORY_KIB,
    argon2__time_cost=PASSES,
    argon2__parallelism=1,
)

MOST_ROUNDS = 5_000_000  # of SHA-crypt, PBKDF2 and SCRAM: seconds
_COSTS = {  # what one check costs, by the numbers in a hash, and the most that is spent: seconds, too
    re.compile(r"\$2[abxy]?\$(\d+)\$"): 1 << 16,
    re.compile(r"\$[56]\$rounds=(\d+)\$"): MOST_ROUNDS,
    re.compile(r"\$argon2[id]+\$v=\d+\$m=(\d+),t=(\d+),"): 8 << 20,  # KiB, passes
}

_STORED = re.compile(r"\{([^}.]*)(?:\.([^}]*))?\}(.*)", re.DOTALL)

Check = Callable[[bytes], bool]
Reader = Callable[[str, str], Check]  # (text, encoding) to its check; ValueError if the text is malformed


def hash_password(password: str) -> str:
    """`{ARGON2ID}$argon2id$...`; ValueError if `password` cannot be one."""
    octets = _forms(password)[0] if password else b""
    if not octets or len(octets) > MAX_OCTETS or b"\0" in octets:
        raise ValueError(f"a password has 1 to {MAX_OCTETS} octets, none of them NUL")
    return "{ARGON2ID}" + str(_crypt.hash(octets))


def verify(stored: str, password: str) -> bool:
    """Is `password` what `stored` was made from? False also for what is no hash at all."""
    if not password:
        return False
    try:
        check = _read(stored)
    except ValueError:
        return False
    return any(_holds(check, form) for form in _forms(password))


def dummy_verify(password: str) -> None:
    """Takes as long as `verify` does, for a user who does not exist."""
    verify(_dummy(), password)


def needs_upgrade(stored: str) -> bool:
    """Is `stored` a hash, good for passwords only, that is weaker than those made here?

    Plaintext and SCRAM secrets serve mechanisms that a hash cannot, so they stay.
    """
    scheme, _, text = _split(stored)
    if scheme not in _READERS or scheme in _PLAINTEXT or scheme in _SCRAM:
        return False
    cost = re.match(r"\$argon2id?\$v=19\$m=(\d+),t=(\d+),", text)
    return cost is None or int(cost[1]) * int(cost[2]) < MEMORY_KIB * PASSES


def secret(stored: str) -> str | None:
    """The plaintext secret, if that is what is stored."""
    scheme, encoding, text = _split(stored)
    try:
        return _text(text, encoding) if scheme in _PLAINTEXT else None
    except ValueError:
        return None


def problem(stored: str) -> str | None:
    """Why no password will ever match, in words; None if one may."""
    try:
        _read(stored)
    except ValueError as error:
        return str(error)
    return None


@functools.cache
def _dummy() -> str:
    return hash_password(secrets.token_hex(16))


def _forms(password: str) -> list[bytes]:
    """What may have been hashed: the prepared password, and the octets as the client sent them.

    Other servers hash what they are sent. What SASLprep does not allow at all is taken as it is.
    """
    raw = password.encode("utf-8", "surrogateescape")
    try:
        prepared = saslprep(password).encode()
    except ValueError:
        return [raw]
    return [prepared] if prepared == raw else [prepared, raw]


def _holds(check: Check, password: bytes) -> bool:
    try:
        return check(password)
    except ValueError:
        # bcrypt takes at most 72 octets, crypt no NUL, libraries differ in what else: none of it is a match.
        return False


def _split(stored: str) -> tuple[str, str, str]:
    """(scheme, encoding, text), the first two in capitals."""
    match = _STORED.fullmatch(stored)
    if match is None:
        return "CRYPT", "", stored
    return match[1].upper(), (match[2] or "").upper(), match[3]


def _read(stored: str) -> Check:
    scheme, encoding, text = _split(stored)
    if scheme not in _READERS:
        raise ValueError(f"the scheme {{{scheme}}} is not supported")
    if encoding not in {"", "HEX", "B64", "BASE64"}:
        raise ValueError(f"the encoding .{encoding} is not known")
    return _READERS[scheme](text, encoding)


def _octets(text: str, encoding: str, size: int) -> bytes:
    """The octets of a digest; without a stated encoding, hexadecimal if `size` octets would be that long."""
    try:
        if encoding == "HEX" or (not encoding and len(text) == 2 * size):
            return binascii.unhexlify(text)
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise ValueError("the digest is neither hexadecimal nor base64") from error


def _text(text: str, encoding: str) -> str:
    """Text that is as it stands unless it says otherwise."""
    return _octets(text, encoding, 0).decode("utf-8", "surrogateescape") if encoding else text


def _plaintext(text: str, encoding: str) -> Check:
    expected = _text(text, encoding).encode("utf-8", "surrogateescape")
    if not expected:
        raise ValueError("the password is empty")
    prepared = _forms(expected.decode("utf-8", "surrogateescape"))[0]
    return lambda password: any(hmac.compare_digest(password, form) for form in (expected, prepared))


def _crypt_hash(text: str, encoding: str) -> Check:
    text = _text(text, encoding)
    if libcrypt.knows(text):
        return lambda password: libcrypt.matches(password, text)
    if text.startswith(libcrypt.PREFIXES):
        raise ValueError("this is no hash that this machine's libcrypt knows")
    if _crypt.identify(text) is None:
        raise ValueError("this is no hash that is known; a plaintext password is written {PLAIN}password")
    for pattern, most in _COSTS.items():
        if match := pattern.match(text):
            cost = math.prod(int(number[:10]) for number in match.groups())
            _affordable(1 << min(cost, 99) if text.startswith("$2") else cost, most)
    return lambda password: bool(_crypt.verify(password, text))


def _affordable(cost: int, most: int = MOST_ROUNDS) -> None:
    """ValueError for a hash whose check would keep one of the few threads for that, and so all who log in, waiting."""
    if cost > most:
        raise ValueError("checking this hash would take too long")


def _digest(algorithm: str) -> Reader:
    """The digest of the password."""

    def read(text: str, encoding: str) -> Check:
        size = hashlib.new(algorithm, usedforsecurity=False).digest_size
        expected = _octets(text, encoding, size)
        if len(expected) != size:
            raise ValueError(f"the digest does not have {size} octets")
        return lambda password: hmac.compare_digest(
            hashlib.new(algorithm, password, usedforsecurity=False).digest(), expected
        )

    return read


def _salted_digest(algorithm: str) -> Reader:
    """The digest of password and salt, then the salt."""

    def read(text: str, encoding: str) -> Check:
        size = hashlib.new(algorithm, usedforsecurity=False).digest_size
        octets = _octets(text, encoding or "B64", 0)
        expected, salt = octets[:size], octets[size:]
        if len(expected) != size:
            raise ValueError(f"the digest does not have {size} octets")
        return lambda password: hmac.compare_digest(
            hashlib.new(algorithm, password + salt, usedforsecurity=False).digest(), expected
        )

    return read


def _md5(text: str, encoding: str) -> Check:
    """`{MD5}` is the crypt(3) hash, or, where it is none, the plain digest."""
    try:
        plain = _text(text, encoding)
    except ValueError:
        plain = ""
    return _crypt_hash(plain, "") if plain.startswith("$1$") else _digest("md5")(text, encoding)


def _cram_md5(text: str, encoding: str) -> Check:
    """What CRAM-MD5 needs of a password in place of it. Good here for mechanisms that send the password."""
    expected = _octets(text, encoding, 32)
    if len(expected) != 32:
        raise ValueError("the state does not have 32 octets")
    return lambda password: hmac.compare_digest(md5.hmac_state(password), expected)


def _pbkdf2(text: str, encoding: str) -> Check:
    """`$1$salt$rounds$digest`, with HMAC-SHA-1."""
    match = re.fullmatch(r"\$1\$([^$]*)\$([1-9]\d*)\$([0-9a-fA-F]{40})", _text(text, encoding))
    if match is None:
        raise ValueError("PBKDF2 is written $1$salt$rounds$digest")
    salt, rounds, expected = match[1].encode(), int(match[2][:10]), bytes.fromhex(match[3])
    _affordable(rounds)
    return lambda password: hmac.compare_digest(hashlib.pbkdf2_hmac("sha1", password, salt, rounds), expected)


def _scram(algorithm: str) -> Reader:
    """`iterations,salt,StoredKey,ServerKey` (RFC 5802 section 3)."""

    def read(text: str, encoding: str) -> Check:
        parts = _text(text, encoding).split(",")
        if len(parts) != 4 or not re.fullmatch(r"[1-9]\d*", parts[0]):
            raise ValueError("SCRAM is written iterations,salt,StoredKey,ServerKey")
        rounds, (salt, stored_key, server_key) = int(parts[0][:10]), (_octets(part, "B64", 0) for part in parts[1:])
        _affordable(rounds)
        if not len(stored_key) == len(server_key) == hashlib.new(algorithm).digest_size:
            raise ValueError("the keys are not as long as the algorithm makes them")

        def check(password: bytes) -> bool:
            salted = hashlib.pbkdf2_hmac(algorithm, password, salt, rounds)
            client_key = hmac.digest(salted, b"Client Key", algorithm)
            return hmac.compare_digest(hashlib.new(algorithm, client_key).digest(), stored_key)

        return check

    return read


_PLAINTEXT = frozenset({"PLAIN", "CLEAR", "CLEARTEXT"})
_SCRAM = frozenset({"SCRAM-SHA-1", "SCRAM-SHA-256"})
_CRYPT = ("CRYPT", "DES-CRYPT", "MD5-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT", "BLF-CRYPT", "ARGON2I", "ARGON2ID")
_READERS: dict[str, Reader] = {
    **dict.fromkeys(_PLAINTEXT, _plaintext),
    **dict.fromkeys(_CRYPT, _crypt_hash),
    "MD5": _md5,
    "CRAM-MD5": _cram_md5,
    "HMAC-MD5": _cram_md5,
    "PLAIN-MD5": _digest("md5"),
    "LDAP-MD5": _digest("md5"),
    "SMD5": _salted_digest("md5"),
    "SHA": _digest("sha1"),
    "SHA1": _digest("sha1"),
    "SHA256": _digest("sha256"),
    "SHA512": _digest("sha512"),
    "SSHA": _salted_digest("sha1"),
    "SSHA256": _salted_digest("sha256"),
    "SSHA512": _salted_digest("sha512"),
    "PBKDF2": _pbkdf2,
    "SCRAM-SHA-1": _scram("sha1"),
    "SCRAM-SHA-256": _scram("sha256"),
}
