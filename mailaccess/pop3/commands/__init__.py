"""One module per state, and one for `both`; importing the package fills the table."""

from mailaccess.pop3.commands import authorization, both, transaction

__all__ = ["authorization", "both", "transaction"]
