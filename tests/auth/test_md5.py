"""The state of HMAC-MD5."""

from mailaccess.auth.md5 import hmac_state


def test_state_is_what_dovecot_stores() -> None:
    """`doveadm pw -s CRAM-MD5 -p secret`."""
    assert hmac_state(b"secret").hex() == "cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56"


def test_long_password_is_digested_first() -> None:
    """RFC 2104 section 2. `doveadm pw -s CRAM-MD5` with a password of 70 octets."""
    assert hmac_state(b"x" * 70).hex() == "8103bb3a2a4b96a9ca9cce4efecc8d22ebe7163dff7401afb5aa16d4edcf9f1f"
    assert hmac_state(b"x" * 64).hex() == "6d9ede435cc910ab8581e77854dad1a8f97d9a2a1e88e80ba098060a8e7af714"
