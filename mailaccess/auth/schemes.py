"""Password hashes: making them, and checking every `{SCHEME}` that an old password file may hold."""


def hash_password(password: str) -> str:
    """`{ARGON2ID}$argon2id$...`"""
    raise NotImplementedError


def verify(stored: str, password: str) -> bool:
    """Is `password` what `stored` was made from? False also for what is no hash at all."""
    raise NotImplementedError


def needs_upgrade(stored: str) -> bool:
    """Is `stored` a one-way hash weaker than those made here?"""
    raise NotImplementedError


def dummy_verify(password: str) -> None:
    """Takes as long as `verify` does, for a user who does not exist."""
    raise NotImplementedError
