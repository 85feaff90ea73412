"""Every scheme against hashes that Dovecot's `doveadm pw` made."""

import hashlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailaccess.auth import libcrypt, schemes

PASSWORD = "tânstaaf 1"

DOVECOT = [
    "{PLAIN}tânstaaf 1",
    "{CLEAR}tânstaaf 1",
    "{CLEARTEXT}tânstaaf 1",
    "{PLAIN.B64}dMOibnN0YWFmIDE=",
    "{PLAIN.HEX}74c3a26e73746161662031",
    "{SHA}RS5XxmJ3lKjvKQCb5hSuIoZTBpU=",
    "{SHA.B64}RS5XxmJ3lKjvKQCb5hSuIoZTBpU=",
    "{SHA1}RS5XxmJ3lKjvKQCb5hSuIoZTBpU=",
    "{SHA256}omeiTLpKprZBfmwFmec5m+6bvJB4ImspMrvkdM043EM=",
    "{SHA256.HEX}a267a24cba4aa6b6417e6c0599e7399bee9bbc9078226b2932bbe474cd38dc43",
    "{SHA256}a267a24cba4aa6b6417e6c0599e7399bee9bbc9078226b2932bbe474cd38dc43",
    "{SHA512}rf325LEjL4AcnieFOc0wG9353vuAAlyax1NhLZIM5ekR2WYVI8ybAAbGz3n5K6y5n1JYstOE4pntteuZe7kECg==",
    "{SSHA}Pcz5bre0f4V6SJepn2km1I4HJoD2sbjI",
    "{SSHA.HEX}364a2f06694deb4583a44bd23ecde18a62c69384cf19e125",
    "{ssha.hex}364a2f06694deb4583a44bd23ecde18a62c69384cf19e125",
    "{SSHA256}qd14mr7W9BAiKfOUR/Hpk20Fwy38bEk8hLLeVtzREZPshHsx",
    "{SSHA512}71LaZHv32/URB2QEgPA72GpeJOtQYKmNf5CuDkQLG1t+PqpJTLcJNcF5Et7LGyhGaMYhoH+NGbY5ey93FZ1HDl6xHTo=",
    "{SMD5}nuQ7n50hDkeZKh0FbSb1fzz5a+Q=",
    "{SMD5.HEX}7192d57e6590e24549724f55897e1a0a1942d6d2",
    "{PLAIN-MD5}3989af42b75d82b61f9454efabf10313",
    "{PLAIN-MD5.B64}OYmvQrddgrYflFTvq/EDEw==",
    "{LDAP-MD5}OYmvQrddgrYflFTvq/EDEw==",
    "{LDAP-MD5.HEX}3989af42b75d82b61f9454efabf10313",
    "{MD5}$1$8bcBhOgY$S4//NKIKJPHgibgs9Fn4Y0",
    "{MD5}3989af42b75d82b61f9454efabf10313",
    "{MD5.B64}JDEkaG1SeUV2NUEkdGdPYkNhZWNUVC9KYy9PRUNZYmRDMQ==",
    "{CRAM-MD5}c4d77ea7de69646ccc6d099f47f5719a175c0848c83890405c1983ec18d13550",
    "{CRAM-MD5.B64}xNd+p95pZGzMbQmfR/VxmhdcCEjIOJBAXBmD7BjRNVA=",
    "{HMAC-MD5}c4d77ea7de69646ccc6d099f47f5719a175c0848c83890405c1983ec18d13550",
    "{MD5-CRYPT}$1$p5lyfLxK$DL94VxXr6mgyp1qXEM.7S/",
    "{DES-CRYPT}7ib.IeguVvFus",
    "7ib.IeguVvFus",
    "{SHA256-CRYPT}$5$uU/jDvecwSyLImdv$TPyODC6BrSvUc.a9rjXQw.VgJYjbCKU2tori6NWr2CA",
    "{SHA512-CRYPT}$6$I922mkbGPIfwq9QL$Ev/aWZx3cjqt.6LRGWfFC3uBSxhmdiANjY.30kJXkukZXdgwhlIlSdMDkgvfZq6.yi31t5AwYXcElDkXi.pOa.",
    "{BLF-CRYPT}$2y$05$W/0.X7dRiUHqwu6vcaoRCOFbdciVV4P3HfjEci/xiAiRPLOJizTGi",
    "{CRYPT}$2y$05$Oce9/RA..8D3z6cUZ/qx4OXKyWYg1T.XoM2L3Y1sQwrxOsPj/tytq",
    "$2y$05$Oce9/RA..8D3z6cUZ/qx4OXKyWYg1T.XoM2L3Y1sQwrxOsPj/tytq",
    "{PBKDF2}$1$wgQSqyPWXZIUToVc$5000$4cff17cf8a0c3995c8bd4c02d50c74e4392d41dd",
    "{SCRAM-SHA-1}4096,xDSgNVZhBnsGoj/SfycnEw==,OwkbzWLaPnzge91g1y5IEbrCzrA=,9UF1ys2Epv/zMJ0CTTuhveaCLlE=",
    (
        "{SCRAM-SHA-256}4096,Nm1B1mcBr5p7tEVzUwB+IQ==,oDL8ELa3T9FdwqguXEcC3qsROqswIsz/ZyEMhjXLTDs=,"
        "PE1I3Aj7QEZr8j/c86Ge9FDxuGh0Cmwy8L0LU2DJeEg="
    ),
    "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$bz3TPpQ5V10F6WnecvZZZQ$URXibOAW63W+2yg41S3MnNdcuNmwD9TB/DTOi7HKbog",
    "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$9uGu6kxDad/se1Fwm0nYpg$+3xF2cKwgKn/CjCgOTyX89tViaQ5/qBHlDDdBDuQ/bc",
    (
        "{ARGON2ID.B64}JGFyZ29uMmlkJHY9MTkkbT02NTUzNix0PTMscD0xJEJQUEVSSm93azRxTGIwM3pteEEvTXckdWRPeXN0UWdXUW5QVGF1ZUov"
        "VnRpeTdxQi90Ync1R0J4Wk5XelkyWVJmOA=="
    ),
]

KEPT = [s for s in DOVECOT if s.startswith(("{PLAIN}", "{PLAIN.", "{CLEAR", "{SCRAM", "{ARGON2I}", "{ARGON2ID}"))]

YESCRYPT = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$sYxAZph30f8pxp0BnAwGRu7S8595ypi6gH72XmHzO03"
BCRYPT = "{BLF-CRYPT}$2y$05$W/0.X7dRiUHqwu6vcaoRCOFbdciVV4P3HfjEci/xiAiRPLOJizTGi"

MALFORMED = [
    "",
    "x",
    "secret",
    "{PLAIN}",
    "{PLAIN.HEX}zz",
    "{PLAIN.ROT13}frperg",
    "{NO-SUCH}abc",
    "{CRAM-MD5}c4d77ea7de69646ccc6d099f47f5719a175c0848c83890405c1983ec18d135",
    "{CRAM-MD5}c4d7",
    "{CRYPT}$y$",
    "{CRYPT}$y$not one",
    "{SHA}====",
    "{SHA}AAAA",
    "{SSHA256}AAAA",
    "{SHA256.HEX}a267",
    "{PBKDF2}$1$salt$0$4cff17cf8a0c3995c8bd4c02d50c74e4392d41dd",
    "{PBKDF2}$1$salt$5000$4cff",
    "{SCRAM-SHA-256}4096,AAAA",
    "{SCRAM-SHA-256}many,AAAA,AAAA,AAAA",
    "{ARGON2ID",
    "{ARGON2ID}",
]
ENDLESS = [
    "{BLF-CRYPT}$2y$31$abcdefghijklmnopqrstuuWXWRfyYc2nn3GNsZu.RHPZ3gRrYVKya",
    "{SHA512-CRYPT}$6$rounds=999999999$salt$" + "x" * 86,
    "{SHA256-CRYPT}$5$rounds=5000001$salt$" + "x" * 43,
    "{ARGON2ID}$argon2id$v=19$m=9999999,t=9999,p=1$c29tZXNhbHQ$" + "A" * 43,
    "{PBKDF2}$1$salt$" + "9" * 5000 + "$" + "0" * 40,
    "{SCRAM-SHA-256}99999999999,c2FsdA==,AAAA,AAAA",
]


@pytest.mark.parametrize("stored", DOVECOT)
def test_dovecots_hashes_match_their_password(stored: str) -> None:
    """Taking over a password file keeps every login."""
    assert schemes.verify(stored, PASSWORD)
    assert schemes.problem(stored) is None


@pytest.mark.parametrize("stored", DOVECOT)
@pytest.mark.parametrize("password", ["tanstaaf 1", "xtânstaaf 1", ""])
def test_other_passwords_do_not_match(stored: str, password: str) -> None:
    """Nearly right is wrong; nothing is no password."""
    assert not schemes.verify(stored, password)


@pytest.mark.parametrize("stored", ENDLESS)
def test_a_hash_that_takes_for_ever_is_not_checked(stored: str) -> None:
    """All who log in would wait for it."""
    assert not schemes.verify(stored, PASSWORD)
    assert schemes.problem(stored) == "checking this hash would take too long"


@pytest.mark.parametrize("stored", MALFORMED)
def test_what_is_no_hash_matches_nothing_and_says_why(stored: str) -> None:
    """A scheme we lack, or a hash that was cut off, is a no, never an exception."""
    assert not schemes.verify(stored, PASSWORD)
    assert schemes.problem(stored)


@given(
    scheme=st.sampled_from(
        ["", "{CRYPT}", "{SSHA}", "{SSHA.HEX}", "{SHA256}", "{PBKDF2}", "{SCRAM-SHA-1}", "{MD5}", "{"]
    ),
    text=st.one_of(st.text(max_size=30), st.sampled_from(DOVECOT).map(lambda stored: stored.rpartition("}")[2][:-4])),
)
@example(
    scheme="{SCRAM-SHA-1}", text="4096,xDSgNVZhBnsGoj/SfycnEw==,OwkbzWLaPnzge91g1y5IEbrCzrA=,9UF1ys2Epv/zMJ0CTTuhveaC"
)
@settings(max_examples=80)
def test_any_text_is_a_no(scheme: str, text: str) -> None:
    """Hashes that were cut off or mixed up, and what never was one."""
    assert not schemes.verify(scheme + text, PASSWORD)
    schemes.problem(scheme + text)
    schemes.secret(scheme + text)
    schemes.needs_upgrade(scheme + text)


def test_the_stored_text_is_no_password() -> None:
    """Who stole a hash cannot log in with it."""
    assert not any(schemes.verify(stored, stored) for stored in DOVECOT)


def test_crypt_hash_that_is_cut_off_matches_nothing() -> None:
    """passlib raises on it only when it checks."""
    assert not schemes.verify(BCRYPT[:-5], PASSWORD)


def test_bcrypt_over_72_octets_is_a_no() -> None:
    """The library raises ValueError there."""
    assert not schemes.verify(BCRYPT, "x" * 73)


@pytest.mark.parametrize("stored", [DOVECOT[0], BCRYPT, "{MD5-CRYPT}$1$p5lyfLxK$DL94VxXr6mgyp1qXEM.7S/"])
@pytest.mark.parametrize("password", ["a\0b", "x" * 5000, "\udcff"])
def test_strange_passwords_are_a_no(stored: str, password: str) -> None:
    """NUL, more than passlib takes, and octets that are no UTF-8 raise in one library or another, not here."""
    assert not schemes.verify(stored, password)


def test_new_hashes_are_argon2id_at_the_chosen_cost() -> None:
    """The form Dovecot reads too."""
    stored = schemes.hash_password("correct horse")

    assert stored.startswith("{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$")
    assert ":" not in stored
    assert schemes.verify(stored, "correct horse")
    assert not schemes.verify(stored, "correct  horse")


@pytest.mark.parametrize("password", ["", "a\0b", "x" * 4097, "\u00ad"])
def test_what_cannot_be_a_password_is_refused(password: str) -> None:
    """Also one that is empty when prepared."""
    with pytest.raises(ValueError):
        schemes.hash_password(password)


def test_equivalent_spellings_match_a_new_hash() -> None:
    """RFC 4616 section 2: what is hashed was prepared, so another keyboard's spelling of it matches."""
    stored = schemes.hash_password("cafe\u0301 \u2168")

    assert schemes.verify(stored, "caf\u00e9 IX")


def test_old_hash_of_an_unprepared_password_matches() -> None:
    """Other servers hash the octets as they come, here a decomposed accent and a no-break space."""
    raw = "cafe\u0301\u00a0x"

    assert schemes.verify("{SHA256.HEX}" + hashlib.sha256(raw.encode()).hexdigest(), raw)


def test_passwords_that_are_no_utf8_match_their_octets() -> None:
    """An old client that sends Latin-1 logs in with the hash of what it always sent."""
    stored = "{SHA256.HEX}" + hashlib.sha256(b"p\xe4ss").hexdigest()

    assert schemes.verify(stored, b"p\xe4ss".decode("utf-8", "surrogateescape"))


def test_password_that_saslprep_forbids_is_taken_as_it_is() -> None:
    """A tab or mixed directions do not shut out who has such a password."""
    stored = schemes.hash_password("a\tb \u0627")

    assert schemes.verify(stored, "a\tb \u0627")


@pytest.mark.parametrize(
    "stored",
    [*(stored for stored in DOVECOT if stored not in KEPT), "{ARGON2ID}$argon2id$v=19$m=4096,t=3,p=1$AAAA$AAAA"],
)
def test_old_hashes_want_an_upgrade(stored: str) -> None:
    """All that is quicker to guess than what is made today."""
    assert schemes.needs_upgrade(stored)


@pytest.mark.parametrize("stored", [*KEPT, "{NO-SUCH}abc", "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA"])
def test_secrets_and_good_hashes_stay(stored: str) -> None:
    """APOP needs the secret; a stronger argon2 of Dovecot's is not replaced by a weaker one."""
    assert not schemes.needs_upgrade(stored)


def test_secret_is_told_of_plaintext_only() -> None:
    """In any of its encodings."""
    assert schemes.secret("{PLAIN}a:b") == "a:b"
    assert schemes.secret("{cleartext.hex}6162") == "ab"
    assert schemes.secret("{PLAIN.B64}!") is None
    assert schemes.secret("{SHA}RS5XxmJ3lKjvKQCb5hSuIoZTBpU=") is None
    assert schemes.secret("7ib.IeguVvFus") is None


def test_dummy_has_the_cost_of_todays_hashes() -> None:
    """So that an unknown user takes as long as a known one."""
    assert schemes._dummy().startswith("{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$")
    schemes.dummy_verify("whatever")


@pytest.mark.skipif(not libcrypt.knows(YESCRYPT), reason="this system has no libxcrypt")
@pytest.mark.parametrize("stored", ["{CRYPT}" + YESCRYPT, YESCRYPT])
def test_yescrypt_is_checked_by_the_systems_library(stored: str) -> None:
    """What `mkpasswd` and Debian's passwd make; passlib does not know it."""
    assert schemes.verify(stored, PASSWORD)
    assert not schemes.verify(stored, PASSWORD + " ")
    assert schemes.needs_upgrade(stored)
    assert schemes.problem(stored) is None
