"""`dovecot-uidvalidity`: an account's highest UIDVALIDITY, so that no mailbox is ever given one again."""

from pathlib import Path


def next_uidvalidity(root: Path, now: int, floor: int = 0) -> int:
    """A UIDVALIDITY above every earlier one of the account and above `floor`; at least `now`. Durable when returned."""
    raise NotImplementedError
